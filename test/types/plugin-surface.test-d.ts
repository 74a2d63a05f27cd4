/**
 * What a plugin's author can and cannot write, held by the compiler: each line under @ts-expect-error must not compile.
 */
import {
  definePlugin,
  TrustLevel,
  type Capabilities,
  type NetworkPacket,
  type PluginContext,
  type Refusal,
  type Wire,
} from 'p2pnet'

interface ForecastPacket extends NetworkPacket {
  readonly type: 'Forecast'
  readonly celsius: number
}

interface Weather {
  today(): number
}

declare module 'p2pnet' {
  interface PacketTypes {
    Forecast: ForecastPacket
  }
  interface Capabilities {
    weather: Weather
  }
  interface Events {
    stormWarning: [celsius: number]
  }
}

const no: Refusal = { code: 'E_TOO_COLD', reason: 'below zero' }

export default definePlugin({
  name: 'surface',
  version: '1.0.0',
  api: 1,
  provides: ['weather'],
  setup(ctx, options: { readonly city: string }) {
    const { packets, trust, discovery, routines } = ctx.hooks

    // A hook can be tapped …
    packets.admit.tap((packet, channel) =>
      channel.level < TrustLevel.pinged && packet.type === 'Forecast' ? no : undefined,
    )
    packets.admit.tap(() => undefined, { stage: -10 })
    packets.admit.tap(() => {})
    packets.received.for('Forecast').tap((packet) => (packet.celsius < 0 ? 'handled' : undefined))
    packets.received
      .for('PureMessage')
      .tapPromise(async ({ message }) => Promise.resolve(message === '' ? 'handled' : undefined))
    trust.handshake.tapPromise(async () => Promise.resolve(TrustLevel.identified))
    routines.collect.tap((registry) => {
      registry.add({ name: 'storm', interval: 1000, run: () => undefined })
    })
    ctx.provide('weather', { today: () => options.city.length })
    ctx.network.on('stormWarning', (celsius) => celsius.toFixed())
    ctx.network.emit('stormWarning', -3)
    const length: number = ctx.use('weather').today()

    // … and not called.
    // @ts-expect-error no call
    packets.admit.call({} as never, {} as never)
    // @ts-expect-error no promise
    void trust.handshake.promise({} as never)
    // @ts-expect-error no list of taps
    void packets.admit.taps
    // @ts-expect-error no interceptors
    packets.admit.intercept({})
    // @ts-expect-error an async function is no synchronous tap of a bail hook
    packets.admit.tap(async () => Promise.resolve(no))
    // @ts-expect-error nor of an observer
    routines.collect.tap(async () => Promise.resolve())
    // @ts-expect-error nor of an asynchronous hook through tap()
    packets.received.for('PureMessage').tap(async () => Promise.resolve('handled'))
    // @ts-expect-error a synchronous hook has no tapPromise
    packets.admit.tapPromise(async () => Promise.resolve(undefined))
    // @ts-expect-error null is no answer
    packets.admit.tap(() => null)
    // @ts-expect-error nor is a boolean: there is no "allow"
    packets.admit.tap(() => true)
    // @ts-expect-error nor is another word than 'handled'
    packets.received.for('PureMessage').tap(() => 'done')
    // @ts-expect-error an unknown packet type
    packets.received.for('Forcast').tap(() => undefined)
    // @ts-expect-error an unknown hook
    discovery.announced.tap(() => undefined)
    // @ts-expect-error an unknown capability
    ctx.use('wether')
    // @ts-expect-error a capability of another shape
    ctx.provide('weather', { tomorrow: () => 1 })
    // @ts-expect-error the kernel alone runs this hook
    void ctx.network.ask('packets.admit', {} as never, {} as never)
    // @ts-expect-error a level that is none
    trust.handshake.tap(() => 7)
    return void length
  },
})

/** A waterfall may answer nothing, or a packet. */
export function shape(ctx: PluginContext): void {
  ctx.hooks.discovery.announce.tap((packet) => ({ ...packet, message: 'hello' }))
  ctx.hooks.packets.outgoing.tap(() => undefined)
  // @ts-expect-error something else than a packet
  ctx.hooks.discovery.announce.tap(() => 'hello')
}

export const slot: Wire extends Capabilities['wire'] ? true : false = true
