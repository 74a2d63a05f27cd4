/**
 * The one wrapper round every tap. It says which plugin failed in which hook, refuses promises from synchronous taps,
 * times out asynchronous ones, and turns nonsense into the answer that the hook's failure rule asks for.
 */
import { within, type Clock } from '../clock.ts'
import { isP2PNetError, messageOf, P2PNetError } from '../errors.ts'
import { hookRules, type FailureRule, type HookName } from '../hooks.ts'
import { isTrustLevel } from '../trust/levels.ts'
import { isRefusal } from '../trust/refusal.ts'
import type { TapRecord } from './taps.ts'

/** A synchronous tap that holds the event loop for longer is named, once the watch is on. */
export const slowTapMs = 100

/** What the guards of one node share. */
export interface GuardServices {
  readonly clock: Clock
  readonly tapMs: number
  failed(plugin: string, hook: string, error: P2PNetError): void
  /** Who gave an answer: a refusal by itself, a trust level by its channel. */
  readonly answeredBy: WeakMap<object, string>
  /** Timing every call would cost more than the calls, so it starts when a turn took too long, for this many calls. */
  readonly watch: { calls: number }
}

export type GuardedFn = (a?: unknown, b?: unknown) => unknown

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isPacket = (value: unknown): boolean => isObject(value) && typeof (value as { type?: unknown }).type === 'string'
const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0
const isName = (value: unknown): boolean =>
  isRefusal(value) || (isObject(value) && isText((value as { name?: unknown }).name))

/** What a hook takes for an answer; undefined always passes as none. */
const answers: Readonly<Record<HookName, (value: unknown) => boolean>> = {
  'discovery.announce': isPacket,
  'discovery.candidate': isRefusal,
  'packets.admit': isRefusal,
  'packets.received': (value) => value === 'handled',
  'packets.outgoing': isPacket,
  'trust.connection': isRefusal,
  'trust.handshake': isTrustLevel,
  'trust.identifier': isText,
  'trust.task': isRefusal,
  'trust.bootstrap': isRefusal,
  'files.incoming': isName,
  'routines.collect': () => true,
  'routines.before': (value) => value === 'skip',
  'tasks.execute': isObject,
}

export function guard(tap: TapRecord, services: GuardServices): GuardedFn {
  const { onFailure } = hookRules[tap.hook]
  const fn = tap.fn as unknown as GuardedFn
  const isAnswer = answers[tap.hook]
  const name = tap.key === undefined ? tap.hook : `${tap.hook}:${tap.key}`

  const settle = (value: unknown, subject: unknown): unknown => {
    if (value === undefined) return undefined
    if (!isAnswer(value)) throw new TypeError(`answered ${describe(value)}, which ${tap.hook} does not take`)
    // Not for every packet: an entry in a WeakMap costs more than the rest of a call.
    if (isRefusal(value)) services.answeredBy.set(value, tap.plugin)
    else if (tap.hook === 'trust.handshake' && isObject(subject)) services.answeredBy.set(subject, tap.plugin)
    return value
  }
  const failed = (thrown: unknown): unknown => {
    // Where the answer may be an error, a coded one is an answer and no failure of the plugin.
    if (onFailure === 'reject' && isP2PNetError(thrown) && thrown.code !== 'E_PLUGIN_TIMEOUT') throw thrown
    const error = failureOf(tap.plugin, name, thrown)
    services.failed(tap.plugin, name, error)
    return failureAnswer(onFailure, error, services, tap.plugin)
  }

  if (tap.style === 'promise')
    return async (a, b) => {
      try {
        const late = () => timeout(tap.plugin, name, services.tapMs)
        // A handshake waits for a peer, under limits.handshakeMs; everything else under limits.tapMs.
        const work = Promise.resolve(fn(a, b))
        const value =
          tap.hook === 'trust.handshake' ? await work : await within(services.clock, services.tapMs, work, late)
        return settle(value, a)
      } catch (thrown) {
        return failed(thrown)
      }
    }

  const call: GuardedFn = (a, b) => {
    const value = fn(a, b)
    if (value === undefined) return undefined
    if (value instanceof Promise) {
      value.catch(() => undefined)
      throw new TypeError('answered a promise through tap(); use tapPromise(), where the hook has it')
    }
    return settle(value, a)
  }
  return (a, b) => {
    try {
      if (services.watch.calls === 0) return call(a, b)
      services.watch.calls--
      const before = performance.now()
      const value = call(a, b)
      const ms = performance.now() - before
      if (ms > slowTapMs) services.failed(tap.plugin, name, slow(tap.plugin, name, ms))
      return value
    } catch (thrown) {
      return failed(thrown)
    }
  }
}

function failureAnswer(rule: FailureRule, error: P2PNetError, services: GuardServices, plugin: string): unknown {
  if (rule === 'reject') throw error
  if (rule === 'abstain') return undefined
  const refusal = { code: error.code, reason: error.message }
  services.answeredBy.set(refusal, plugin)
  return refusal
}

function failureOf(plugin: string, hook: string, thrown: unknown): P2PNetError {
  const known = thrown instanceof P2PNetError && thrown.plugin === plugin && thrown.code === 'E_PLUGIN_TIMEOUT'
  if (known) return thrown
  return new P2PNetError('E_PLUGIN_FAILED', `plugin ${plugin} failed in ${hook}: ${messageOf(thrown)}`, {
    plugin,
    hook,
    cause: thrown,
  })
}

function timeout(plugin: string, hook: string, ms: number): P2PNetError {
  return new P2PNetError('E_PLUGIN_TIMEOUT', `plugin ${plugin} did not answer in ${hook} within ${String(ms)} ms`, {
    plugin,
    hook,
  })
}

function slow(plugin: string, hook: string, ms: number): P2PNetError {
  return new P2PNetError('E_PLUGIN_SLOW', `plugin ${plugin} held the event loop for ${ms.toFixed(0)} ms in ${hook}`, {
    plugin,
    hook,
  })
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? 'an object' : typeof value === 'function' ? 'a function' : JSON.stringify(value)
}
