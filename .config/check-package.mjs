// Packs what npm would publish, without running scripts, and lets publint and attw judge that file.
// (Each would otherwise pack for itself, and so rebuild dist under the feet of a running test.)
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const shell = process.platform === 'win32' // npm is a .cmd there
const folder = join('node_modules', '.cache', 'pack')
if (!existsSync('dist')) throw new Error('dist is missing: `npm run build` makes it')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

const [packed] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    encoding: 'utf8',
    shell,
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
)
const tarball = join(folder, packed.filename)
console.log(`${packed.filename}: ${packed.entryCount} files, ${Math.round(packed.size / 1024)} KiB`)

// tsc leaves some imports as they are in the sources (inside of `export default`, for one), where there are no sources.
const unbuilt = readdirSync('dist', { recursive: true }).filter(
  (file) =>
    file.endsWith('.js') && /\b(?:from|import\()\s*['"]\.[^'"]*\.ts['"]/.test(readFileSync(join('dist', file), 'utf8')),
)
if (unbuilt.length > 0) throw new Error(`dist imports TypeScript in ${unbuilt.join(', ')}`)

const run = (command, args) =>
  new Promise((resolve) => spawn(command, args, { stdio: 'inherit', shell }).on('close', (code) => resolve(code ?? 1)))
const codes = await Promise.all([
  run('publint', ['--strict', tarball]),
  run('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']),
])
process.exitCode = Math.max(...codes)
