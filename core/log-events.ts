/**
 * What the kernel itself logs: the node's life, its peers and its refusals, from the events that tell of them.
 */
import type { Clock } from './clock.ts'
import type { GuardedEmitter } from './events.ts'
import type { Logger } from './log.ts'
import { LogBudget } from './log-budget.ts'
import type { PeerChannel } from './peers/channel.ts'
import { trustLevelName } from './trust/levels.ts'

/** Words of a peer are cut here. */
const longest = 256

/** Returns what to call before the log ends. */
export function logEvents(events: GuardedEmitter, log: Logger, clock: Clock): () => void {
  const peers = log.child({}, 'Peers')
  const refusals = new LogBudget(clock, (more) => {
    peers.warn('more was refused than has a line', { more })
  })
  const changes = new LogBudget(clock, (more) => {
    peers.info('more happened to channels than has a line', { more })
  })
  const owner = 'kernel'
  events.on(
    'listening',
    (listening) => {
      log.info('listening', { listening })
    },
    owner,
  )
  events.on(
    'identifierChanged',
    (identifier) => {
      log.info('identifier', { identifier })
    },
    owner,
  )
  events.on(
    'peerAdded',
    (channel) => {
      if (changes.allows()) peers.info('channel open', { ...who(channel), inbound: channel.inbound })
    },
    owner,
  )
  events.on(
    'peerRemoved',
    (channel, { code, message }) => {
      if (changes.allows()) peers.info('channel closed', { ...who(channel), code, reason: message.slice(0, longest) })
    },
    owner,
  )
  events.on(
    'trustChanged',
    (channel, level) => {
      if (changes.allows())
        peers.info('trust changed', { ...who(channel), level: trustLevelName(level), trusted: channel.trusted })
    },
    owner,
  )
  events.on(
    'reconnected',
    (channel, awayMs) => {
      if (changes.allows()) peers.info('reconnected', { ...who(channel), awayMs })
    },
    owner,
  )
  events.on(
    'refused',
    ({ plugin, hook, code, reason, peer, count }) => {
      // What repeats is counted in the ledger; a flood must not fill the disk, whatever it varies.
      if (count === 1 && refusals.allows())
        peers.warn('refused', {
          by: plugin,
          hook,
          code,
          reason: reason.slice(0, longest),
          peer: peer.slice(0, longest),
        })
    },
    owner,
  )
  events.on(
    'pluginFailed',
    ({ plugin, hook, error, state, count }) => {
      log.error('plugin failed', {
        failed: plugin,
        hook,
        code: error.code,
        reason: error.message.slice(0, longest),
        state,
        count,
      })
    },
    owner,
  )
  return () => {
    refusals.settle()
    changes.settle()
  }
}

function who({ id, peer, scheme }: PeerChannel): Record<string, unknown> {
  return {
    channel: id,
    scheme,
    address: peer.address,
    port: peer.port,
    ...(peer.identifier !== undefined && { identifier: peer.identifier }),
  }
}
