/**
 * From the start of a process until it listens: `p2pnet start` with a JSON, a JS and a TS config against a bare node
 * process that listens.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { inRepository } from '../harness/places.ts'
import type { Entry } from '../harness/entry.ts'
import type { Contender } from '../harness/rounds.ts'

const cli = fileURLToPath(inRepository('dist/core/cli/main.js'))
const bareProgram = `require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log('listening') })`

/** Runs a program until it says that it listens, then ends it. */
function untilListening(name: string, args: string[], cwd: string): Contender {
  return {
    name,
    round: () =>
      new Promise((resolve, reject) => {
        const before = performance.now()
        const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
        let ms: number | undefined
        child.stdout.on('data', (chunk: Buffer) => {
          if (ms !== undefined || !chunk.includes('listening')) return
          ms = performance.now() - before
          child.kill('SIGTERM')
        })
        child.on('exit', (code) => {
          if (ms === undefined) reject(new Error(`${name} ended with ${String(code)} and did not listen`))
          else resolve({ ms })
        })
      }),
  }
}

const bare = 'bare node'
const nameOf = (kind: string) => `p2pnet start, ${kind.toUpperCase()} config`
const json = nameOf('json')

export const start: Entry = {
  name: 'start',
  title: 'process start to listening',
  about: '`p2pnet start` with the minimal preset in a JSON, a JS and a TS config, against a bare process that listens.',
  columns: [{ figure: 'ms', title: 'ms', digits: 0, ratio: true }],
  rounds: 15,
  goals: [{ of: json, against: bare, figure: 'ms', atMost: 3 }],
  async contenders() {
    const directory = await mkdtemp(path.join(tmpdir(), 'p2pnet-bench-start-'))
    const config = `{ "extends": ["p2pnet:minimal"] }`
    await writeFile(path.join(directory, 'json.json'), config)
    await writeFile(path.join(directory, 'js.js'), `export default ${config}\n`)
    await writeFile(
      path.join(directory, 'ts.ts'),
      `import { defineConfig } from 'p2pnet'\nexport default defineConfig(${config})\n`,
    )
    const node = (kind: string) =>
      untilListening(
        nameOf(kind),
        [cli, 'start', '--json', '--config', `${kind}.${kind}`, '--data-dir', `data-${kind}`],
        directory,
      )
    return [
      untilListening(bare, ['-e', bareProgram], directory),
      untilListening('the same again (A/A)', ['-e', bareProgram], directory),
      node('json'),
      node('js'),
      { ...node('ts'), close: () => rm(directory, { recursive: true, force: true }) },
    ]
  },
}
