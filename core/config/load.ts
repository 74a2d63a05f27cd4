/**
 * Finds and reads the config: by a path, or upwards from a directory to the root of its package. What it says is not
 * looked at here.
 */
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import type { CosmiconfigResult, Loader } from 'cosmiconfig'
import { P2PNetError } from '../errors.ts'
import { isBranded } from '../host/define-plugin.ts'
import type { ModuleLoader } from './module-loader.ts'
import { moduleError, parseJson, yamlError } from './syntax.ts'

/** In this order in each directory. */
export const searchPlaces = [
  ...['ts', 'js', 'mjs', 'cjs', 'json', 'yaml'].map((kind) => `p2pnet.config.${kind}`),
  '.p2pnetrc',
  '.p2pnetrc.json',
  '.p2pnetrc.yaml',
  'package.json',
]

export interface LoadedConfig {
  readonly value: unknown
  /** Absolute; absent for a config that was given as an object. */
  readonly file?: string
  /** What relative paths are relative to. */
  readonly directory: string
  /** Names the config in messages. */
  readonly where: string
}

/** Hidden from cosmiconfig, which would take errors of a file for its absence, and understand keys of its own. */
type Read = { readonly value: unknown } | { readonly failure: P2PNetError }

/**
 * @param config a path, an object, or nothing: search from `cwd`.
 * @throws P2PNetError E_CONFIG_NOT_FOUND, E_CONFIG_SYNTAX, E_CONFIG_INVALID
 */
export async function loadConfig(config: unknown, cwd: string, modules: ModuleLoader): Promise<LoadedConfig> {
  if (config !== undefined && typeof config !== 'string') return { value: config, directory: cwd, where: 'config' }
  const result = config === undefined ? await search(cwd, modules) : await read(path.resolve(cwd, config), cwd, modules)
  const { filepath: file, isEmpty } = result
  const where = nameOf(file, cwd)
  if (isEmpty === true)
    throw new P2PNetError('E_CONFIG_INVALID', `${where} is empty`, { path: '', remedy: emptyRemedy })
  const content = result.config as Read
  if ('failure' in content) throw content.failure
  return { value: content.value, file, directory: path.dirname(file), where }
}

const emptyRemedy = 'Write a config into it, for example with `p2pnet init` after removing it.'

type Found = NonNullable<CosmiconfigResult>

async function search(cwd: string, modules: ModuleLoader): Promise<Found> {
  let result: CosmiconfigResult
  try {
    result = await (await explorer(cwd, modules)).search(cwd)
  } catch (error) {
    throw unreadable((error as { path?: string }).path ?? cwd, cwd, error)
  }
  const hidden = await firstUnreadable(cwd, result?.filepath)
  if (hidden !== undefined) throw hidden
  if (result === null)
    throw new P2PNetError(
      'E_CONFIG_NOT_FOUND',
      `no config from ${cwd} up to the root of its package: ${searchPlaces.join(', ')}`,
    )
  return result
}

async function read(file: string, cwd: string, modules: ModuleLoader): Promise<Found> {
  let result: CosmiconfigResult
  try {
    result = await (await explorer(cwd, modules)).load(file)
  } catch (error) {
    throw unreadable(file, cwd, error)
  }
  if (result === null) throw new P2PNetError('E_CONFIG_NOT_FOUND', `${nameOf(file, cwd)} has no key p2pnet`)
  return result
}

