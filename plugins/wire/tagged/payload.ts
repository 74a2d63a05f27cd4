/**
 * The payload of a data packet: raw bytes between the tags that name their type, as base64. The tags are written like
 * the original's constructor writes them, and taken off where they are; not all of its packets have them.
 */
import { P2PNetError, type DataType } from '../../../core/index.ts'

interface PayloadTags {
  readonly open: Buffer
  readonly close: Buffer
}

const tags: Readonly<Record<DataType, PayloadTags>> = {
  File: tagsOf('File'),
  Task: tagsOf('Task'),
  MiscData: tagsOf('MiscData'),
}

function tagsOf(name: string): PayloadTags {
  return { open: Buffer.from(`<${name}>`), close: Buffer.from(`</${name}>`) }
}

/** Base64 of the payload and its tags. */
export function tagged(bytes: Uint8Array, dataType: DataType): string {
  const { open, close } = tags[dataType]
  return Buffer.concat([open, bytes, close]).toString('base64')
}

/** A view, without the outermost tags if both are there. */
export function untagged(bytes: Buffer, dataType: unknown): Buffer {
  const pair = typeof dataType === 'string' && Object.hasOwn(tags, dataType) ? tags[dataType as DataType] : undefined
  if (pair === undefined) return bytes
  const { open, close } = pair
  const end = bytes.byteLength - close.byteLength
  if (end < open.byteLength || open.compare(bytes, 0, open.byteLength) !== 0 || close.compare(bytes, end) !== 0)
    return bytes
  return bytes.subarray(open.byteLength, end)
}

/** Null is an empty payload. @throws P2PNetError E_FRAME_INVALID */
export function bytesOf(base64: unknown): Buffer {
  if (base64 === undefined || base64 === null) return Buffer.alloc(0)
  if (typeof base64 !== 'string') throw notBase64()
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  const bytes = Buffer.from(base64, 'base64')
  // Node skips what is no base64 and takes the alphabet for URLs, too; the first makes it shorter than it should be.
  const isWhole = base64.length % 4 === 0 && bytes.byteLength === (base64.length / 4) * 3 - padding
  if (!isWhole || base64.includes('-') || base64.includes('_')) throw notBase64()
  return bytes
}

function notBase64(): P2PNetError {
  return new P2PNetError('E_FRAME_INVALID', 'the payload is no base64')
}
