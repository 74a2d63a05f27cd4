/** Whole nodes in memory, on a clock of the test's. */
import { PeerNetwork, type Config } from 'p2pnet'
import { identity, trustAtOnce } from '../../support/nodes.ts'
import { MemoryNetwork } from '../../support/memory-transport.ts'
import { Scratch } from '../../support/scratch.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

type Entries = NonNullable<Config['plugins']>

export class Company {
  readonly clock = new VirtualClock()
  readonly random = seededRandom(3)
  readonly network = new MemoryNetwork({ clock: this.clock, random: this.random })
  readonly nodes: PeerNetwork[] = []
  readonly #scratch: Scratch

  private constructor(scratch: Scratch) {
    this.#scratch = scratch
  }

  static async gather(): Promise<Company> {
    return new Company(await Scratch.make())
  }

  /** A started node of this name at this address, whose connections prove the name if they are to. */
  async join(name: string, address: string, plugins: Entries = ['dialer'], proves = true): Promise<PeerNetwork> {
    const node = await PeerNetwork.create(
      {
        extends: ['p2pnet:minimal'],
        plugins: [
          { use: 'transport-tcp', enabled: false },
          { use: 'identity-default', enabled: false },
          this.network.transport(address, proves ? { peerKey: name } : {}),
          identity(name),
          trustAtOnce(),
          ...plugins,
        ],
      },
      { clock: this.clock, random: this.random, dataDir: this.#scratch.at(name) },
    )
    this.nodes.push(node)
    await node.start()
    return node
  }

  /** They have a channel, trusted on both sides, and each knows where the other listens. */
  async introduce(one: PeerNetwork, other: PeerNetwork): Promise<void> {
    const dialled = one.connect(addressOf(other))
    await this.clock.advance(200)
    const channel = await dialled
    channel.post({ type: 'Identifier', data: addressOf(one).port } as never)
    await this.clock.advance(200)
  }

  file(name: string, file: string): string {
    return this.#scratch.at(name, file)
  }

  async stop(node: PeerNetwork): Promise<void> {
    const stopped = node.stop()
    await this.clock.advance(5000)
    await stopped
  }

  async leave(): Promise<void> {
    await Promise.all(this.nodes.map((node) => this.stop(node)))
    await this.#scratch.remove()
  }
}

export function addressOf(node: PeerNetwork): { host: string; port: number; scheme: string } {
  const [listening] = node.listening
  if (listening === undefined) throw new Error('the node does not listen')
  return listening
}
