/**
 * The type of a config, for TS and JS configs: the schema's own shape, with the options of each built-in known by the
 * name that an entry uses.
 */
import type { Config as WrittenConfig, PluginEntry as WrittenEntry } from '../../schemas/generated/config.ts'
import type { DialerOptions } from '../../schemas/generated/dialer.ts'
import type { DiscoveryLanOptions } from '../../schemas/generated/discovery-lan.ts'
import type { DistributionOptions } from '../../schemas/generated/distribution.ts'
import type { FilesMappedOptions } from '../../schemas/generated/files-mapped.ts'
import type { FilesTransferOptions } from '../../schemas/generated/files-transfer.ts'
import type { HandshakePingOptions } from '../../schemas/generated/handshake-ping.ts'
import type { IdentityDefaultOptions } from '../../schemas/generated/identity-default.ts'
import type { PacketsStandardOptions } from '../../schemas/generated/packets-standard.ts'
import type { RoutinesDefaultOptions } from '../../schemas/generated/routines-default.ts'
import type { TransportTcpOptions } from '../../schemas/generated/transport-tcp.ts'
import type { TrustIncomingOptions } from '../../schemas/generated/trust-incoming.ts'
import type { WireBinaryOptions } from '../../schemas/generated/wire-binary.ts'
import type { WireTaggedOptions } from '../../schemas/generated/wire-tagged.ts'
import type { Routine } from '../host/capabilities.ts'
import type { AnyPlugin } from '../host/define-plugin.ts'
import type { PeerChannel } from '../peers/channel.ts'
import type { TrustLevel } from '../trust/levels.ts'

type HandshakeAnswer = TrustLevel | undefined

/**
 * Options by the name that an entry uses. Open: a package augments it, so that configs complete its options too.
 *
 * ```ts
 * declare module 'p2pnet' { interface PluginOptions { 'p2pnet-plugin-foo': FooOptions } }
 * ```
 */
export interface PluginOptions {
  'transport-tcp': TransportTcpOptions
  'wire-binary': WireBinaryOptions
  'wire-tagged': WireTaggedOptions
  'packets-standard': PacketsStandardOptions
  distribution: DistributionOptions
  'identity-default': IdentityDefaultOptions
  'handshake-ping': HandshakePingOptions
  'trust-incoming': Omit<TrustIncomingOptions, 'peerTrustHandshake'> & {
    /** A handshake of your own, run before any other. Undefined leaves it to the next. */
    readonly peerTrustHandshake?: (channel: PeerChannel) => HandshakeAnswer | Promise<HandshakeAnswer>
  }
  'discovery-lan': DiscoveryLanOptions
  dialer: DialerOptions
  'files-mapped': FilesMappedOptions
  'files-transfer': FilesTransferOptions
  'routines-default': Omit<RoutinesDefaultOptions, 'routines'> & {
    /** Routines of your own. */
    readonly routines?: readonly Routine[]
  }
}

type EntryOf<Use, Options> = Omit<WrittenEntry, 'use' | 'options'> & { readonly use: Use; readonly options?: Options }

/** One plugin with its options: a built-in, a package or path, or a plugin object. */
export type PluginEntry =
  | { [Name in keyof PluginOptions]: EntryOf<Name, PluginOptions[Name]> }[keyof PluginOptions]
  | EntryOf<(string & {}) | AnyPlugin, object>

/** A p2pnet config: it composes a node. */
export interface Config extends Omit<WrittenConfig, 'plugins' | 'extends'> {
  /** Presets to start from, in order. */
  readonly extends?: readonly ('p2pnet:minimal' | 'p2pnet:recommended' | (string & {}))[]
  /** The plugins that make the node, in order: a name, an entry with options, or a plugin object. */
  readonly plugins?: readonly (keyof PluginOptions | (string & {}) | PluginEntry | AnyPlugin)[]
}

/** Gives a config its type; changes nothing. */
export function defineConfig(config: Config): Config {
  return config
}
