/** Transports without a node: time stands still, sockets are real, and what they refuse is written down. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Admit, Connection, HostNetwork, Limits, Refusal, Transport, TransportListener } from 'p2pnet'
import tcp from '../../../plugins/transport/tcp/index.ts'
import tls from '../../../plugins/transport/tls/index.ts'
import { fakeContext, resolveOptions, type FakeContext } from '../../support/fake-context.ts'
import { testKeys, type TestKeys } from '../../support/keys.ts'

export const never = new AbortController().signal

export interface OpenTransport {
  readonly transport: Transport
  readonly fake: FakeContext
  readonly keys: TestKeys
  /** `CODE reason | address | hook` */
  readonly refused: string[]
  /** Accepted by its listeners, whatever became of them. */
  readonly accepted: Socket[]
}

export interface OpenOptions {
  readonly options?: Record<string, unknown>
  readonly limits?: Partial<Limits>
  readonly keys?: TestKeys
}

export function openTransport(scheme: 'tcp' | 'tls', setup: OpenOptions = {}): OpenTransport {
  const { keys = testKeys(), limits, options = {} } = setup
  const refused: string[] = []
  const accepted: Socket[] = []
  const network: Pick<HostNetwork, 'refuse'> = {
    refuse: ({ code, reason }: Refusal, peer, hook) => void refused.push(`${code} ${reason} | ${peer} | ${hook}`),
  }
  const fake = fakeContext({ capabilities: { keys }, network })
  Object.assign(fake.ctx.settings, { limits: { ...fake.ctx.settings.limits, ...limits } })
  const { createServer } = fake.ctx.net
  fake.ctx.net.createServer = (options, onConnection) =>
    createServer(options, (socket) => {
      accepted.push(socket)
      onConnection(socket)
    })
  if (scheme === 'tcp') tcp.setup(fake.ctx, resolveOptions(tcp, options))
  else tls.setup(fake.ctx, resolveOptions(tls, options))
  return { transport: fake.transports.get(scheme)!, fake, keys, refused, accepted }
}

export interface Hall {
  readonly port: number
  readonly listener: TransportListener
  /** What was handed to the kernel. */
  readonly connections: Connection[]
  /** Given to those who asked before a handshake, and not given back. */
  readonly places: number
  /** Takes back the place that was given last. */
  takeBack(): void
  close(): Promise<void>
}

/** Listens, and keeps what comes in. */
export async function listen({ transport, accepted }: OpenTransport): Promise<Hall> {
  const connections: Connection[] = []
  let places = 0
  let takeBack: (() => void) | undefined
  const admit: Admit = (_address, _port, giveUp) => {
    places++
    takeBack = giveUp
    return () => void places--
  }
  const listener = await transport.listen(
    { host: '127.0.0.1', port: 0 },
    (connection) => {
      connection.on('error', () => undefined)
      connections.push(connection)
    },
    admit,
  )
  const close = async () => {
    await listener.close()
    for (const socket of accepted) socket.destroy()
  }
  return {
    port: listener.port,
    listener,
    connections,
    get places() {
      return places
    },
    takeBack: () => takeBack?.(),
    close,
  }
}

export const failure = (work: Promise<unknown>): Promise<Error & { code: string }> =>
  work.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: unknown) => error as Error & { code: string },
  )

/** Whatever error comes before. */
export function closed(stream: Duplex): Promise<void> {
  stream.on('error', () => undefined)
  return new Promise((resolve) => stream.once('close', resolve))
}
