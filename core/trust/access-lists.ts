/**
 * The operator's lists: who is blocked, who is authorized. Kept in the data directory, written whole and renamed, so
 * that a crash leaves the old lists or the new ones.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { BlockList, isIP } from 'node:net'
import path from 'node:path'
import type { Clock } from '../clock.ts'
import { messageOf, P2PNetError } from '../errors.ts'
import { plainAddress } from '../peers/address-group.ts'

interface Stored {
  readonly blocked: Readonly<Record<string, number | null>>
  readonly authorized: readonly string[]
}

const cidr = /^(.+)\/(\d{1,3})$/

export class AccessLists {
  readonly #clock: Clock
  readonly #file: string
  /** Target to the time it is blocked until; Infinity for good. */
  readonly #blocked = new Map<string, number>()
  readonly #authorized = new Set<string>()
  #ranges: { target: string; list: BlockList }[] = []
  #writing: Promise<void> = Promise.resolve()

  constructor(clock: Clock, dataDir: string) {
    this.#clock = clock
    this.#file = path.join(dataDir, 'access.json')
  }

  /** @throws P2PNetError E_DATA_DIR if the file is there and cannot be understood: a block must not be lost. */
  async load(): Promise<void> {
    let text: string
    try {
      text = await readFile(this.#file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      throw new P2PNetError('E_DATA_DIR', `cannot read ${this.#file}: ${messageOf(error)}`, { cause: error })
    }
    try {
      const { blocked, authorized } = JSON.parse(text) as Stored
      for (const [target, until] of Object.entries(blocked)) {
        if (until !== null && typeof until !== 'number')
          throw new TypeError(`${target} is blocked until ${typeof until}`)
        this.#blocked.set(target, until ?? Infinity)
      }
      for (const identifier of authorized) this.#authorized.add(identifier)
      this.#buildRanges()
    } catch (error) {
      throw new P2PNetError('E_DATA_DIR', `${this.#file} is damaged: ${messageOf(error)}`, { cause: error })
    }
  }

  isBlocked(target: string): boolean {
    if (this.#blocked.size === 0) return false
    const plain = plainAddress(target)
    if (this.#isLive(plain)) return true
    const family = isIP(plain)
    if (family === 0 || this.#ranges.length === 0) return false
    const type = family === 6 ? 'ipv6' : 'ipv4'
    return this.#ranges.some(({ target: range, list }) => list.check(plain, type) && this.#isLive(range))
  }

  isAuthorized(identifier: string): boolean {
    return this.#authorized.has(identifier)
  }

  /** @throws P2PNetError E_CONFIG_INVALID if it looks like a range of addresses and is none */
  block(target: string, until = Infinity): Promise<void> {
    rangeOf(target)
    const now = this.#clock.now()
    for (const [other, end] of this.#blocked) if (end <= now) this.#blocked.delete(other)
    this.#blocked.set(plainAddress(target), until)
    this.#buildRanges()
    return this.#save()
  }

  unblock(target: string): Promise<void> {
    this.#blocked.delete(plainAddress(target))
    this.#buildRanges()
    return this.#save()
  }

  authorize(identifier: string): Promise<void> {
    this.#authorized.add(identifier)
    return this.#save()
  }

  revoke(identifier: string): Promise<void> {
    this.#authorized.delete(identifier)
    return this.#save()
  }

  /** Resolves when what was changed is on disk. */
  settled(): Promise<void> {
    return this.#writing
  }

  #isLive(target: string): boolean {
    return (this.#blocked.get(target) ?? 0) > this.#clock.now()
  }

  #buildRanges(): void {
    this.#ranges = [...this.#blocked.keys()].flatMap((target) => {
      const list = rangeOf(target)
      return list === undefined ? [] : [{ target, list }]
    })
  }

  #save(): Promise<void> {
    const write = async () => {
      const blocked = [...this.#blocked].map(([target, until]) => [target, until === Infinity ? null : until] as const)
      const stored: Stored = { blocked: Object.fromEntries(blocked), authorized: [...this.#authorized] }
      const temporary = `${this.#file}.new`
      await writeFile(temporary, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600 })
      await rename(temporary, this.#file)
    }
    const saved = this.#writing.then(write, write)
    this.#writing = saved.catch(() => undefined)
    return saved
  }
}

/** `10.0.0.0/8` as a range; undefined for what names one peer. */
function rangeOf(target: string): BlockList | undefined {
  const [, net = '', bits = ''] = cidr.exec(target) ?? []
  return isIP(net) === 0 ? undefined : addressRange(net, Number(bits))
}

/** A range of addresses. @throws P2PNetError E_CONFIG_INVALID */
export function addressRange(net: string, bits: number): BlockList {
  const list = new BlockList()
  try {
    list.addSubnet(net, bits, isIP(net) === 6 ? 'ipv6' : 'ipv4')
  } catch (error) {
    throw new P2PNetError('E_CONFIG_INVALID', `${net}/${String(bits)} is no range of addresses`, { cause: error })
  }
  return list
}
