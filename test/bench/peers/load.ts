/**
 * Packages of other stacks, found in this folder's own node_modules and nowhere else.
 */
import { existsSync } from 'node:fs'

export const peersInstalled = existsSync(new URL('node_modules/libp2p/package.json', import.meta.url))

/** What a peer's package exports, as far as the caller says. */
export const load = async <T>(name: string): Promise<T> => (await import(name)) as T
