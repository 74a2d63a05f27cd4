/**
 * The seed's NetworkRoutines: work on a clock, by name. Its two routines are always there and start only when the config
 * or somebody at run time says so; more come from plugins, through routines.collect, and from the config.
 */
import { definePlugin, type PluginContext, type Routine } from '../../../core/index.ts'
import {
  routinesDefaultSchema,
  type ResolvedRoutinesDefaultOptions,
} from '../../../schemas/generated/routines-default.ts'
import { discernPeerChannels } from './discern-peer-channels.ts'
import { rotateBroadcastPort } from './rotate-broadcast-port.ts'
import { RoutineTable } from './routine-table.ts'

interface Node {
  readonly routines: RoutineTable
  readonly options: ResolvedRoutinesDefaultOptions
}

const nodes = new WeakMap<PluginContext, Node>()

export default definePlugin<ResolvedRoutinesDefaultOptions>({
  name: 'routines-default',
  version: '0.1.0',
  api: 1,
  schema: routinesDefaultSchema,
  provides: ['routines'],
  errors: {
    E_ROUTINE_UNKNOWN: 'Use the name of a routine that is there: iterate over the routines capability to see them.',
    E_ROUTINE_DUPLICATE: 'Give the routine another name: each is known by its own.',
    E_ROUTINE_INTERVAL: 'Give an interval, and a timeout, of at least 10 ms.',
    E_ROUTINE_INVALID: 'A routine is { name, interval, run }: a text, a number of milliseconds, a function.',
    E_ROUTINE_TIMEOUT: 'Let run(signal) end when its signal is aborted, or give the routine a longer `timeout`, in ms.',
    E_ROUTINE_FAILED: 'The routine threw; the message and the log say what.',
  },

  setup(ctx, options) {
    const routines = new RoutineTable(ctx, options.timeout)
    routines.add(rotateBroadcastPort(ctx))
    routines.add(discernPeerChannels(ctx))
    for (const routine of options.routines) routines.add(routine as Routine)
    ctx.provide('routines', routines)
    nodes.set(ctx, { routines, options })
  },

  async start(ctx) {
    const node = nodes.get(ctx)
    if (node === undefined) return
    const { routines, options } = node
    await ctx.network.ask('routines.collect', routines)
    for (const [name, ms] of Object.entries(options.intervals)) routines.setInterval(name, ms)
    for (const name of options.start) routines.start(name)
  },

  // The host gives a stop stopMs in all; what is left of it is for being told of.
  stop: (ctx) => nodes.get(ctx)?.routines.close(ctx.settings.limits.stopMs * 0.8),
})
