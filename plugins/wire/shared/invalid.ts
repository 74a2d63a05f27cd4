/**
 * What a decoder says when the stream is lost.
 */
import { P2PNetError } from '../../../core/index.ts'

export function invalid(words: string, cause?: unknown): P2PNetError {
  return new P2PNetError('E_FRAME_INVALID', words, { cause })
}
