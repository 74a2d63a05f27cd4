/**
 * The error of a writing that was given up.
 */
import { P2PNetError } from '../../../core/index.ts'

export function aborted(name: string): P2PNetError {
  return new P2PNetError('E_ABORTED', `the writing of ${name} was given up`)
}
