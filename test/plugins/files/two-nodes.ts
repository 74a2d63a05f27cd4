/**
 * Nodes on loopback that trust each other and hold files.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PeerNetwork, type CreateOptions, type PeerChannel, type Plugin } from '../../../core/index.ts'

export interface TestNode {
  readonly network: PeerNetwork
  readonly dataDir: string
  /** Names of what lies in its folder for files. */
  files(): Promise<string[]>
  /** Parts of files that are under way or were left over. */
  parts(): Promise<string[]>
}

export interface NodeOptions {
  readonly mapped?: object
  readonly transfer?: object
  readonly limits?: object
  readonly plugins?: readonly Plugin[]
  /** Without files-mapped and files-transfer. */
  readonly bare?: true
  /** In the place of files-mapped. */
  readonly files?: Plugin | { readonly use: string; readonly options: object }
  readonly create?: CreateOptions
}

/** What a test has opened, and closes in the end. */
export class Bench {
  readonly #nodes: TestNode[] = []
  readonly #folders: string[] = []

  async folder(): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'p2pnet-transfer-'))
    this.#folders.push(folder)
    return folder
  }

  async node({
    mapped = {},
    transfer = {},
    limits = {},
    plugins = [],
    files = { use: 'files-mapped', options: mapped },
    bare,
    create = {},
  }: NodeOptions = {}): Promise<TestNode> {
    const dataDir = create.dataDir ?? (await this.folder())
    const network = await PeerNetwork.create(
      {
        extends: ['p2pnet:minimal'],
        limits,
        plugins: [
          { use: 'handshake-ping', options: { intervalMs: 50 } },
          { use: 'trust-incoming', options: { trustedLevel: 'pinged' } },
          ...(bare === true ? [] : [files, { use: 'files-transfer', options: transfer }]),
          ...plugins,
        ],
      },
      { ...create, dataDir },
    )
    const folder = path.join(dataDir, 'files')
    const node: TestNode = {
      network,
      dataDir,
      files: async () => (await readdir(folder)).filter((name) => !name.startsWith('.')),
      parts: () => readdir(path.join(folder, '.parts')),
    }
    this.#nodes.push(node)
    await network.start()
    return node
  }

  async close(): Promise<void> {
    for (const { network } of this.#nodes.splice(0)) await network.stop()
    for (const folder of this.#folders.splice(0)) await rm(folder, { recursive: true, force: true })
  }
}

/** A trusted channel from one node to another. */
export async function join(from: TestNode, to: TestNode): Promise<PeerChannel> {
  const [at] = to.network.listening
  if (at === undefined) throw new Error('it does not listen')
  const channel = await from.network.connect(at)
  await channel.whenTrusted()
  // The other side is satisfied a little later.
  const [back] = [...to.network.channels].slice(-1)
  await back?.whenTrusted()
  return channel
}
