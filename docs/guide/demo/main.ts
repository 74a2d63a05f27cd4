/**
 * The demo: three nodes in three processes on loopback, each composed from p2pnet.config.ts with a data directory of its
 * own. They find each other, shake hands, exchange messages, and one sends a file to the others.
 *
 *     npm run demo              a table
 *     npm run -s demo -- --json one JSON object
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Party } from './party.ts'
import { progressBar, table, type DemoResult } from './report.ts'

const nodes = 3
const fileBytes = 64 * 1024 * 1024
const deadlineMs = 55_000

const asJson = process.argv.includes('--json')
const say = (line: string) => {
  if (!asJson) console.log(line)
}

async function main(directory: string): Promise<DemoResult> {
  const parties = Array.from({ length: nodes }, (_, i) => new Party(path.join(directory, `node-${String(i + 1)}`)))
  try {
    say(`Starting ${String(nodes)} nodes, each a process of its own …`)
    await Promise.all(parties.map((party) => party.heard('started')))
    const started = Math.max(...parties.map((party) => party.startedAt))
    const others = (party: Party) => parties.filter((other) => other !== party).map(({ identifier }) => identifier)

    const discovered = await Promise.all(parties.map((party) => party.ask('discover', { peers: others(party) })))
    const discoverMs = Math.max(0, Math.max(...discovered.map(({ at }) => at)) - started)
    say(`Everybody knows everybody after ${String(discoverMs)} ms.`)

    const trusted = await Promise.all(parties.map((party) => party.ask('trust', { peers: others(party) })))
    const trustMs = Math.max(0, Math.max(...trusted.map(({ at }) => at)) - started)
    say(`Everybody trusts everybody after ${String(trustMs)} ms.`)

    const heard = Promise.all(parties.map((party) => party.ask('hear', { count: nodes - 1 })))
    await Promise.all(parties.map((party) => party.ask('greet', {})))
    const messages = (await heard).reduce((sum, { count }) => sum + count, 0)
    say(`${String(messages)} messages arrived.`)

    const [sender, ...receivers] = parties as [Party, ...Party[]]
    const name = 'random.bin'
    const file = path.join(directory, name)
    await writeRandomFile(file)
    const arrived = Promise.all(receivers.map((party) => party.ask('receive', { name })))
    const bar = asJson ? undefined : progressBar(fileBytes * receivers.length)
    const sent = await sender.ask('send', { path: file }, (progress) => bar?.update(progress.sent))
    const files = await arrived
    bar?.update(fileBytes * receivers.length)
    bar?.stop()
    const seconds = (Math.max(...files.map(({ at }) => at)) - sent.startedAt) / 1000

    return {
      nodes,
      discovered: discovered.reduce((sum, { count }) => sum + count, 0),
      trusted: trusted.reduce((sum, { count }) => sum + count, 0),
      discoverMs,
      trustMs,
      messages,
      file: {
        name,
        bytes: fileBytes,
        receivers: files.length,
        sha256: sent.sha256,
        sha256Equal: files.every(({ sha256, size }) => sha256 === sent.sha256 && size === fileBytes),
        mbPerSecond: Math.round(fileBytes / 1e5 / seconds) / 10,
      },
    }
  } finally {
    await Promise.all(parties.map((party) => party.end()))
  }
}

async function writeRandomFile(file: string): Promise<void> {
  const handle = await open(file, 'wx')
  try {
    for (let written = 0; written < fileBytes; written += 1_048_576) await handle.write(randomBytes(1_048_576))
  } finally {
    await handle.close()
  }
}

/** What should have happened and did not. */
function shortcomings({ discovered, trusted, messages, file }: DemoResult): string[] {
  const pairs = nodes * (nodes - 1)
  return [
    ...(discovered === pairs ? [] : [`${String(discovered)} of ${String(pairs)} discoveries`]),
    ...(trusted === pairs ? [] : [`${String(trusted)} of ${String(pairs)} trusted channels`]),
    ...(messages === pairs ? [] : [`${String(messages)} of ${String(pairs)} messages`]),
    ...(file.receivers === nodes - 1 && file.sha256Equal ? [] : ['a file that differs from what was sent']),
  ]
}

const directory = await mkdtemp(path.join(tmpdir(), 'p2pnet-demo-'))
const alarm = setTimeout(() => {
  console.error(`The demo is not through after ${String(deadlineMs / 1000)} s.`)
  process.exit(1)
}, deadlineMs)
try {
  const result = await main(directory)
  console.log(asJson ? JSON.stringify(result) : table(result))
  const missing = shortcomings(result)
  if (missing.length > 0) {
    console.error(`Missing: ${missing.join(', ')}`)
    process.exitCode = 1
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  clearTimeout(alarm)
  await rm(directory, { recursive: true, force: true })
}
