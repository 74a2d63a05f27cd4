/**
 * `why`: what was decided about a peer or an address, newest first.
 */
import type { Control, Decision, PluginContext } from '../../../../core/index.ts'
import { findPeer, knownNames } from './find-peer.ts'

export interface Reasons {
  readonly peer: string
  /** Where it is or was: what was decided before a peer had a name stands under its address. */
  readonly addresses: readonly string[]
  readonly decisions: readonly Decision[]
}

/** Characters of a reason, in which a peer may have a say. */
const longestReason = 500

export function addWhy(control: Control, { network }: PluginContext): void {
  control.verb('why', {
    arguments: { peer: 'string' },
    run({ peer: word }): Reasons {
      const written = network.decisions()
      const peer = findPeer(word, new Set([...knownNames(network), ...written.map((decision) => decision.peer)]))
      const decisions = written
        .filter((decision) => decision.peer === peer)
        .map((decision) => ({ ...decision, reason: decision.reason.slice(0, longestReason) }))
        .sort((a, b) => b.time - a.time)
      return { peer, addresses: addressesOf(peer), decisions }
    },
  })

  function addressesOf(name: string): string[] {
    const open = [...network.channels].filter(({ peer }) => peer.identifier === name)
    const known = network.knownPeers.get(name)?.addresses ?? []
    return [...new Set([...open.map(({ peer }) => peer.address), ...known.map(({ host }) => host)])]
  }
}
