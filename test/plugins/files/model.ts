/**
 * Random operations on a manager, compared after each one with a model of a few lines.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import type { ManagedFiles } from '../../../plugins/files/shared/index.ts'
import type { Bench } from './manager-suite.ts'

type Policy = 'reject' | 'rename' | 'replace'

const quota = 3_000_000
const names = ['a.txt', 'A.TXT', 'b', 'B', 'é', 'e\u0301', 'long name with spaces.tar.gz', '日本']
const sizes = [0, 1, 100, 131_072, 500_000, 1_500_000]

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      name: fc.constantFrom(...names),
      size: fc.constantFrom(...sizes),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('stream' as const),
      name: fc.constantFrom(...names),
      size: fc.constantFrom(...sizes),
      chunk: fc.constantFrom(1000, 65_536, 262_144),
      lie: fc.constantFrom('none', 'none', 'size', 'hash', 'abort' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), name: fc.constantFrom(...names) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('range' as const),
      name: fc.constantFrom(...names),
      start: fc.nat(200_000),
      length: fc.nat(400_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

const fold = (name: string) => name.normalize('NFC').toUpperCase()
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

class Model {
  readonly files = new Map<string, { name: string; bytes: Buffer }>()
  readonly policy: Policy

  constructor(policy: Policy) {
    this.policy = policy
  }

  /** Stores it, or answers the code of the refusal. */
  write(given: string, bytes: Buffer): string | undefined {
    const old = this.files.get(fold(given))
    if (old !== undefined && this.policy === 'reject') return 'E_FILE_EXISTS'
    const replaced = this.policy === 'replace' ? (old?.bytes.length ?? 0) : 0
    let used = bytes.length - replaced
    for (const file of this.files.values()) used += file.bytes.length
    if (used > quota) return 'E_QUOTA'
    let name = given.normalize('NFC')
    if (old !== undefined && this.policy === 'replace') name = old.name
    for (let n = 2; this.policy === 'rename' && this.files.has(fold(name)); n++) {
      const dot = given.lastIndexOf('.')
      name = (
        dot < 0 ? `${given} (${String(n)})` : `${given.slice(0, dot)} (${String(n)})${given.slice(dot)}`
      ).normalize('NFC')
    }
    this.files.set(fold(name), { name, bytes })
    return undefined
  }
}

export function modelTest(bench: () => Bench): void {
  for (const policy of ['reject', 'rename', 'replace'] as const)
    it(`does as the model does, in 400 random operations under \`${policy}\``, async () => {
      let seed = 0
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 50, maxLength: 50, size: 'max' }), async (operations) => {
          const model = new Model(policy)
          let files = bench().open({ duplicates: policy, durability: 'none', quota })
          for (const { id } of await files.list()) await files.remove(id)
          for (const each of operations) {
            if (each.do === 'restart') {
              await files.close()
              files = bench().open({ duplicates: policy, durability: 'none', quota })
            } else await perform(each, files, model, seed++)
            await compare(files, model)
          }
          await files.close()
        }),
        { seed: 2, numRuns: 8, endOnFailure: true },
      )
    }).timeout(120_000)
}

async function perform(
  each: Exclude<Operation, { do: 'restart' }>,
  files: ManagedFiles,
  model: Model,
  seed: number,
): Promise<void> {
  if (each.do === 'range') return range(each, files, model)
  if (each.do === 'remove') {
    const there = model.files.delete(fold(each.name))
    expect(await codeOf(files.remove(each.name))).to.equal(there ? undefined : 'E_FILE_NOT_FOUND')
    return
  }
  const bytes = Buffer.alloc(each.size, `${String(seed)} `)
  const work = each.do === 'write' ? files.writeToFile(each.name, bytes) : stream(each, files, bytes)
  const code = await codeOf(work)
  const lie = each.do === 'stream' ? each.lie : 'none'
  if (lie === 'none') expect(code).to.equal(model.write(each.name, bytes))
  else expect(code).to.be.a('string')
}

function stream(
  { name, size, chunk, lie }: Extract<Operation, { do: 'stream' }>,
  files: ManagedFiles,
  bytes: Buffer,
): Promise<unknown> {
  const source = function* () {
    for (let at = 0; at < size; at += chunk) yield bytes.subarray(at, at + chunk)
    if (lie === 'abort') throw new Error('the source broke')
  }
  const sha256 = lie === 'hash' ? digest(Buffer.from('other')) : digest(bytes)
  return pipeline(
    Readable.from(source()),
    files.createWriteStream(name, { size: lie === 'size' ? size + 1 : size, sha256 }),
  )
}

async function range(
  { name, start, length }: Extract<Operation, { do: 'range' }>,
  files: ManagedFiles,
  model: Model,
): Promise<void> {
  const file = model.files.get(fold(name))
  const chunks: Buffer[] = []
  const read = (async () => {
    for await (const chunk of files.createReadStream(name, { start, end: start + length })) chunks.push(chunk as Buffer)
  })()
  if (file === undefined) expect(await codeOf(read)).to.equal('E_FILE_NOT_FOUND')
  else {
    await read
    expect(Buffer.concat(chunks).equals(file.bytes.subarray(start, start + length + 1))).to.equal(true)
  }
}

async function compare(files: ManagedFiles, model: Model): Promise<void> {
  const expected = [...model.files.values()]
    .map(({ name, bytes }) => `${name} ${String(bytes.length)} ${digest(bytes)}`)
    .sort()
  const list = await files.list()
  expect(list.map(({ name, size, sha256 }) => `${name} ${String(size)} ${sha256}`).sort()).to.deep.equal(expected)
  const some = list[model.files.size % 3]
  if (some !== undefined) expect(digest(await files.getFile(some.id))).to.equal(some.sha256)
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? 'no code'
  }
}
