/**
 * What is measured, in the order in which it is.
 */
import type { Entry } from '../harness/entry.ts'
import { besideBulk } from './beside-bulk.ts'
import { fanOut } from './fan-out.ts'
import { file } from './file.ts'
import { memoryTls } from './memory-tls.ts'
import { memory } from './memory.ts'
import { messages } from './messages.ts'
import { ownType } from './own-type.ts'
import { payloads } from './payloads.ts'
import { roundTrip } from './round-trip.ts'
import { setUp } from './set-up.ts'
import { start } from './start.ts'
import { stuckPeer } from './stuck-peer.ts'

export const entries: readonly Entry[] = [
  messages,
  ownType,
  payloads,
  roundTrip,
  setUp,
  fanOut,
  besideBulk,
  memory,
  memoryTls,
  stuckPeer,
  start,
  file,
]
