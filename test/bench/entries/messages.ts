/**
 * Small messages through the whole pipeline, against bare TCP that batches, stringifies and parses the same packet, and
 * against other stacks that carry the same JSON.
 */
import { hasPlugin } from '../drivers/p2pnet-node.ts'
import type { Entry } from '../harness/entry.ts'
import { throughput } from '../measures/throughput.ts'
import type { Stack } from '../harness/driver.ts'
import { cpuColumns } from './columns.ts'
import { ifInstalled } from './peers.ts'

const bare = 'bare node:net, batched, JSON'
const binary = 'p2pnet, tcp + binary'
const tagged = 'p2pnet, tcp + tagged'
const secure = 'p2pnet, tls + binary, proved keys'
const libp2pSingle = 'js-libp2p, plaintext + yamux, one write each'
const noiseSingle = 'js-libp2p, noise + yamux, one write each'
const noiseBatched = 'js-libp2p, noise + yamux, our batching'
const libp2pBatched = 'js-libp2p, plaintext + yamux, our batching'

const message = (name: string, driver: string, options: Stack['options'] = {}) =>
  throughput(name, { stack: { driver, options }, unit: { kind: 'text', length: 128 } })

export const messages: Entry = {
  name: 'messages',
  title: 'PureMessage of 128 B',
  about:
    'One way, in bursts of 256. Bare Node and the other stacks carry the same packet as JSON, made and parsed for each message; “batched” gathers the frames of one turn in one write, as p2pnet does by itself.',
  columns: [{ figure: 'perSecond', title: 'messages/s', digits: 0, ratio: true }, ...cpuColumns],
  rounds: 15,
  goals: [
    { of: binary, against: bare, figure: 'perSecond', atLeast: 2 },
    { of: tagged, against: bare, figure: 'perSecond', atLeast: 0.9 },
    { of: binary, against: libp2pSingle, figure: 'perSecond', atLeast: 20 },
    { of: binary, against: libp2pBatched, figure: 'perSecond', atLeast: 1.5 },
    { of: secure, against: noiseSingle, figure: 'perSecond', atLeast: 20 },
    { of: secure, against: noiseBatched, figure: 'perSecond', atLeast: 1.2 },
  ],
  contenders: async (leftOut) => [
    message(bare, 'node-tcp'),
    message('the same again (A/A)', 'node-tcp'),
    message('bare node:net, one write each, JSON', 'node-tcp', { batched: false }),
    message('bare node:tls, batched, JSON', 'node-tls'),
    message(binary, 'p2pnet'),
    message(secure, 'p2pnet', { security: 'secure' }),
    ...((await hasPlugin('wire-tagged')) ? [message(tagged, 'p2pnet', { wire: 'wire-tagged' })] : []),
    ...ifInstalled(leftOut, () => [
      message(libp2pSingle, 'libp2p', { encryption: 'plaintext', batched: false }),
      message(libp2pBatched, 'libp2p', { encryption: 'plaintext' }),
      message(noiseSingle, 'libp2p', { encryption: 'noise', batched: false }),
      message(noiseBatched, 'libp2p', { encryption: 'noise' }),
      message('secret-stream, one write each', 'secret-stream', { batched: false }),
      message('secret-stream, our batching', 'secret-stream'),
    ]),
  ],
}
