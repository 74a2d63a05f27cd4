/**
 * What `p2pnet start` tells of a running node, event by event: one shape for programs, one line for people.
 */
import { isIP } from 'node:net'
import type { P2PNetError } from '../errors.ts'
import type { PeerNetwork } from '../network.ts'
import type { PeerChannel } from '../peers/channel.ts'
import { trustLevelName } from '../trust/levels.ts'
import { printable } from '../printable.ts'
import { inBytes } from './output.ts'

export interface StartEvent {
  readonly event: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly peer?: { readonly identifier?: string; readonly address?: string; readonly port?: number }
  readonly [field: string]: unknown
}

/** Tells of everything that happens in this node, until it has stopped. */
export function tellEvents(network: PeerNetwork, tell: (event: StartEvent) => void): void {
  const say = (event: string, fields: Record<string, unknown> = {}) => {
    tell({ event, time: Date.now(), ...fields })
  }
  const about = ({ peer: { identifier, address, port } }: PeerChannel) => ({
    peer: { ...(identifier !== undefined && { identifier }), address, port },
  })
  const reasonOf = ({ code, message }: P2PNetError) => ({ reason: { code, message } })
  let listens = false
  network
    .on('listening', (listening) => {
      listens = true
      say('listening', { identifier: network.identifier, listening })
    })
    .on('identifierChanged', (identifier) => {
      if (listens) say('identifierChanged', { identifier }) // the first one is told with listening
    })
    .on('peerAdded', (channel) => {
      say('peerAdded', { ...about(channel), inbound: channel.inbound })
    })
    .on('peerRemoved', (channel, reason) => {
      say('peerRemoved', { ...about(channel), ...reasonOf(reason) })
    })
    .on('trustChanged', (channel, level) => {
      say('trustChanged', { ...about(channel), level: trustLevelName(level), trusted: channel.trusted })
    })
    .on('reconnected', (channel, awayMs) => {
      say('reconnected', { ...about(channel), awayMs })
    })
    .on('incomingPeer', ({ address, port }) => {
      say('incomingPeer', { peer: { address, port } })
    })
    .on('message', (text, channel) => {
      say('message', { ...about(channel), text })
    })
    .on('fileReceived', ({ id, name, size, sha256 }, channel) => {
      say('fileReceived', { ...about(channel), id, name, size, sha256 })
    })
    .on('pluginFailed', (failure) => {
      say('pluginFailed', { ...failure })
    })
    .on('refused', ({ plugin, hook, code, reason, peer }) => {
      say('refused', { peer: isIP(peer) === 0 ? { identifier: peer } : { address: peer }, plugin, hook, code, reason })
    })
    .on('stopped', () => {
      say('stopped')
    })
}

/**
 * What a person wants to be told. Of two channels to one peer one goes, a node may meet itself, and a goodbye that the
 * policy refuses was heard all the same: nothing of that is news.
 */
export function isNews({ event, reason }: StartEvent): boolean {
  if (event === 'refused') return !String(reason).startsWith('Disconnect ')
  const { code } = (reason ?? {}) as { code?: string }
  return event !== 'peerRemoved' || (code !== 'E_DUPLICATE' && code !== 'E_STALE' && code !== 'E_SELF')
}

/** The event as a line for people. Whatever a peer has a say in is made printable. */
export function inALine({ event, time, peer, ...fields }: StartEvent): string {
  const clock = new Date(time).toTimeString().slice(0, 8)
  return `${clock} ${printable(sentenceOf(event, nameOf(peer), fields))}`
}

function sentenceOf(event: string, who: string, fields: Readonly<Record<string, unknown>>): string {
  const text = (key: string) => String(fields[key])
  const { reason, error } = fields as {
    reason?: { code: string; message: string }
    error?: { code: string; message: string }
  }
  switch (event) {
    case 'listening': {
      const listening = fields.listening as readonly { scheme: string; host: string; port: number }[]
      const places = listening.map(
        ({ scheme, host, port }) => `${scheme}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`,
      )
      return `listening on ${places.join(', ') || 'nothing'} as ${text('identifier') || 'nobody yet'}`
    }
    case 'identifierChanged':
      return `this node is ${text('identifier')} now`
    case 'peerAdded':
      return `${who} ${fields.inbound === true ? 'connected' : 'was reached'}`
    case 'peerRemoved':
      return `${who} is gone: ${reason?.code ?? ''} ${reason?.message ?? ''}`
    case 'trustChanged':
      return `${who} is ${text('level')}${fields.trusted === true ? ', trusted' : ', not trusted'}`
    case 'reconnected':
      return `${who} is back after ${String(Math.round(Number(fields.awayMs) / 100) / 10)} s`
    case 'incomingPeer':
      return `${who} waits to be accepted`
    case 'message':
      return `${who} says: ${text('text')}`
    case 'fileReceived':
      return `${who} sent ${text('name')}, ${inBytes(Number(fields.size))}, sha256 ${text('sha256')}`
    case 'pluginFailed':
      return `plugin ${text('plugin')} failed in ${text('hook')} (${text('state')}): ${error?.code ?? ''} ${error?.message ?? ''}`
    case 'refused':
      return `${who} was refused by ${text('plugin')} in ${text('hook')}: ${text('code')} ${text('reason')}`
    default:
      return event
  }
}

function nameOf(peer: StartEvent['peer']): string {
  const { identifier, address, port } = peer ?? {}
  const place = address === undefined ? '' : `${address}${port === undefined ? '' : `:${String(port)}`}`
  if (identifier === undefined) return place
  return place === '' ? identifier : `${identifier.slice(0, 12)} (${place})`
}
