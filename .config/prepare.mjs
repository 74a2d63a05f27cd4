// Builds dist/ from core, plugins and schemas with plain tsc. npm runs this as `prepare` after `npm ci` and before `npm pack`;
// `npm run build` runs it with --required. Where TypeScript or the project's settings are absent (a production install, an unpacked
// tarball) there is nothing to build with: it says so and succeeds, since the packed tarball brings dist along.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const at = (path) => fileURLToPath(new URL(path, root))
const required = process.argv.includes('--required')

const skip = (reason) => {
  console.log(`p2pnet: dist was not built: ${reason}`)
  process.exit(required ? 1 : 0)
}

const findCompiler = () => {
  const { resolve } = createRequire(import.meta.url)
  try {
    resolve('@types/node/package.json') // with --omit=dev npm leaves TypeScript, an optional peer of cosmiconfig, but not the types
    return resolve('typescript/bin/tsc')
  } catch {
    return undefined
  }
}

if (!existsSync(at('tsconfig.build.json')))
  skip('tsconfig.build.json is not here (this is the published package, which has its dist)')
const compiler = findCompiler()
if (compiler === undefined)
  skip(
    'TypeScript or @types/node is not installed (development dependencies were left out); `npm ci` with them builds it',
  )

rmSync(at('dist'), { recursive: true, force: true }) // nothing of a deleted source may be published
const { status } = spawnSync(process.execPath, [compiler, '--project', at('tsconfig.build.json')], {
  stdio: 'inherit',
  cwd: at('.'),
})
if (status !== 0) process.exit(status ?? 1)

for (const bin of Object.values(JSON.parse(readFileSync(at('package.json'), 'utf8')).bin)) {
  if (existsSync(at(bin))) chmodSync(at(bin), 0o755) // tsc writes 644, `npx p2pnet` in the clone needs 755
}
