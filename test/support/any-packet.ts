/** Packets of every type, as fast-check makes them: whatever a node may send, within what a wire can say. */
import fc from 'fast-check'

type Any<T> = fc.Arbitrary<T>

/** What a wire can say of each kind of field. */
export interface Sayable {
  readonly text: Any<string>
  /** Texts that a message, a comment or a name of a network may be. */
  readonly free: Any<string>
  readonly payload: Any<Buffer>
  readonly port: Any<number>
  readonly number: Any<number>
  readonly time: Any<number>
  readonly identifier: Any<string>
}

export const anyName = (text: Any<string>): Any<string> => text.filter((value) => value.length > 0)

export const anyBytes: Any<Buffer> = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))

export function packetsOf({ text, free, payload, port, number, time, identifier }: Sayable) {
  const name = anyName(text)
  const of = (type: string, required: readonly string[], fields: Record<string, Any<unknown>>) =>
    fc.record<Record<string, unknown>>(
      { type: fc.constant(type), ...fields, sourceOriginIdentifier: identifier, sourceOriginTime: time },
      { requiredKeys: ['type', ...required] },
    ) as Any<Record<string, unknown>>
  const peer = fc.record(
    { address: name, port: fc.integer({ min: 1, max: 65_535 }), identifier: name },
    { requiredKeys: ['address', 'port'] },
  )
  return {
    Identifier: of('Identifier', ['data'], { data: port, message: free, ip: text, network: free }),
    Disconnect: of('Disconnect', [], { ip: text, port, timestamp: time, data: free }),
    CollectionShare: of('CollectionShare', ['peers'], { data: free, peers: fc.array(peer) }),
    DataTransmission: of('DataTransmission', ['dataType', 'data'], {
      dataType: fc.constantFrom('File', 'Task', 'MiscData'),
      data: payload,
    }),
    PureMessage: of('PureMessage', ['message'], { message: free }),
    Forecast: of('Forecast', ['celsius', 'map'], { celsius: number, places: fc.array(free), map: payload }),
  }
}

/** Cuts bytes at these places, taken round their length. */
export function cut(all: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (all.byteLength + 1)), all.byteLength].sort((a, b) => a - b)
  return at.slice(1).map((end, i) => all.subarray(at[i], end))
}
