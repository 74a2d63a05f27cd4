/**
 * Runs the setups of a composition on paper: what they tap is known then, and what they refuse. Nothing is opened.
 */
import { systemClock } from '../clock.ts'
import type { Composition } from '../config/composition.ts'
import { asP2PNetError, P2PNetError } from '../errors.ts'
import type { TapRecord } from '../host/taps.ts'
import { Kernel } from '../kernel.ts'
import { systemRandom } from '../random.ts'

/**
 * The taps, in the order in which they run.
 * @throws P2PNetError E_PLUGIN_SETUP and its kind, with the path of the entry
 */
export function setUpOnPaper(composition: Composition): readonly TapRecord[] {
  try {
    return new Kernel(composition, systemClock, systemRandom).host.taps
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
