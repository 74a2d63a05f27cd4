/**
 * `status`: who the node is, how it is, and how many it knows.
 */
import type { Control, Listening, NetworkState, PluginContext } from '../../../../core/index.ts'

export interface Status {
  readonly identifier: string
  /** Of the network. */
  readonly name: string
  readonly state: NetworkState
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly uptimeMs: number
  readonly listening: readonly Listening[]
  readonly publicAddress: { readonly ipv4?: string; readonly ipv6?: string; readonly source: string } | null
  readonly counts: { readonly channels: number; readonly trusted: number; readonly known: number }
  readonly plugins: readonly { readonly id: string; readonly name: string; readonly state: string }[]
}

export function addStatus(control: Control, { network, clock }: PluginContext): void {
  const startedAt = clock.now()
  control.verb('status', {
    arguments: {},
    run(): Status {
      const { identifier, name, state, listening, publicAddress, knownPeers, plugins } = network
      return {
        identifier,
        name,
        state,
        pid: process.pid,
        startedAt,
        uptimeMs: clock.now() - startedAt,
        listening,
        publicAddress: publicAddress ?? null,
        counts: {
          channels: [...network.channels].length,
          trusted: network.trustedChannels.length,
          known: knownPeers.size,
        },
        plugins,
      }
    },
  })
}
