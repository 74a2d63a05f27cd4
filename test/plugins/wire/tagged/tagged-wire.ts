/** wire-tagged as a node has it, over the standard packet types and one of a third party, without a node. */
import type { Decoder, NetworkPacket, Wire } from '../../../../core/index.ts'
import type { Limits } from '../../../../core/settings.ts'
import packetsStandard from '../../../../plugins/packets/standard/index.ts'
import wireTagged from '../../../../plugins/wire/tagged/index.ts'
import { fakeContext, resolveOptions } from '../../../support/fake-context.ts'

import { forecast } from '../../../support/wire-codec.ts'

export { cut } from '../../../support/any-packet.ts'
export { bytesOf, pull } from '../../../support/wire-codec.ts'

export interface TaggedWire extends Wire {
  /** What a node would say to a packet that arrived. */
  validate(packet: NetworkPacket): boolean
}

export function openTagged(options: Record<string, unknown> = {}, limits: Partial<Limits> = {}): TaggedWire {
  const fake = fakeContext()
  Object.assign(fake.ctx.settings.limits, limits)
  packetsStandard.setup(fake.ctx, resolveOptions(packetsStandard))
  fake.ctx.packets.register('Forecast', forecast, { lane: 'bulk' })
  fake.ctx.packets.register('Empty', { ...forecast, required: ['type'], properties: { type: { const: 'Empty' } } })
  wireTagged.setup(fake.ctx, resolveOptions(wireTagged, options))
  const validate = (packet: NetworkPacket) => fake.ctx.packets.get(packet.type)?.validate(packet) === true
  return Object.assign(fake.provided.wire!, { validate })
}

/** Everything that is whole by now, and the code of what then went wrong. */
export function pullUntilError(
  decoder: Decoder,
  chunk: Uint8Array,
): { packets: NetworkPacket[]; error?: Error & { code: string } } {
  const packets: NetworkPacket[] = []
  try {
    decoder.push(chunk)
    for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) packets.push(packet)
    return { packets }
  } catch (error) {
    return { packets, error: error as Error & { code: string } }
  }
}
