/**
 * What can go wrong between the operator and the running node, as codes with remedies.
 */
import { P2PNetError } from '../../../core/index.ts'

export const controlErrors = {
  E_NOT_RUNNING: 'Start the node with `p2pnet start`, or name its data directory with --data-dir PATH.',
  E_CONTROL_MISSING: "Add 'server-control' to `plugins` in the config, and start the node again.",
  E_CONTROL_IN_USE: 'Stop the program that answers there, or give this node another directory with --data-dir PATH.',
  E_CONTROL_SOCKET: 'Look at control.sock in the data directory: it must be a socket of this user, or not be there.',
  E_CONTROL_REQUEST: 'Send one JSON object a line, { id, verb, args, news }, of 64 KiB at most.',
  E_CONTROL_VERB: 'Use a verb that the message names; others come with the plugins that bring them.',
  E_CONTROL_CLOSED: 'The node is stopping, or serves as many clients as it may; try again.',
  E_CONTROL_TIMEOUT: 'The node is busy or stuck; try again, and look at its log.',
  E_PEER_AMBIGUOUS: 'Give more of the identifier: `p2pnet peers` shows it.',
} as const satisfies Record<string, string>

export type ControlErrorCode = keyof typeof controlErrors

/** An error of the table above. */
export function controlError(code: ControlErrorCode, message: string, cause?: unknown): P2PNetError {
  return new P2PNetError(code, message, { remedy: controlErrors[code], ...(cause !== undefined && { cause }) })
}
