/**
 * The node as one plugin sees it: the node's own surface, with the plugin's name on what it refuses and listens to.
 */
import { hookRules, type HookName, type Hooks } from '../hooks.ts'
import type { EventName, Listener } from '../events.ts'
import type { PeerChannel } from '../peers/channel.ts'
import type { GuardedEmitter } from '../events.ts'
import { isRefusal, type Refusal } from '../trust/refusal.ts'
import { trackListeners } from './context.ts'
import type { Generation } from './generation.ts'
import type { HostNetwork } from './host-network.ts'

/** All of HostNetwork but what carries the plugin's name. */
export type SharedNetwork = Omit<HostNetwork, 'on' | 'off' | 'refuse' | 'ask'>

export interface FacadeServices {
  readonly shared: SharedNetwork
  readonly events: GuardedEmitter
  readonly generation: () => Generation
  readonly answeredBy: WeakMap<object, string>
  refuse(refusal: Refusal, peer: string, hook: string, plugin: string): void
}

export function networkFor(plugin: string, services: FacadeServices): { network: HostNetwork; release(): void } {
  const { shared, events } = services
  const tracked = trackListeners(
    (event, listener) => {
      events.on(event, listener, plugin)
    },
    (event, listener) => {
      events.off(event, listener)
    },
  )
  const own = {
    on: tracked.on.bind(tracked),
    off<E extends EventName>(event: E, listener: Listener<E>) {
      events.off(event, listener)
    },
    refuse(refusal: Refusal, peer: string, hook: string) {
      services.refuse(refusal, peer, hook, plugin)
    },
    ask: (hook: HookName, ...args: unknown[]) => ask(services, hook, args),
  }
  // Getters of the shared surface must stay getters, so it is the prototype and not spread.
  const network = Object.freeze(Object.assign(Object.create(shared) as SharedNetwork, own)) as unknown as HostNetwork
  return {
    network,
    release: () => {
      tracked.release()
    },
  }
}

interface Runnable {
  call?(...args: unknown[]): unknown
  promise?(...args: unknown[]): Promise<unknown>
}

async function ask(services: FacadeServices, hook: HookName, args: unknown[]): Promise<unknown> {
  const rule = hookRules[hook]
  const answer = await services.generation().run((at) => {
    const point = pointOf(at, hook, args[0])
    if (point === undefined) return Promise.resolve(undefined)
    return rule.kind.startsWith('Async')
      ? (point.promise?.(...args) ?? Promise.resolve())
      : Promise.resolve(point.call?.(...args))
  })
  if (isRefusal(answer)) services.refuse(answer, peerOf(args), hook, services.answeredBy.get(answer) ?? 'kernel')
  return rule.kind === 'SyncWaterfall' ? (answer ?? args[0]) : answer
}

function pointOf(at: Hooks, hook: HookName, subject: unknown): Runnable | undefined {
  const [family = '', name = ''] = hook.split('.')
  const point = (at as unknown as Record<string, Record<string, unknown>>)[family]?.[name]
  if (hookRules[hook].key === undefined) return point as Runnable
  const { name: routine, type } = subject as { name?: string; type?: string }
  const key = hookRules[hook].key === 'routine' ? routine : type
  return (point as { get(key: string): Runnable | undefined }).get(key ?? '')
}

/** Whom a refusal is about: the last argument says where the question came from. */
function peerOf(args: unknown[]): string {
  const source = args.at(-1) as Partial<PeerChannel> & { identifier?: string; url?: string }
  return source.peer?.identifier ?? source.peer?.address ?? source.identifier ?? source.url ?? ''
}
