/**
 * The head of a frame, looked at as soon as it is there and before anything is buffered for what it announces.
 */
import { P2PNetError } from '../../../core/index.ts'
import { invalid } from '../shared/invalid.ts'
import { codeCredit, codeNamed, flagBulk, flagOrigin, headBytes, standardTypes, version } from './layout.ts'

/** Length of the frame whose head stands here. @throws P2PNetError E_FRAME_INVALID, E_FRAME_TOO_LARGE */
export function checkHead(from: Buffer, at: number, frameBytes: number, headerBytes: number): number {
  const total = from.readUInt32BE(at) + 4
  const seen = from[at + 4]
  if (seen !== version) throw invalid(`version ${String(seen)} of the frame is unknown`)
  if (total < headBytes || from[at + 7] !== 0) throw invalid('the head of the frame is malformed')
  if (total > frameBytes) throw tooLarge('a frame', total, frameBytes)
  const code = from[at + 5] ?? codeNamed
  const flags = from[at + 6] ?? 0
  if (code === codeCredit) {
    if (total !== headBytes || flags !== 0) throw invalid('a credit frame has a body or flags')
    return total
  }
  if (code !== codeNamed && standardTypes[code] === undefined) throw invalid(`type code ${String(code)} is unknown`)
  if ((flags & ~(flagBulk | flagOrigin)) !== 0) throw invalid(`flags ${String(flags)} of the frame are unknown`)
  const headerLength = from.readUInt32BE(at + 8)
  if (headerLength > total - headBytes) throw invalid('the header is longer than its frame')
  if (headerLength > headerBytes) throw tooLarge('a header', headerLength, headerBytes)
  return total
}

function tooLarge(what: string, bytes: number, limit: number): P2PNetError {
  return new P2PNetError('E_FRAME_TOO_LARGE', `${what} of ${String(bytes)} bytes, of ${String(limit)}`)
}
