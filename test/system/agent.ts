/**
 * A process on a host of the lab that starts nodes when it is told to, one after another, and tells what becomes of them
 * with the machine's time: the program is up and warm, so that what is measured is the network and not the start of Node.
 * The parent speaks to it over the IPC channel of `node:child_process`.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { PeerNetwork, type Config } from '../../core/index.ts'

export type Order =
  /** `counting`: who becomes known is counted and not told, so that telling costs nothing. */
  | { readonly do: 'start'; readonly config: Config; readonly counting?: boolean }
  /** No node: nothing but sockets that hear what is sent to these ports, and drop it. */
  | { readonly do: 'listen'; readonly ports: readonly number[] }
  | { readonly do: 'stop' }
  | { readonly do: 'say'; readonly text: string; readonly to: string }
  /** Answered with `channels`: the identifiers at the other ends of the trusted ones. */
  | { readonly do: 'list' }
  /** Answered with `measured`: what the process has come to since it was asked last. */
  | { readonly do: 'measure' }

/** Times are ms since 1970, of the one clock that all hosts of the lab share. */
export type Told = { readonly at: number } & (
  | { readonly event: 'ready' }
  | { readonly event: 'starting' }
  | { readonly event: 'stopped' }
  | { readonly event: 'listening'; readonly identifier: string; readonly port: number }
  | { readonly event: 'known'; readonly identifier: string; readonly address: string; readonly port: number }
  | { readonly event: 'trusted'; readonly identifier: string; readonly address: string }
  | { readonly event: 'reconnected'; readonly identifier: string; readonly address: string }
  | { readonly event: 'removed'; readonly identifier: string; readonly address: string; readonly code: string }
  | { readonly event: 'message'; readonly text: string; readonly identifier: string }
  | { readonly event: 'channels'; readonly open: readonly string[] }
  | {
      readonly event: 'measured'
      readonly rss: number
      /** p99 of the delay of the event loop, in ms. */
      readonly delayP99: number
      /** By address: how many became known there since the start; or what bare sockets heard from there. */
      readonly known: Readonly<Record<string, number>>
    }
  | { readonly event: 'failed'; readonly error: string }
)

type What<T> = T extends unknown ? Omit<T, 'at'> : never

let network: PeerNetwork | undefined
const known = new Map<string, number>()
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()

function tell(what: What<Told>): void {
  process.send?.({ ...what, at: Date.now() })
}

async function start(config: Config, counting: boolean): Promise<void> {
  tell({ event: 'starting' })
  const node = await PeerNetwork.create(config)
  network = node
  const told = new Set<string>()
  known.clear()
  node.on('candidate', ({ identifier, addresses: [first] }) => {
    if (identifier === undefined || first === undefined) return
    const { host: address, port } = first
    known.set(address, (known.get(address) ?? 0) + 1)
    if (counting) return
    const key = `${identifier} ${address} ${String(port)}`
    if (told.has(key)) return
    told.add(key)
    tell({ event: 'known', identifier, address, port })
  })
  node.on('trustChanged', ({ trusted, peer: { identifier, address } }) => {
    if (trusted && identifier !== undefined) tell({ event: 'trusted', identifier, address })
  })
  node.on('peerRemoved', ({ peer: { identifier, address } }, { code }) => {
    if (identifier !== undefined) tell({ event: 'removed', identifier, address, code })
  })
  node.on('reconnected', ({ peer: { identifier = '', address } }) => {
    tell({ event: 'reconnected', identifier, address })
  })
  node.on('message', (text, { peer: { identifier = '' } }) => {
    tell({ event: 'message', text, identifier })
  })
  await node.start()
  const [listening] = node.listening
  tell({ event: 'listening', identifier: node.identifier, port: listening?.port ?? 0 })
}

async function listen(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    socket.on('message', (_, { address }) => {
      known.set(address, (known.get(address) ?? 0) + 1)
    })
    socket.bind(port)
    await once(socket, 'listening')
  }
}

async function stop(): Promise<void> {
  await network?.stop()
  network = undefined
  tell({ event: 'stopped' })
}

function measure(): void {
  const delayP99 = delay.percentile(99) / 1e6
  tell({ event: 'measured', rss: process.memoryUsage.rss(), delayP99, known: Object.fromEntries(known) })
  delay.reset()
}

function say(text: string, to: string): void {
  for (const channel of network?.trustedChannels ?? [])
    if (channel.peer.identifier === to) channel.post({ type: 'PureMessage', message: text })
}

function list(): void {
  const open = [...(network?.trustedChannels ?? [])].map(({ peer: { identifier = '' } }) => identifier)
  tell({ event: 'channels', open: open.sort() })
}

async function obey(order: Order): Promise<void> {
  switch (order.do) {
    case 'start':
      return start(order.config, order.counting === true)
    case 'listen':
      return listen(order.ports)
    case 'stop':
      return stop()
    case 'say':
      say(order.text, order.to)
      return
    case 'list':
      list()
      return
    case 'measure':
      measure()
  }
}

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => {
    tell({ event: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  })
})
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGKILL') // a node that hangs must not outlive its test
})
tell({ event: 'ready' })
