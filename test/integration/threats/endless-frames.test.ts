// Frames without an end: how much of one a node takes before it has had enough.
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import { event, eventually, Nodes, trustAtOnce } from '../../support/nodes.ts'
import { frame } from '../../support/wire-codec.ts'

const mebibyte = 1_048_576
/** What one read of a socket brings at most. */
const oneRead = 65_536

const wires = {
  // It says how long it is: its head is enough to know.
  'wire-binary': { opening: frame({ length: 64 * mebibyte, headerLength: 100 }).subarray(0, 20), needs: 0 },
  // It says nothing of the kind, and is taken up to the limit.
  'wire-tagged': { opening: Buffer.from('<Message>{"Message":"'), needs: 1 },
}

describe('a frame of 64 MiB that never ends', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  for (const [wire, { opening, needs }] of Object.entries(wires))
    for (const [trusted, limit] of [
      [false, 65_536],
      [true, mebibyte],
    ] as const)
      it(`over ${wire} from ${trusted ? 'a trusted peer' : 'a stranger'} ends the channel at ${String(needs * limit)} bytes and one read`, async () => {
        const node = await nodes.compose({
          extends: ['p2pnet:minimal'],
          plugins: [wire, ...(trusted ? [trustAtOnce()] : [])],
        })
        await node.start()
        const { host, port } = node.listening[0]!
        const socket = connect({ host, port }).resume()
        socket.on('error', () => undefined)
        const gone = once(socket, 'close')
        const channel = await eventually(() => [...node.channels][0])
        await eventually(() => (trusted ? channel.trusted : node.decisions().length > 0))
        const removed = event(node, 'peerRemoved')
        socket.write(opening)
        const chunk = Buffer.alloc(oneRead, 'x')
        for (let sent = 0; sent < 64 * mebibyte && !socket.destroyed; sent += chunk.byteLength)
          if (!socket.write(chunk)) await Promise.race([gone, once(socket, 'drain')])
        const [, reason] = await removed
        expect(reason.code).to.equal('E_FRAME_TOO_LARGE')
        expect(channel.stats.bytesIn).to.be.within(opening.byteLength, needs * limit + oneRead + opening.byteLength)
        expect(channel.stats.packetsIn).to.equal(0)
        expect(node.state).to.equal('running')
        socket.destroy()
      })
})
