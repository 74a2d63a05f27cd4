/**
 * From the `use` of an entry to the plugin: a built-in by name, a package or a path seen from the config file, or the
 * plugin itself.
 */
import { stat } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { messageOf, P2PNetError } from '../errors.ts'
import type { AnyPlugin } from '../host/define-plugin.ts'
import { didYouMean } from '../suggest.ts'
import { builtIn, type Catalogue } from './catalogue.ts'
import { checkPlugin } from './check-plugin.ts'
import { defaultOf } from './load.ts'
import type { ModuleLoader } from './module-loader.ts'
import { lineIn } from './syntax.ts'

export interface ResolveContext {
  readonly catalogue: Catalogue
  readonly modules: ModuleLoader
  /** What paths and packages are seen from. */
  readonly directory: string
  readonly file?: string
  /** Names the config in messages. */
  readonly where: string
}

/**
 * @param entry the path of the entry in the config.
 * @throws P2PNetError E_PLUGIN_NOT_FOUND, E_PLUGIN_LOAD, E_PLUGIN_INVALID
 */
export async function resolvePlugin(use: string | object, entry: string, context: ResolveContext): Promise<AnyPlugin> {
  const { catalogue, modules, where } = context
  if (typeof use !== 'string') return checkPlugin(use, 'the plugin object', entry, where)
  const known = builtIn(catalogue, use)
  if (known !== undefined) return checkPlugin((await known.load()).default, use, entry, where)
  const byPath = isPath(use)
  const file = byPath ? await fileOf(use, entry, context) : await packageOf(use, entry, context)
  let exported: unknown
  try {
    exported = await (byPath ? modules.load(file) : modules.loadPackage(file))
  } catch (error) {
    const words = `${use} threw while it was imported: ${messageOf(error)}${lineIn(error, file)}`
    throw new P2PNetError('E_PLUGIN_LOAD', `${where}: ${entry}: ${words}`, { path: entry, plugin: use, cause: error })
  }
  return checkPlugin(defaultOf(exported), use, entry, where)
}

export const isPath = (use: string): boolean => /^\.{1,2}(?:[\\/]|$)|^file:/.test(use) || path.isAbsolute(use)

async function fileOf(use: string, entry: string, { directory, modules, where }: ResolveContext): Promise<string> {
  const target = use.startsWith('file:') ? fileURLToPath(use) : path.resolve(directory, use)
  if (await isFile(target)) return target
  try {
    return await modules.resolve(target, path.join(directory, 'p2pnet.config.ts')) // a folder, or a name without its ending
  } catch (error) {
    throw new P2PNetError('E_PLUGIN_NOT_FOUND', `${where}: ${entry}: there is no file ${target}`, {
      path: entry,
      plugin: use,
      remedy: 'Check the path; it is relative to the config file.',
      cause: error,
    })
  }
}

async function packageOf(use: string, entry: string, context: ResolveContext): Promise<string> {
  const { catalogue, modules, directory, file, where } = context
  try {
    if (isBuiltin(use)) throw new Error(`${use} is a module of Node`)
    return await modules.resolve(use, file ?? path.join(directory, 'p2pnet.config.ts'))
  } catch (error) {
    const hint = didYouMean(use, Object.keys(catalogue))
    const install = hint === '' ? /^(?:@[\w.~-]+\/)?[\w.~-]+/.exec(use)?.[0] : undefined
    throw new P2PNetError(
      'E_PLUGIN_NOT_FOUND',
      `${where}: ${entry}: there is no plugin ${JSON.stringify(use)}${hint}`,
      {
        path: entry,
        plugin: use,
        remedy: `Check the spelling${install === undefined ? '' : `, run \`npm install ${install}\``}, or give a path that starts with ./`,
        cause: error,
      },
    )
  }
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile()
  } catch {
    return false // absent, or not to be looked at: resolving it says so
  }
}
