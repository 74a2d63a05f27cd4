// What strangers can make a node write into its log.
import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Config, PeerNetwork } from 'p2pnet'
import { eventually, Nodes } from '../support/nodes.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { frame } from '../support/wire-codec.ts'
import { WirePeer } from '../support/wire-peer.ts'

interface Line {
  readonly msg: string
  readonly reason?: string
  readonly more?: number
}

/** What a terminal would obey: control characters, separators of lines, and what turns the direction of writing. */
const obeyed = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u

const config: Config = { logging: { logToFile: true }, limits: { messagesPerSecond: 'unlimited' } }

describe('the log', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  /** A node on a clock that stands still, and somebody who says what no plugin knows. */
  async function start(clock: VirtualClock) {
    const dataDir = await nodes.directory()
    const node = await nodes.start('node', [], config, { clock, dataDir })
    const peer = await WirePeer.dial(node)
    await eventually(() => node.trustedChannels[0])
    const say = (type: string) => {
      peer.write(frame({ code: 0, header: JSON.stringify({ type }) }))
    }
    return { node, say, file: path.join(dataDir, 'p2pnet.log') }
  }

  /** The lines of the file, once the node has stopped. */
  async function linesOf(node: PeerNetwork, file: string): Promise<{ text: string; lines: Line[] }> {
    await node.stop()
    const text = await readFile(file, 'utf8')
    expect(text.endsWith('\n')).to.equal(true)
    return {
      text,
      lines: text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line),
    }
  }

  it('has a line for each of a thousand hostile strings, and no line more', async () => {
    const clock = new VirtualClock()
    const { node, say, file } = await start(clock)
    const evil = [
      '\n',
      '\r\n',
      '\u001b[2J',
      '\u0000',
      '\u009b31m',
      '\u2028',
      '\u202e',
      '"}\n{"level":60,"msg":"',
      '\\n',
      '\b',
    ]
    const strings = Array.from({ length: 1000 }, (_, i) => `${evil[i % evil.length]!}${String(i)}`)
    let refused = 0
    node.on('refused', () => refused++)
    for (let i = 0; i < strings.length; i += 50) {
      for (const text of strings.slice(i, i + 50)) say(text)
      await eventually(() => refused === i + 50)
      await clock.advance(1000)
    }
    const { text, lines } = await linesOf(node, file)
    const told = lines.filter(({ msg }) => msg === 'refused').map(({ reason }) => reason)
    expect(told).to.deep.equal(strings.map((type) => `no plugin knows the packet type ${type}`))
    expect(text.split('\n').filter((line) => obeyed.test(line))).to.deep.equal([])
  })

  it('has a hundred lines a second at most of a hundred thousand refusals, however they vary, and says how many more', async () => {
    const clock = new VirtualClock()
    const { node, say, file } = await start(clock)
    const flood = 100_000
    let refused = 0
    node.on('refused', () => refused++)
    for (let i = 0; i < flood; i++) say(`T${String(i)}`)
    await eventually(() => refused === flood, 15_000)
    await clock.advance(1000)
    for (let i = 0; i < 150; i++) say(`U${String(i)}`)
    await eventually(() => refused === flood + 150)
    const { lines } = await linesOf(node, file)
    const told = lines.filter(({ msg }) => msg === 'refused')
    expect(told).to.have.length(200)
    expect(lines.flatMap(({ more }) => more ?? [])).to.deep.equal([flood - 100, 50])
  }).timeout(30_000)
})
