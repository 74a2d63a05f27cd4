/**
 * What a plugin threw in one step of its life, as the operator gets it: with the plugin's name, the step, the entry's
 * path in the config and a remedy, from the plugin's own table where the code is its own.
 */
import type { ComposedPlugin } from '../config/composition.ts'
import { isP2PNetError, messageOf, P2PNetError } from '../errors.ts'

const codes = { setup: 'E_PLUGIN_SETUP', start: 'E_PLUGIN_START', stop: 'E_PLUGIN_STOP' } as const

export function failureOf(
  { id, path, plugin }: ComposedPlugin,
  step: keyof typeof codes,
  thrown: unknown,
): P2PNetError {
  if (!isP2PNetError(thrown) || thrown.code === 'E_PLUGIN_FAILED')
    return new P2PNetError(codes[step], `plugin ${id} failed ${inWords[step]}: ${messageOf(thrown)}`, {
      plugin: id,
      path,
      hook: step,
      cause: thrown,
    })
  const { code, message, cause } = thrown
  const remedy = thrown.remedy === '' ? plugin.errors?.[code] : thrown.remedy
  return new P2PNetError(code, message, {
    plugin: thrown.plugin ?? id,
    path: thrown.path ?? path,
    hook: thrown.hook ?? step,
    cause,
    ...(remedy !== undefined && { remedy }),
  })
}

const inWords = { setup: 'in setup', start: 'to start', stop: 'to stop' } as const
