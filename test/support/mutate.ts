/** Breaks bytes the way networks, bugs and enemies do: seeded, so that what broke something breaks it again. */
import type { Random } from '../../core/random.ts'

/** Numbers at the edges of what a length may be. */
const lies = [0, 1, 15, 16, 17, 20, 255, 65_535, 65_536, 1_048_572, 1_048_577, 0x7fffffff, 0x80000000, 0xffffffff]

const pick = (random: Random, below: number) => Math.floor(random.next() * below)

const mutations: ((bytes: Buffer, random: Random) => Buffer)[] = [
  // a bit or a few
  (bytes, random) => {
    for (let i = pick(random, 4); i >= 0; i--) bytes[pick(random, bytes.length)]! ^= 1 << pick(random, 8)
    return bytes
  },
  // the end is missing
  (bytes, random) => bytes.subarray(0, pick(random, bytes.length)),
  // something in between
  (bytes, random) => {
    const at = pick(random, bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + pick(random, 40)), bytes.subarray(at)])
  },
  // a piece twice
  (bytes, random) => {
    const at = pick(random, bytes.length)
    return Buffer.concat([bytes, bytes.subarray(at, at + pick(random, bytes.length))])
  },
  // a piece left out
  (bytes, random) => {
    const at = pick(random, bytes.length)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + pick(random, 30))])
  },
  // a length that lies: of the frame, of the header, anywhere
  (bytes, random) => {
    if (bytes.length < 20) return bytes
    const at = [0, 8, pick(random, bytes.length - 4)][pick(random, 3)] ?? 0
    bytes.writeUInt32BE(lies[pick(random, lies.length)] ?? 0, at)
    return bytes
  },
  // another byte in the head
  (bytes, random) => {
    bytes[pick(random, Math.min(20, bytes.length))] = pick(random, 256)
    return bytes
  },
]

export function mutate(bytes: Uint8Array, random: Random): Buffer {
  let mutated: Buffer = Buffer.from(bytes)
  for (let i = pick(random, 3); i >= 0; i--) {
    if (mutated.length === 0) return mutated
    mutated = mutations[pick(random, mutations.length)]!(mutated, random)
  }
  return mutated
}
