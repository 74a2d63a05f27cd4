/**
 * `block`, `unblock`, `authorize`, `revoke`: the operator's lists. What takes rights away takes the beginning of an
 * identifier too; what gives them takes a whole one.
 */
import type { Control, PluginContext } from '../../../../core/index.ts'
import { controlError } from '../control-errors.ts'
import { findPeer, isAddress, knownNames, wholeName } from './find-peer.ts'

export interface Access {
  readonly peer: string
  readonly blocked?: boolean
  /** Milliseconds since 1970; null: for good. */
  readonly until?: number | null
  readonly authorized?: boolean
}

export function addAccess(control: Control, { network, clock }: PluginContext): void {
  const find = (word: string) => findPeer(word, knownNames(network))

  control.verb('block', {
    arguments: { peer: 'string', ms: 'number?' },
    async run({ peer: word, ms }): Promise<Access> {
      const peer = find(word)
      const until = ms === undefined ? undefined : clock.now() + ms
      await network.block(peer, until === undefined ? {} : { until })
      return { peer, blocked: true, until: until ?? null }
    },
  })

  control.verb('unblock', {
    arguments: { peer: 'string' },
    async run({ peer: word }): Promise<Access> {
      const peer = wholeName(word, knownNames(network))
      await network.unblock(peer)
      return { peer, blocked: false }
    },
  })

  control.verb('authorize', {
    arguments: { peer: 'string' },
    async run({ peer: word }): Promise<Access> {
      const peer = wholeName(nameOf(word), knownNames(network))
      await network.authorize(peer)
      return { peer, authorized: true }
    },
  })

  control.verb('revoke', {
    arguments: { peer: 'string' },
    async run({ peer: word }): Promise<Access> {
      const peer = find(nameOf(word))
      await network.revoke(peer)
      return { peer, authorized: false }
    },
  })
}

/** Rights belong to somebody, not to a place. */
function nameOf(word: string): string {
  if (word === '' || isAddress(word))
    throw controlError('E_CONTROL_REQUEST', 'this takes the identifier of a peer, not an address')
  return word
}
