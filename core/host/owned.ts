/**
 * What a plugin opens through its context belongs to it: timers, sockets and routines are remembered here and given back
 * when it leaves.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Clock, Timer } from '../clock.ts'
import type { RoutineRegistry } from './capabilities.ts'
import type { OwnedSockets } from './plugin-context.ts'
import type { TapRecord } from './taps.ts'

export interface OwnedClock extends Clock {
  /** Ends all timers that were set through it. */
  release(): void
}

export function ownClock(clock: Clock): OwnedClock {
  const timers = new Set<Timer>()
  return {
    now: () => clock.now(),
    setTimeout(fn, ms) {
      const timer = clock.setTimeout(() => {
        timers.delete(timer)
        fn()
      }, ms)
      timers.add(timer)
      return timer
    },
    setInterval(fn, ms) {
      const timer = clock.setInterval(fn, ms)
      timers.add(timer)
      return timer
    },
    clear(timer) {
      if (timer === undefined) return
      timers.delete(timer)
      clock.clear(timer)
    },
    release() {
      for (const timer of timers) clock.clear(timer)
      timers.clear()
    },
  }
}

export interface OwnSockets extends OwnedSockets {
  /** Closes whatever is still open. */
  release(): Promise<void>
}

export function ownSockets(): OwnSockets {
  const servers = new Set<Server>()
  const sockets = new Set<Socket>()
  const datagrams = new Set<DatagramSocket>()
  const own = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  return {
    createServer(options, onConnection) {
      const server = createServer(options, (socket) => {
        onConnection(own(socket))
      })
      servers.add(server)
      server.once('close', () => servers.delete(server))
      return server
    },
    connect: (options) => own(connect(options)),
    createSocket(options) {
      const socket = createSocket(options)
      datagrams.add(socket)
      socket.once('close', () => datagrams.delete(socket))
      return socket
    },
    async release() {
      for (const socket of sockets) socket.destroy()
      const closing = [...servers].map(
        (server) =>
          new Promise<void>((resolve) =>
            server.close(() => {
              resolve()
            }),
          ),
      )
      for (const socket of datagrams) closeDatagrams(socket)
      await Promise.all(closing)
    },
  }
}

function closeDatagrams(socket: DatagramSocket): void {
  try {
    socket.close()
  } catch (error) {
    // The plugin closed it itself a moment ago.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw error
  }
}

/** A tap of routines.collect whose routines are handed to `remember`, to be taken away again. Other taps as they are. */
export function ownRoutines(tap: TapRecord, remember: (remove: () => void) => void): TapRecord {
  if (tap.hook !== 'routines.collect') return tap
  const collect = tap.fn as (registry: RoutineRegistry) => unknown
  const owning = (registry: RoutineRegistry): RoutineRegistry => ({
    add(routine) {
      const remove = registry.add(routine)
      remember(remove)
      return remove
    },
  })
  return { ...tap, fn: (registry: RoutineRegistry) => collect(owning(registry)) }
}
