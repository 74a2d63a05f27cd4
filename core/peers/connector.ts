/**
 * Listens and dials through the transports that plugins registered, and makes channels of what comes of it.
 */
import { P2PNetError } from '../errors.ts'
import type { NodeSettings } from '../settings.ts'
import type { Handshakes } from '../trust/handshakes.ts'
import { plainAddress } from './address-group.ts'
import { PeerChannel } from './channel.ts'
import type { ChannelServices } from './channel-services.ts'
import type { Channels } from './channels.ts'
import type { Doorway } from './doorway.ts'
import type { DialTarget } from './peer.ts'
import type { Connection, Listening, Transport, TransportListener } from './transport.ts'

export interface ConnectOptions {
  readonly signal?: AbortSignal
  /** Dial although a channel to this peer is open: that one may be dead. Of the two one stays. */
  readonly anew?: boolean
}

export interface ConnectorServices {
  readonly settings: NodeSettings
  readonly transports: ReadonlyMap<string, Transport>
  readonly channels: Channels
  readonly doorway: Doorway
  readonly handshakes: Handshakes
  readonly channel: () => ChannelServices
}

export class Connector {
  readonly #services: ConnectorServices
  readonly #abort = new AbortController()
  #listeners: { scheme: string; listener: TransportListener }[] = []
  #count = 0

  constructor(services: ConnectorServices) {
    this.#services = services
  }

  get listening(): Listening[] {
    return this.#listeners.map(({ scheme, listener }) => ({ scheme, host: listener.host, port: listener.port }))
  }

  /** Scheme of an address that names none. */
  get defaultScheme(): string {
    const [first = 'tcp'] = this.#services.transports.keys()
    return first
  }

  /** Every transport listens. @throws P2PNetError E_LISTEN; none listens then. */
  async listen(): Promise<void> {
    const { settings, transports } = this.#services
    try {
      for (const [scheme, transport] of transports) {
        const { host, port } = settings
        const listener = await transport.listen(
          { host, port },
          (connection) => {
            this.#knock(connection, scheme)
          },
          (address, from, giveUp) => this.#services.doorway.admit(plainAddress(address), from, giveUp),
        )
        this.#listeners.push({ scheme, listener })
      }
    } catch (error) {
      await this.#closeListeners()
      throw error
    }
  }

  /** Stops listening and gives up dials. Channels stay. */
  async close(): Promise<void> {
    this.#abort.abort(new P2PNetError('E_STOPPING', 'the node is stopping'))
    await this.#closeListeners()
  }

  /** @throws P2PNetError as the transport, and E_ABORTED, E_TRANSPORT_UNKNOWN, E_STOPPING, E_LIMIT, E_BLOCKED */
  async connect(target: DialTarget, { signal, anew }: ConnectOptions = {}): Promise<PeerChannel> {
    const { channels, doorway, transports } = this.#services
    const { host, port, identifier, scheme = this.defaultScheme } = target
    const known = identifier === undefined ? undefined : channels.byIdentifier(identifier)
    if (anew !== true && known !== undefined && !known.closed) return known
    const unwanted = identifier === undefined ? undefined : channels.refuses(identifier)
    if (unwanted !== undefined) throw unwanted
    const transport = transports.get(scheme)
    if (transport === undefined)
      throw new P2PNetError('E_TRANSPORT_UNKNOWN', `no plugin registers the transport ${scheme}`)
    const refusal = doorway.check({ address: host, port, inbound: false })
    if (refusal !== undefined) throw refusal
    const either = signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal])
    if (either.aborted) throw this.#gaveUp(signal)
    const release = doorway.reserve({ address: host, port, inbound: false })
    try {
      const connection = await this.#dial(transport, target, either, signal)
      const address = plainAddress(connection.remoteAddress ?? host)
      return this.#enter(connection, { inbound: false, scheme, peer: { address, port }, expected: identifier })
    } finally {
      release()
    }
  }

  async #dial(
    transport: Transport,
    { host, port }: DialTarget,
    either: AbortSignal,
    signal: AbortSignal | undefined,
  ): Promise<Connection> {
    let connection: Connection
    try {
      connection = await transport.dial({ host, port }, either)
    } catch (error) {
      if (either.aborted) throw this.#gaveUp(signal)
      throw error
    }
    // A name was judged as such; now its address is known.
    const address = plainAddress(connection.remoteAddress ?? host)
    const refusal = address === host ? undefined : this.#services.doorway.judge({ address, port, inbound: false })
    if (refusal === undefined && !either.aborted) return connection
    connection.on('error', () => undefined)
    connection.destroy()
    throw refusal ?? this.#gaveUp(signal)
  }

  #knock(connection: Connection, scheme: string): void {
    const address = plainAddress(connection.remoteAddress ?? 'unknown')
    const port = connection.remotePort ?? 0
    this.#services.doorway.knock(connection, address, port, () => {
      this.#enter(connection, { inbound: true, scheme, peer: { address, port } })
    })
  }

  #enter(
    connection: Connection,
    how: { inbound: boolean; scheme: string; peer: { address: string; port: number }; expected?: string | undefined },
  ): PeerChannel {
    const { channels, doorway, handshakes, channel: services } = this.#services
    const channel = new PeerChannel(String(++this.#count), connection, how, services())
    channel.open()
    channels.add(channel)
    if (channel.closed) return channel
    const shaking = handshakes.run(channel)
    if (how.inbound) void shaking.finally(doorway.shake(channel, connection))
    return channel
  }

  #gaveUp(signal: AbortSignal | undefined): P2PNetError {
    if (this.#abort.signal.aborted) return new P2PNetError('E_STOPPING', 'the node is stopping')
    return new P2PNetError('E_ABORTED', 'the caller gave up', { cause: signal?.reason })
  }

  async #closeListeners(): Promise<void> {
    const listeners = this.#listeners
    this.#listeners = []
    await Promise.all(listeners.map(({ listener }) => listener.close()))
  }
}
