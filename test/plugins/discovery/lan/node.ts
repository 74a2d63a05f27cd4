/** A node that is nothing but discovery-lan, on loopback, under a virtual clock; its datagrams are real. */
import type { IdentifierPacket } from '../../../../core/packets/packet.ts'
import discoveryLan from '../../../../plugins/discovery/lan/index.ts'
import wireBinary from '../../../../plugins/wire/binary/index.ts'
import { identifierSchema } from '../../../../schemas/generated/identifier.ts'
import { fakeContext, resolveOptions, type FakeContext, type FakeSetup } from '../../../support/fake-context.ts'

/** Of an announcement; undefined leaves a field out. */
export type Fields = { readonly [K in keyof IdentifierPacket]?: IdentifierPacket[K] | undefined }

export interface LanSetup extends FakeSetup {
  readonly ports: readonly number[]
  readonly identifier?: string
  /** Where it listens; absent: it has no transport. */
  readonly tcpPort?: number | undefined
  readonly options?: Record<string, unknown>
}

export interface LanNode extends FakeContext {
  start(): Promise<void>
  /** As the host does before the plugin leaves. */
  stop(): Promise<void>
  /** An announcement as another node of this network would send it. */
  announcement(fields?: Fields): Buffer
}

export function lanNode(setup: LanSetup): LanNode {
  const fake = fakeContext({
    ...setup,
    settings: { designatedPorts: setup.ports, ...setup.settings },
    packetTypes: { Identifier: identifierSchema },
  })
  fake.node.identifier = setup.identifier ?? 'me'
  if (setup.tcpPort !== undefined) fake.node.listening.push({ scheme: 'tcp', host: '127.0.0.1', port: setup.tcpPort })
  wireBinary.setup(fake.ctx, resolveOptions(wireBinary))
  discoveryLan.setup(fake.ctx, resolveOptions(discoveryLan, setup.options))
  return Object.assign(fake, {
    start: async () => discoveryLan.start?.(fake.ctx),
    stop: async () => discoveryLan.stop?.(fake.ctx),
    announcement(fields: Fields = {}) {
      const packet = {
        type: 'Identifier',
        message: '',
        data: 4000,
        ip: '127.0.0.1',
        network: 'test',
        sourceOriginIdentifier: 'somebody',
        sourceOriginTime: 1_700_000_000_000,
        ...fields,
      }
      const { head, payload } = fake.ctx.use('wire').encode(packet as IdentifierPacket)
      return Buffer.concat(payload === undefined ? [head] : [head, payload])
    },
  })
}
