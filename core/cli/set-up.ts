/**
 * Runs the setups of a composition on paper: what they tap is known then, and what they refuse. Nothing is opened.
 */
import { systemClock } from '../clock.ts'
import type { Composition } from '../config/composition.ts'
import type { Paper } from '../config/trust-reach.ts'
import { asP2PNetError, P2PNetError } from '../errors.ts'
import { Kernel } from '../kernel.ts'
import { systemRandom } from '../random.ts'

/**
 * What is known of a node that was set up and never started.
 * @throws P2PNetError E_PLUGIN_SETUP and its kind, with the path of the entry
 */
export function setUpOnPaper(composition: Composition): Paper {
  try {
    const { host, capabilities, transportOwners } = new Kernel(composition, systemClock, systemRandom)
    return {
      taps: host.taps,
      transports: [...transportOwners.values()],
      trusted: (level) => capabilities.get('trust')?.trusted(level) === true,
    }
  } catch (thrown) {
    const error = asP2PNetError(thrown, 'E_PLUGIN_SETUP')
    const entry = composition.plugins.find(({ id }) => id === error.plugin)
    if (entry === undefined || error.path !== undefined) throw error
    const { code, message, remedy, plugin = '', hook, cause } = error
    throw new P2PNetError(code, message, {
      remedy,
      plugin,
      path: entry.path,
      cause,
      ...(hook !== undefined && { hook }),
    })
  }
}
