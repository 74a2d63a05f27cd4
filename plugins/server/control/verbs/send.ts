/**
 * `send`: a PureMessage to one trusted peer, or to all. Never waits for a peer; a row says what became of it.
 */
import type { Control, DistributionResult, PluginContext } from '../../../../core/index.ts'
import { receivers } from './receivers.ts'

export function addSend(control: Control, { network }: PluginContext): void {
  control.verb('send', {
    arguments: { text: 'string', to: 'string?' },
    run: ({ text, to }): DistributionResult[] =>
      network.post({ type: 'PureMessage', message: text }, receivers(network, to)),
  })
}
