/**
 * The catalogue of built-in plugins: each by name, described here so that nothing is loaded before a config names it.
 */
import path from 'node:path'
import type { Catalogue } from '../core/index.ts'

export const catalogue: Catalogue = {
  'transport-tcp': {
    summary: 'plain TCP; proves nothing about who is at the other end',
    provides: [],
    requires: [],
    load: () => import('./transport/tcp/index.ts'),
    opens: ({ host, port }) => [{ protocol: 'tcp', host, port }],
    visible: 'Everything: TCP neither hides nor protects what passes, so anybody on the way can read and change it.',
  },
  'transport-tls': {
    summary: 'TLS 1.3 in which both sides prove their identity key',
    provides: [],
    requires: ['keys'],
    load: () => import('./transport/tls/index.ts'),
    opens: ({ host, port }) => [{ protocol: 'tcp', host, port }],
    visible: 'Who speaks with whom by address, when and how much. What is said and whose keys these are is hidden.',
  },
  'wire-binary': {
    summary: 'length-prefixed binary frames',
    provides: ['wire'],
    requires: [],
    load: () => import('./wire/binary/index.ts'),
  },
  'wire-tagged': {
    summary: 'the text format of the C# original: JSON between tags',
    provides: ['wire'],
    requires: [],
    load: () => import('./wire/tagged/index.ts'),
  },
  'packets-standard': {
    summary: 'the five packet types of P2PNet and what they do',
    provides: [],
    requires: [],
    load: () => import('./packets/standard/index.ts'),
  },
  distribution: {
    summary: 'sends packets and files to trusted peers, and unwraps what arrives',
    provides: ['distribution'],
    requires: [],
    load: () => import('./packets/distribution/index.ts'),
  },
  'identity-default': {
    summary: 'the classic identifier, made of MAC address and time; a name, no proof',
    provides: ['identity'],
    requires: [],
    load: () => import('./identity/default/index.ts'),
  },
  'identity-key': {
    summary: 'the node is whoever holds its Ed25519 key; the identifier is the hash of the key',
    provides: ['identity', 'keys'],
    requires: [],
    load: () => import('./identity/key/index.ts'),
    commands: { keys: "make the node's key, or tell who it is" },
  },
  'handshake-ping': {
    summary: 'the classic handshake: three pings; proves that somebody answers, not who',
    provides: [],
    requires: [],
    load: () => import('./trust/handshake-ping/index.ts'),
  },
  'handshake-key': {
    summary: 'both sides prove that they hold their keys, bound to the connection where the transport can',
    provides: [],
    requires: ['keys'],
    load: () => import('./trust/handshake-key/index.ts'),
    visible: 'On a plain transport: the name of the network, and the public keys of both sides.',
  },
  'trust-incoming': {
    summary: 'who may connect, and what a peer may do at its level of trust',
    provides: ['trust'],
    requires: [],
    load: () => import('./trust/incoming/index.ts'),
  },
  'discovery-lan': {
    summary: 'finds other nodes on the LAN and on this machine by UDP broadcast and multicast',
    provides: [],
    requires: ['wire'],
    load: () => import('./discovery/lan/index.ts'),
    commands: { doctor: 'tell why nodes do not find each other' },
    opens: ({ host, designatedPorts }, options) => {
      const { interfaces = host.startsWith('127.') ? 'loopback' : 'all' } = options as {
        readonly interfaces?: string | readonly string[]
      }
      const where = typeof interfaces === 'string' ? interfaces : interfaces.join(' ')
      return [...designatedPorts, 0].map((port) => ({ protocol: 'udp', host: where, port }))
    },
    visible:
      'Announcements tell everybody on the LAN the identifier, the address, the port and the name of the network.',
  },
  'discovery-mdns': {
    summary: 'shows the node to DNS-SD browsers as _p2pnet._tcp, and finds others by it',
    provides: [],
    requires: [],
    load: () => import('./discovery/mdns/index.ts'),
    opens: ({ host }, options) => {
      const { interfaces = host.startsWith('127.') ? 'loopback' : 'all' } = options as {
        readonly interfaces?: string | readonly string[]
      }
      return [{ protocol: 'udp', host: typeof interfaces === 'string' ? interfaces : interfaces.join(' '), port: 5353 }]
    },
    visible: 'Multicast tells everybody on the LAN the identifier, the address, the port and the name of the network.',
  },
  dialer: {
    summary: 'dials the candidates that discovery brings',
    provides: [],
    requires: [],
    load: () => import('./discovery/dialer/index.ts'),
  },
  'files-mapped': {
    summary: 'keeps files as plain bytes under the data directory',
    provides: ['files'],
    requires: [],
    load: () => import('./files/mapped/index.ts'),
  },
  'files-transfer': {
    summary: 'sends and receives files in chunks, checked by SHA-256',
    provides: ['transfer'],
    requires: ['files'],
    load: () => import('./files/transfer/index.ts'),
  },
  'routines-default': {
    summary: 'work on a clock: the classic routines by name, and those of plugins and of the config',
    provides: ['routines'],
    requires: [],
    load: () => import('./routines/default/index.ts'),
  },
  'server-control': {
    summary: 'answers the commands of this user while the node runs, through a socket in the data directory',
    provides: ['control'],
    requires: [],
    load: () => import('./server/control/index.ts'),
    opens: ({ dataDir }) => [{ protocol: 'local', path: control(dataDir) }],
    asks: () => import('./server/control/cli-node.ts'),
    commands: {
      status: 'tell who the running node is and how it is',
      peers: 'list who is connected to the running node',
      send: 'have the running node send a message',
      'send-file': 'have the running node send a file',
      routines: 'list, start, stop and retime the work on a clock of the running node',
      why: 'tell what the running node has decided about a peer',
      block: 'shut a peer or an address out of the running node',
      unblock: 'lift a block',
      authorize: 'authorize a peer',
      revoke: 'take an authorization back',
    },
  },
}

const control = (dataDir: string) =>
  process.platform === 'win32' ? 'a named pipe, named after the data directory' : path.join(dataDir, 'control.sock')
