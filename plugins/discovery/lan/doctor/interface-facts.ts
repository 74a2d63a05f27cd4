/** What the machine's interfaces are to discovery, those among them that cannot be used. */
import { readdir, readFile } from 'node:fs/promises'
import type { NetworkInterface } from '../../../../core/index.ts'
import { chooseLinks, type Link, type Wanted } from '../../shared/links.ts'
import type { InterfaceFacts, PathFacts } from './facts.ts'

export async function interfaceFacts(
  interfaces: readonly NetworkInterface[],
  wanted: Wanted,
  paths: ReadonlyMap<Link, readonly PathFacts[]>,
): Promise<InterfaceFacts[]> {
  const used = new Set([...paths.keys()].map(({ name }) => name))
  const suited = new Set(chooseLinks(interfaces, 'all').map(({ name }) => name))
  const present = interfaces.map(({ name, addresses }): InterfaceFacts => {
    const all = addresses.map(({ address, internal }) => ({ address, internal }))
    return {
      name,
      state: used.has(name) ? 'used' : suited.has(name) ? 'unused' : 'unsuited',
      addresses: all.map(({ address }) => address),
      loopback: all.every(({ internal }) => internal),
      paths: [...paths].flatMap(([link, own]) => (link.name === name ? own : [])),
    }
  })
  const names = new Set(present.map(({ name }) => name))
  const absent = [...(await downInterfaces()), ...(Array.isArray(wanted) ? (wanted as readonly string[]) : [])]
  const down = [...new Set(absent)].filter((name) => !names.has(name))
  return [
    ...present,
    ...down.map((name) => ({ name, state: 'down', addresses: [], loopback: name === 'lo', paths: [] }) as const),
  ]
}

/** Node lists those that are up, and no other API of it lists the rest: Linux tells them in files. */
async function downInterfaces(): Promise<string[]> {
  const directory = '/sys/class/net'
  const names = await readdir(directory).catch((): string[] => [])
  const states = await Promise.all(
    names.map((name) => readFile(`${directory}/${name}/operstate`, 'utf8').catch(() => 'unknown')),
  )
  return names.filter((_, i) => states[i]?.trim() === 'down')
}
