/**
 * What a plugin threw in one step of its life, as the operator gets it: with the plugin's name, the step, the entry's
 * path in the config and a remedy, from the plugin's own table where the code is its own. A setup that does not like an
 * option throws E_PLUGIN_OPTIONS, with a sentence that follows the option's name, and its pointer as path: `/hosts/0`.
 */
import type { ComposedPlugin } from '../config/composition.ts'
import { configError } from '../config/config-error.ts'
import { isP2PNetError, messageOf, P2PNetError } from '../errors.ts'

const codes = { setup: 'E_PLUGIN_SETUP', start: 'E_PLUGIN_START', stop: 'E_PLUGIN_STOP' } as const

export function failureOf(entry: ComposedPlugin, step: keyof typeof codes, thrown: unknown): P2PNetError {
  const { id, path, plugin } = entry
  if (!isP2PNetError(thrown) || thrown.code === 'E_PLUGIN_FAILED')
    return new P2PNetError(
      codes[step],
      placed(entry, step, `plugin ${id} failed ${inWords[step]}: ${messageOf(thrown)}`),
      {
        plugin: id,
        path,
        hook: step,
        cause: thrown,
      },
    )
  const { code, message, cause } = thrown
  const remedy = thrown.remedy === '' ? plugin.errors?.[code] : thrown.remedy
  const details = {
    plugin: thrown.plugin ?? id,
    hook: thrown.hook ?? step,
    cause,
    ...(remedy !== undefined && { remedy }),
  }
  if (code === 'E_PLUGIN_OPTIONS') {
    const option = `${path}/options${thrown.path ?? ''}`
    return configError(code, entry.where, { path: option, sentence: message }, details)
  }
  return new P2PNetError(code, placed(entry, step, message), { ...details, path: thrown.path ?? path })
}

/** A setup fails before anything runs: what there is to look at is the config. */
const placed = ({ where, path }: ComposedPlugin, step: keyof typeof codes, message: string) =>
  step === 'setup' ? `${where}: ${path}: ${message}` : message

const inWords = { setup: 'in setup', start: 'to start', stop: 'to stop' } as const
