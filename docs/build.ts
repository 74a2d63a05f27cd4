/**
 * Writes what is generated under docs/reference/: config, plugins, hooks, errors and types. Run it with `npm run docs`
 * after a change to a schema, the hook catalogue, an error or a public type; a test holds the result fresh.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type ts from 'typescript'
import type { Schema } from '../schemas/build-walk.ts'
import { configPage } from './build-config.ts'
import { errorsPage } from './build-errors.ts'
import { hooksPage } from './build-hooks.ts'
import { loadBuiltIns, pluginsPage } from './build-plugins.ts'
import { parse } from './build-source.ts'
import { typesPage } from './build-types.ts'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFile(new URL(path, root), 'utf8')

/** Every generated page: its text by its path, relative to the repository. */
export async function generate(): Promise<Map<string, string>> {
  const builtIns = await loadBuiltIns()
  const config = JSON.parse(await read('schemas/config.json')) as Schema
  const events = await parse('core/events.ts')
  return new Map([
    ['docs/reference/config.md', configPage(config)],
    ['docs/reference/plugins.md', pluginsPage(builtIns)],
    ['docs/reference/hooks.md', hooksPage(await parse('core/hooks.ts'), { events, plugins: await augmentations() })],
    ['docs/reference/errors.md', errorsPage(await read('core/errors.ts'), builtIns)],
    ['docs/reference/types.md', await typesPage()],
  ])
}

/** Sources of built-ins that declare events of their own. */
async function augmentations(): Promise<ts.SourceFile[]> {
  const files = await readdir(fileURLToPath(new URL('plugins', root)), { recursive: true })
  const paths = files.filter((file) => file.endsWith('.ts')).map((file) => `plugins/${file.replaceAll('\\', '/')}`)
  const sources = await Promise.all(paths.sort().map(async (path) => ({ path, text: await read(path) })))
  return Promise.all(
    sources.filter(({ text }) => /^ {2}interface Events \{/m.test(text)).map(({ path }) => parse(path)),
  )
}

async function write(): Promise<void> {
  for (const [path, text] of await generate()) await writeFile(new URL(path, root), text)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await write()
