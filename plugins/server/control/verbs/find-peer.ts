/**
 * Whom the operator means: a whole identifier, an address, or the beginning of an identifier that only one peer has.
 */
import { isIP } from 'node:net'
import { P2PNetError, type HostNetwork } from '../../../../core/index.ts'
import { controlError } from '../control-errors.ts'

/** From this length on a name is taken for a whole identifier, known or not: the shortest of the built-ins has it. */
const wholeLength = 32

const range = /^[\da-f.:]+\/\d{1,3}$/i

/** Identifiers of everybody that the node knows. */
export function knownNames({ channels, knownPeers }: HostNetwork): Set<string> {
  const peers = [...[...channels].map(({ peer }) => peer), ...knownPeers]
  return new Set(peers.flatMap(({ identifier }) => identifier ?? []))
}

/** @throws P2PNetError E_PEER_AMBIGUOUS, E_PEER_UNKNOWN */
export function findPeer(word: string, names: ReadonlySet<string>): string {
  if (names.has(word) || isAddress(word)) return word
  const found = beginWith(word, names)
  const [only] = found
  if (found.length > 1)
    throw controlError('E_PEER_AMBIGUOUS', `${quoted(word)} is the beginning of ${String(found.length)} identifiers`)
  if (only !== undefined) return only
  if (word.length >= wholeLength) return word
  throw new P2PNetError('E_PEER_UNKNOWN', `nobody is known whose identifier begins with ${quoted(word)}`, {
    remedy: '`p2pnet peers --known` lists who is known; a whole identifier need not be.',
  })
}

/**
 * For what gives somebody rights: the name as it stands, because a beginning can be imitated.
 * @throws P2PNetError E_PEER_AMBIGUOUS
 */
export function wholeName(word: string, names: ReadonlySet<string>): string {
  if (!names.has(word) && beginWith(word, names).length > 0)
    throw controlError(
      'E_PEER_AMBIGUOUS',
      `${quoted(word)} is only the beginning of an identifier; this takes a whole one`,
    )
  return word
}

/** An address, or a range of them. */
export const isAddress = (word: string) => isIP(word) !== 0 || range.test(word)

const beginWith = (word: string, names: ReadonlySet<string>) =>
  word === '' ? [] : [...names].filter((name) => name.startsWith(word))

export const quoted = (word: string) => JSON.stringify(word.slice(0, 64))
