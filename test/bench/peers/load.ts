/**
 * Packages of other stacks, found in test/bench/peers/node_modules and nowhere else.
 */
import { existsSync } from 'node:fs'
import { inRepository } from '../harness/places.ts'

const folder = inRepository('test/bench/peers/')

export const peersInstalled = existsSync(new URL('node_modules/libp2p/package.json', folder))

/** What a peer's package exports, as far as the caller says. */
export async function load<T>(name: string): Promise<T> {
  const { importHere } = (await import(new URL('import.js', folder).href)) as {
    importHere(name: string): Promise<T>
  }
  return importHere(name)
}
