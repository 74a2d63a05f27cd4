/**
 * Runs the setups of a composition on paper: what they tap is known then, and what they refuse. Nothing is opened.
 */
import { systemClock } from '../clock.ts'
import type { Composition } from '../config/composition.ts'
import type { Paper } from '../config/trust-reach.ts'
import { asP2PNetError, P2PNetError } from '../errors.ts'
import type { Capabilities, CapabilityName } from '../host/capabilities.ts'
import type { NodeOnPaper } from '../host/command-line.ts'
import { listInterfaces } from '../interfaces.ts'
import { Kernel } from '../kernel.ts'
import { systemRandom } from '../random.ts'

/**
 * What is known of a node that was set up and never started.
 * @throws P2PNetError E_PLUGIN_SETUP and its kind, with the path of the entry
 */
export function setUpOnPaper(composition: Composition): Paper {
  const { host, capabilities, transportOwners } = setUp(composition)
  return {
    taps: host.taps,
    transports: [...transportOwners.values()],
    trusted: (level) => capabilities.get('trust')?.trusted(level) === true,
  }
}

/** The same for a command of a plugin. @throws P2PNetError as setUpOnPaper */
export function nodeOnPaper(composition: Composition): NodeOnPaper {
  const { capabilities, packetTypes } = setUp(composition)
  return {
    settings: composition.settings,
    plugins: composition.plugins.map(({ id, plugin: { name }, options }) => ({ id, name, options })),
    packets: {
      get: (type) => packetTypes.get(type),
      get types() {
        return packetTypes.values()
      },
    },
    get interfaces() {
      return listInterfaces()
    },
    use<K extends CapabilityName>(capability: K): Capabilities[K] {
      const provider = capabilities.get(capability)
      if (provider !== undefined) return provider
      throw new P2PNetError('E_CAPABILITY_MISSING', `nothing provides ${capability}`)
    },
  }
}

function setUp(composition: Composition): Kernel {
  try {
    return new Kernel(composition, systemClock, systemRandom)
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
