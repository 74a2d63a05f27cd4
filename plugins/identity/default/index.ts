/** Names the node by the seed's algorithm, anew at every start. The name proves nothing; identity-key's does. */
import { definePlugin } from '../../../core/index.ts'
import {
  identityDefaultSchema,
  type ResolvedIdentityDefaultOptions,
} from '../../../schemas/generated/identity-default.ts'
import { chosenAddress } from './address.ts'
import { makeIdentifier } from './identifier.ts'
import { defaultInterface, findMac } from './mac.ts'

export default definePlugin<ResolvedIdentityDefaultOptions>({
  name: 'identity-default',
  version: '0.1.0',
  api: 1,
  schema: identityDefaultSchema,
  provides: ['identity'],

  setup(ctx, { macMs }) {
    const { clock, random, log } = ctx
    ctx.provide('identity', {
      get identifier() {
        return ctx.network.identifier
      },
    })
    ctx.hooks.trust.identifier.tapPromise(async (network) => {
      const mac = await findMac({ interfaces: network.interfaces, clock, random, log, macMs, defaultInterface })
      return makeIdentifier({ mac, time: clock.now(), salt: random.bytes(8), address: chosenAddress(network) })
    })
  },
})
