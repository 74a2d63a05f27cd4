/**
 * The layout of a frame, version 1. All numbers are big-endian.
 *
 * | bytes | what |
 * |---|---|
 * | 0–3 | length of everything after these four bytes |
 * | 4 | version: 1 |
 * | 5 | type: 0 named in the header, 1–5 the standard types, 255 credit |
 * | 6 | flags: 1 = bulk |
 * | 7 | 0 |
 * | 8–11 | length of the header; of a credit frame, the credit in bytes |
 * | 12–19 | sourceOriginTime, an IEEE 754 double; NaN when absent |
 * | 20– | header: the structured fields as a JSON object in UTF-8 |
 * | then | payload: the raw bytes of the type's `bytes` field; an absent field arrives empty |
 *
 * Everything has one place and one spelling: what the head says is not in the header, other flags and codes are refused.
 * A credit frame has no body and no flags; a credit of 0 only says that its sender is still there.
 */
export const headBytes = 20
export const version = 1
export const flagBulk = 1
export const codeNamed = 0
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
