/** Whole nodes on loopback, composed from a config, that find each other on designated ports of their own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PeerNetwork } from '../../../core/index.ts'

export interface Nodes {
  /** Starts one node more. */
  start(options: {
    readonly ports: readonly number[]
    readonly name?: string
    readonly host?: string
  }): Promise<PeerNetwork>
  /** Stops them all and removes what they have kept. */
  stop(): Promise<void>
}

export function realNodes(): Nodes {
  const all: PeerNetwork[] = []
  const directories: string[] = []
  return {
    async start({ ports, name = 'test', host = '127.0.0.1' }) {
      const dataDir = await mkdtemp(path.join(tmpdir(), 'p2pnet-discovery-'))
      directories.push(dataDir)
      const node = await PeerNetwork.create({
        extends: ['p2pnet:minimal'],
        network: { name, host, designatedPorts: [...ports], dataDir },
        plugins: [
          'handshake-ping',
          { use: 'trust-incoming', options: { trustedLevel: 'pinged' } },
          'discovery-lan',
          'dialer',
          'routines-default',
        ],
      })
      all.push(node)
      await node.start()
      return node
    },
    async stop() {
      await Promise.all(all.splice(0).map((node) => node.stop()))
      await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true })))
    },
  }
}

/** Identifiers of the nodes that this one knows and has a channel with, sorted. */
export function connected(node: PeerNetwork): string[] {
  return [...node.channels].map(({ peer }) => peer.identifier ?? `somebody at ${peer.address}:${peer.port}`).sort()
}
