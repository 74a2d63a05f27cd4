/** A step of a dial that may take too long, fail, or not be wanted any more: then the socket is destroyed. */
import type { Socket } from 'node:net'
import { P2PNetError, type ErrorCode, type PluginContext } from '../../../core/index.ts'

export interface AttemptLimits {
  readonly signal: AbortSignal
  /** Longest time, in ms. */
  readonly ms: number
}

export interface FailureDetails {
  readonly cause?: unknown
  /** Default E_DIAL. */
  readonly code?: ErrorCode
}

export type Fail = (reason: string, details?: FailureDetails) => void

/** `begin` says once how it went; what comes later counts for nothing. @throws P2PNetError */
export function attempt<T>(
  ctx: PluginContext,
  { host, port }: { readonly host: string; readonly port: number },
  socket: Socket,
  { signal, ms }: AttemptLimits,
  begin: (succeed: (value: T) => void, fail: Fail) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let settled = false
    const settle = () => {
      settled = true
      ctx.clock.clear(timer)
      signal.removeEventListener('abort', onAbort)
    }
    const fail: Fail = (reason, { cause, code = 'E_DIAL' } = {}) => {
      if (settled) return
      settle()
      socket.destroy()
      reject(
        new P2PNetError(code, `cannot reach ${host}:${String(port)}: ${reason}`, {
          plugin: ctx.id,
          ...(cause !== undefined && { cause }),
        }),
      )
    }
    const timer = ctx.clock.setTimeout(() => {
      fail(`no answer within ${String(ms)} ms`)
    }, ms)
    const onAbort = () => {
      fail('given up', { cause: signal.reason })
    }
    // After a failure the socket may still have an error to say; it was told already.
    socket.on('error', () => undefined)
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    begin((value) => {
      if (settled) return
      settle()
      resolve(value)
    }, fail)
  })
}
