/**
 * The verbs that every node has. Others come through the capability `control`.
 */
import type { Control, PluginContext } from '../../../../core/index.ts'
import { addAccess } from './access.ts'
import { addPeers } from './peers.ts'
import { addRoutines } from './routines.ts'
import { addSend } from './send.ts'
import { addSendFile } from './send-file.ts'
import { addStatus } from './status.ts'
import { addWhy } from './why.ts'

export function addVerbs(control: Control, ctx: PluginContext): void {
  for (const add of [addStatus, addPeers, addSend, addSendFile, addRoutines, addWhy, addAccess]) add(control, ctx)
}
