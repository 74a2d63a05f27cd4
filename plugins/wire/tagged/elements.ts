/**
 * The tags of the C# original: which element carries which packet type, and which tags its DataTransmissionPacket puts
 * round a payload.
 */
import type { DataType } from '../../../core/index.ts'

export type StandardType = 'Identifier' | 'Disconnect' | 'CollectionShare' | 'DataTransmission' | 'PureMessage'

/** An element: `<Tag>`, JSON, `</Tag>`. */
export interface Element {
  /** Undefined: nobody knows this element, and it is skipped. */
  readonly type: StandardType | undefined
  readonly open: string
  readonly close: string
  readonly closeBytes: Uint8Array
}

export function elementOf(tag: string, type?: StandardType): Element {
  const close = `</${tag}>`
  return { type, open: `<${tag}>`, close, closeBytes: Buffer.from(close, 'latin1') }
}

export const elements = {
  Identifier: elementOf('Identity', 'Identifier'),
  Disconnect: elementOf('Disconnect', 'Disconnect'),
  CollectionShare: elementOf('PeerGroup', 'CollectionShare'),
  DataTransmission: elementOf('DataTransmit', 'DataTransmission'),
  PureMessage: elementOf('Message', 'PureMessage'),
} as const satisfies Record<StandardType, Element>

const byTag: ReadonlyMap<string, Element> = new Map(Object.values(elements).map((element) => [element.open, element]))

/** `<` and `>` included. */
export const longestTag = 66
const tagShape = /^<[A-Za-z][\w.-]{0,63}>$/

/** The element that this opening tag begins; undefined for what is no tag. */
export function elementThatOpens(tag: string): Element | undefined {
  return byTag.get(tag) ?? (tagShape.test(tag) ? elementOf(tag.slice(1, -1)) : undefined)
}

export function isStandard(type: string): type is StandardType {
  return Object.hasOwn(elements, type)
}

/** The original's enum DataPayloadFormat: what goes over the wire is the index. */
export const dataTypes: readonly DataType[] = ['File', 'Task', 'MiscData']
