/**
 * `<dataDir>/peers.json`: who was trusted and where, for the next start. Hearsay is not kept: it is cheap to hear again,
 * and a lie should not outlive the node. Written whole and renamed, and not more often than now and then; what cannot be
 * understood is set aside, because the node can do without.
 */
import { open, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock, Timer } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { PeerAddress } from './peer.ts'
import type { ProvedPeer } from './known-peers.ts'

const version = 1
/** Peers kept, the latest ones. */
const most = 512
const longestFile = 1_048_576
/** Changes are gathered for so long, in ms. */
const gatherMs = 5000

export interface PeersFileOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly dataDir: string
  /** What to keep, the latest first. */
  proved(): readonly ProvedPeer[]
}

export class PeersFile {
  readonly #options: PeersFileOptions
  readonly #file: string
  #timer: Timer | undefined
  /** Only a node that has read the file may write it. */
  #isOpen = false
  #changed = false
  #writing: Promise<void> = Promise.resolve()

  constructor(options: PeersFileOptions) {
    this.#options = options
    this.#file = path.join(options.dataDir, 'peers.json')
  }

  /** Who was known when the node stopped; nobody if that cannot be read. */
  async load(): Promise<readonly ProvedPeer[]> {
    try {
      const text = await readUpTo(this.#file, longestFile)
      return text === undefined ? [] : parse(text, this.#options.clock.now())
    } catch (error) {
      const aside = `${this.#file}.damaged`
      const kept = await rename(this.#file, aside).then(
        () => aside,
        () => 'nowhere',
      )
      const fields = { file: this.#file, error: messageOf(error), kept }
      this.#options.log.warn('the known peers cannot be read, and are begun anew', fields)
      return []
    } finally {
      this.#isOpen = true
    }
  }

  /** Something is worth keeping. */
  note(): void {
    this.#changed = true
    if (!this.#isOpen || this.#timer !== undefined) return
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined
      this.#write()
    }, gatherMs)
  }

  /** Writes what is not written yet, and nothing after that. */
  async close(): Promise<void> {
    this.#options.clock.clear(this.#timer)
    this.#timer = undefined
    if (this.#isOpen) this.#write()
    this.#isOpen = false
    await this.#writing
  }

  #write(): void {
    if (!this.#changed) return
    this.#changed = false
    const text = `${JSON.stringify({ version, peers: this.#options.proved().slice(0, most) }, null, 1)}\n`
    const write = async () => {
      const temporary = `${this.#file}.new`
      await writeFile(temporary, text, { mode: 0o600 })
      await rename(temporary, this.#file)
    }
    this.#writing = this.#writing.then(write).catch((error: unknown) => {
      this.#options.log.warn('the known peers cannot be written', { file: this.#file, error: messageOf(error) })
    })
  }
}

/** Undefined if there is no such file. @throws Error for one that is longer */
async function readUpTo(file: string, longest: number): Promise<string | undefined> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    if (size > longest) throw new Error(`${String(size)} bytes are more than this node writes`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** @throws Error for what this node has not written */
function parse(text: string, now: number): ProvedPeer[] {
  const stored = JSON.parse(text) as { version?: unknown; peers?: unknown } | null
  if (stored?.version !== version || !Array.isArray(stored.peers)) throw new Error('it is no list of known peers')
  return (stored.peers as unknown[]).slice(0, most).map((peer) => readPeer(peer, now))
}

function readPeer(value: unknown, now: number): ProvedPeer {
  const { identifier, lastSeen, addresses } = (value ?? {}) as Record<string, unknown>
  if (!isText(identifier) || typeof lastSeen !== 'number' || !Array.isArray(addresses))
    throw new Error('an entry is no peer')
  // A clock that was ahead must not make somebody live for ever.
  return { identifier, lastSeen: Math.min(lastSeen, now), addresses: (addresses as unknown[]).map(readAddress) }
}

function readAddress(value: unknown): PeerAddress {
  const { host, port, scheme } = (value ?? {}) as Record<string, unknown>
  const isPort = Number.isInteger(port) && (port as number) > 0 && (port as number) < 65_536
  if (!isText(host) || !isText(scheme) || !isPort) throw new Error('an entry has an address that is none')
  return { host, port: port as number, scheme }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 256
