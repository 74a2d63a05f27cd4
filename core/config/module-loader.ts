/**
 * Loads what a config consists of besides data: the config itself in TS or JS, and plugins by path. One loader serves
 * one composition: a file is evaluated once in it, and afresh in the next. Whatever it loads gets the running host as
 * `p2pnet`, whether or not one is installed where the file lies.
 */
import { readFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Jiti, ModuleCache } from 'jiti'

export interface ModuleLoader {
  /** What a file exports. TS and JS of any kind. */
  load(file: string): Promise<unknown>
  /** What a package exports: its JS as Node loads it. */
  loadPackage(file: string): Promise<unknown>
  /** The file that a package, or a path without its extension, stands for, seen from `fromFile`. */
  resolve(specifier: string, fromFile: string): Promise<string>
}

/** Loads nothing yet, not even jiti: a config in JSON with built-in plugins never needs it. */
export function createModuleLoader(): ModuleLoader {
  let jiti: Promise<Jiti> | undefined
  const opened = () => (jiti ??= openJiti())
  const modules: ModuleCache = {}

  const load = async (file: string): Promise<unknown> =>
    modules[file]?.exports ?? evaluate(await opened(), file, await readFile(file, 'utf8'), modules)
  return {
    load,
    loadPackage: (file) => (/\.[cm]?ts$/.test(file) ? load(file) : import(pathToFileURL(file).href)),
    resolve: async (specifier, fromFile) =>
      fileURLToPath((await opened()).esmResolve(specifier, pathToFileURL(fromFile).href)),
  }
}

async function openJiti(): Promise<Jiti> {
  const [{ createJiti }, host, files] = await Promise.all([
    import('jiti'),
    import('../index.ts'),
    import('../../plugins/files/shared/index.ts'),
  ])
  return createJiti(import.meta.url, {
    virtualModules: { p2pnet: host, 'p2pnet/files': files },
    moduleCache: false,
    interopDefault: false,
    fsCache: false,
  })
}

/**
 * jiti leaves ES modules in plain JS to Node, which would give them another host and keep them until the process ends.
 * It looks a module up in `cache` first: there it finds those evaluated here, packages excepted.
 */
function evaluate(jiti: Jiti, file: string, source: string, modules: ModuleCache): Promise<unknown> {
  const begun = new Map<string, { exports: Promise<unknown> }>()
  const cache = new Proxy(modules, {
    get(known, key: string) {
      // Asked twice in a row, whether it is there and for what it exports: both times the promise of it. Whoever asks
      // later, in a circle of imports, gets what there is so far.
      const module = begun.get(key)
      if (module !== undefined || Object.hasOwn(known, key) || !isOurs(key)) return module ?? known[key]
      const inner = readFileSync(key, 'utf8')
      if (!moduleSyntax.test(inner)) return undefined
      begun.set(key, { exports: evaluate(jiti, key, inner, modules) })
      queueMicrotask(() => begun.delete(key))
      return begun.get(key)
    },
  })
  const options = { id: file, filename: file, ext: path.extname(file), cache, async: true, forceTranspile: true }
  return Promise.resolve(jiti.evalModule(source, options)).catch((error: unknown) => {
    Reflect.deleteProperty(modules, file)
    throw error
  })
}

const isOurs = (file: string) => /\.m?js$/.test(file) && !/[\\/]node_modules[\\/]/.test(file)
const moduleSyntax = /^\s*(?:import|export)\b/m
