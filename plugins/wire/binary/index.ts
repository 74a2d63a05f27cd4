/**
 * wire-binary: length-prefixed frames that keep structured fields and raw bytes apart. layout.ts describes them.
 */
import { definePlugin } from '../../../core/index.ts'
import { wireBinarySchema, type ResolvedWireBinaryOptions } from '../../../schemas/generated/wire-binary.ts'
import { BinaryDecoder } from './decoder.ts'
import { encode, encodeCredit } from './encoder.ts'

export default definePlugin<ResolvedWireBinaryOptions>({
  name: 'wire-binary',
  version: '0.1.0',
  api: 1,
  schema: wireBinarySchema,
  provides: ['wire'],
  setup(ctx, { headerBytes, jsonDepth }) {
    const { frameBytes } = ctx.settings.limits
    const decoding = { types: ctx.packets, headerBytes, jsonDepth }
    const encoding = { types: ctx.packets, frameBytes, headerBytes, identifier: () => ctx.network.identifier }
    ctx.provide('wire', {
      name: 'binary',
      createDecoder: (limits) => new BinaryDecoder(limits, decoding),
      encode: (packet) => encode(packet, encoding),
      encodeCredit,
    })
  },
})
