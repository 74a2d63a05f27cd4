/**
 * The presets that a config can start from with `extends`: which plugins, in which order.
 */
import type { Presets } from '../core/index.ts'

export const presets: Presets = {
  /** A base for authors and tests: no handshake, so nobody becomes trusted until one is added. */
  'p2pnet:minimal': ['transport-tcp', 'wire-binary', 'packets-standard', 'trust-incoming', 'identity-default'],

  /** What `p2pnet init` writes. */
  'p2pnet:recommended': [
    'transport-tls',
    'wire-binary',
    'packets-standard',
    'distribution',
    'identity-key',
    'handshake-key',
    'trust-incoming',
    'discovery-lan',
    'dialer',
    'files-mapped',
    'files-transfer',
    'routines-default',
    'server-control',
  ],

  /** What the basics page of P2PNet describes. Speaks to the C# original. */
  'p2pnet:classic': [
    'transport-tcp',
    'wire-tagged',
    'packets-standard',
    'distribution',
    'identity-default',
    'handshake-ping',
    { use: 'trust-incoming', options: { trustedLevel: 'pinged' } },
    'discovery-lan',
    'dialer',
    'files-mapped',
    'routines-default',
  ],
}
