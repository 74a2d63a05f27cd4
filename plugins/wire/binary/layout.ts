/**
 * The layout of a frame, version 1. All numbers are big-endian, all texts UTF-8.
 *
 * | bytes | what |
 * |---|---|
 * | 0–3 | length of everything after these four bytes |
 * | 4 | version: 1 |
 * | 5 | type: 0 named in the header, 1–5 the standard types, 255 credit |
 * | 6 | flags: 1 = bulk, 2 = the header begins with the origin |
 * | 7 | 0 |
 * | 8–11 | length of the header; of a credit frame, the credit in bytes |
 * | 12–19 | sourceOriginTime, an IEEE 754 double; NaN when absent |
 * | 20– | header: with flag 2, first sourceOriginIdentifier as a text; then the fields of the type |
 * | then | payload: the raw bytes of the type's `bytes` field; of a PureMessage, its message |
 *
 * A text in a header is its length in bytes, two bytes, and then the bytes. Fields in brackets are optional: one byte says
 * which follow, the lowest bit for the first of them.
 *
 * | code | type | fields |
 * |---|---|---|
 * | 0 | any other | the packet as a JSON object, without the time, the origin and the raw bytes |
 * | 1 | Identifier | which · data, 2 bytes · [message] · [ip] · [network] |
 * | 2 | Disconnect | which · [ip] · [port, 2 bytes] · [timestamp, a double] · [data] |
 * | 3 | CollectionShare | which · [data] · number of peers, 4 bytes · for each: which · address · port, 2 bytes · [identifier] |
 * | 4 | DataTransmission | 1 byte: 0 File, 1 Task, 2 MiscData |
 * | 5 | PureMessage | none |
 *
 * Everything has one place and one spelling: what is left over, a flag, a bit or a code that means nothing is refused.
 * Packets of a bare type have flags 0, the time 7ff8000000000000, and JSON as JSON.stringify writes it.
 * A sender leaves its own identifier out, but for Identifier packets, which introduce it. A credit frame has no body and
 * no flags; a credit of 0 only says that its sender is still there.
 */
export const headBytes = 20
export const version = 1
export const flagBulk = 1
export const flagOrigin = 2
export const codeNamed = 0
export const codeMessage = 5
export const codeCredit = 255

/** Standard types by their code. */
export const standardTypes: readonly (string | undefined)[] = [
  undefined,
  'Identifier',
  'Disconnect',
  'CollectionShare',
  'DataTransmission',
  'PureMessage',
]

export const codeOf: ReadonlyMap<string, number> = new Map(
  standardTypes.flatMap((name, code) => (name === undefined ? [] : [[name, code] as const])),
)

/** Payloads from this size on stay where they were read; smaller ones, and texts, are put together at once. */
export const viewsFrom = 32_768