async function explorer(cwd: string, modules: ModuleLoader) {
  const { cosmiconfig, defaultLoaders } = await import('cosmiconfig')
  const guarded =
    (parse: (file: string, text: string, where: string) => unknown): Loader =>
    async (file, text) => {
      try {
        return wrap(file, { value: await parse(file, text, nameOf(file, cwd)) })
      } catch (error) {
        return wrap(file, { failure: error as P2PNetError })
      }
    }
  const code = guarded((file, _, where) => loadModule(file, where, modules))
  const yaml = guarded((file, text, where) => {
    try {
      return defaultLoaders['.yaml'](file, text) as unknown
    } catch (error) {
      throw yamlError(error, where)
    }
  })
  const unknown = guarded((file, _, where) => {
    throw new P2PNetError('E_CONFIG_SYNTAX', `${where}: a config is TS, JS, JSON or YAML, not ${path.extname(file)}`)
  })
  const json = guarded((_, text, where) => parseJson(text, where))
  const modulesLoaders = Object.fromEntries(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'].map((kind) => [kind, code]))
  const loaders = { ...modulesLoaders, '.json': json, '.yaml': yaml, '.yml': yaml, noExt: yaml, default: unknown }
  return cosmiconfig('p2pnet', {
    searchPlaces,
    searchStrategy: 'project',
    cache: false,
    ignoreEmptySearchPlaces: false,
    loaders,
  })
}

/** cosmiconfig looks into what a package.json gives for the key p2pnet, and passes over one that has none. */
function wrap(file: string, content: Read): unknown {
  if (path.basename(file) !== 'package.json' || 'failure' in content)
    return isPackage(file) ? { p2pnet: content } : content
  const { value } = content
  const has = typeof value === 'object' && value !== null && Object.hasOwn(value, 'p2pnet')
  return has ? { p2pnet: { value: (value as { p2pnet: unknown }).p2pnet } } : {}
}

const isPackage = (file: string) => path.basename(file, path.extname(file)) === 'package'

async function loadModule(file: string, where: string, modules: ModuleLoader): Promise<unknown> {
  let exported: unknown
  try {
    exported = await modules.load(file)
  } catch (error) {
    throw moduleError(error, where, file)
  }
  const value = defaultOf(exported)
  if (value === undefined)
    throw new P2PNetError('E_CONFIG_INVALID', `${where} has no default export`, {
      path: '',
      remedy: 'Export the config by default: `export default defineConfig({ … })`.',
    })
  return value
}

/** The default export of a module, or what a CommonJS module exports. */
export function defaultOf(exported: unknown): unknown {
  if (typeof exported !== 'object' || exported === null || isBranded(exported)) return exported
  const { default: value, __esModule } = exported as { default?: unknown; __esModule?: boolean }
  const isModule = __esModule === true || (exported as Record<symbol, unknown>)[Symbol.toStringTag] === 'Module'
  if (!isModule) return Object.keys(exported).length === 0 ? undefined : exported
  const inner = value as { default?: unknown; __esModule?: boolean } | null | undefined
  return inner?.__esModule === true ? inner.default : value // CommonJS made of an ES module
}

/** cosmiconfig passes over a file that may not be read, and takes the next; whoever wrote it would never know. */
async function firstUnreadable(from: string, found: string | undefined): Promise<P2PNetError | undefined> {
  for (let directory = path.resolve(from); ; directory = path.dirname(directory)) {
    for (const place of searchPlaces) {
      const file = path.join(directory, place)
      if (file === found) return undefined
      const error = await access(file, constants.R_OK).catch((reason: unknown) => reason as NodeJS.ErrnoException)
      if (error?.code === 'EACCES' || error?.code === 'EPERM') return unreadable(file, from, error)
      if (error === undefined && place === 'package.json') return undefined
    }
    if (path.dirname(directory) === directory) return undefined
  }
}

function unreadable(file: string, cwd: string, cause: unknown): P2PNetError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const where = nameOf(file, cwd)
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new P2PNetError('E_CONFIG_NOT_FOUND', `there is no ${where}`, { cause })
  return new P2PNetError('E_CONFIG_NOT_FOUND', `${where} cannot be read: ${code === '' ? message : code}`, {
    remedy: 'Name a file, and make it readable for this user.',
    cause,
  })
}

/** Relative to where the command runs, if it lies below. */
function nameOf(file: string, cwd: string): string {
  const relative = path.relative(cwd, file)
  return relative.startsWith('..') || path.isAbsolute(relative) || relative === '' ? file : relative
}
