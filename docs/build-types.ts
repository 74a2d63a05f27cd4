/**
 * docs/reference/types.md: the types that a program and a plugin meet, as their sources declare them.
 */
import { fence, generatedFrom, page } from './build-markdown.ts'
import { declarationsOf, parse, textOf } from './build-source.ts'

interface Section {
  readonly title: string
  readonly words: string
  /** Names by the file that declares them. */
  readonly from: Readonly<Record<string, readonly string[]>>
}

const sections: readonly Section[] = [
  {
    title: 'The network',
    words: 'What a program holds.',
    from: { 'core/network.ts': ['PeerNetwork', 'CreateOptions'] },
  },
  {
    title: 'Channels and peers',
    words: 'A channel is a connection to somebody; a peer is somebody.',
    from: {
      'core/peers/channel.ts': ['PeerChannel'],
      'core/peers/channel-services.ts': ['ChannelPeer', 'ChannelStats', 'PacketTaker'],
      'core/peers/peer.ts': ['Peer', 'PeerAddress', 'Candidate', 'DialTarget'],
      'core/peers/known-peers.ts': ['KnownPeers'],
      'core/peers/inbound-queue.ts': ['IncomingAttempt', 'Placement'],
      'core/interfaces.ts': ['NetworkInterface', 'InterfaceAddress'],
    },
  },
  {
    title: 'Packets',
    words: 'What travels on a channel.',
    from: {
      'core/packets/packet.ts': [
        'NetworkPacket',
        'IdentifierPacket',
        'DisconnectPacket',
        'CollectionSharePacket',
        'DataTransmissionPacket',
        'DataType',
        'PureMessagePacket',
        'PacketTypes',
      ],
      'core/packets/registry.ts': ['PacketTypeOptions', 'PacketType', 'PacketRegistry'],
    },
  },
  {
    title: 'Trust',
    words: 'How far a peer is believed, and what was refused.',
    from: {
      'core/trust/levels.ts': ['TrustLevel'],
      'core/trust/refusal.ts': ['Refusal'],
      'core/trust/ledger.ts': ['Decision', 'DecisionQuery'],
      'core/hooks.ts': ['ConnectionInfo', 'BootstrapServerInfo'],
    },
  },
  {
    title: 'Plugins',
    words: 'What a plugin is, and what it holds of the node.',
    from: {
      'core/host/define-plugin.ts': ['Plugin', 'CommandLoader', 'CommandModule'],
      'core/host/command-line.ts': ['CommandLine', 'NodeOnPaper'],
      'core/host/plugin-context.ts': ['PluginContext', 'PacketTypesOf', 'OwnedSockets', 'Disposer'],
      'core/host/host-network.ts': ['HostNetwork', 'AskableHook', 'NetworkState', 'BlockOptions', 'PublicAddress'],
      'core/host/taps.ts': ['TapOptions', 'SyncTaps', 'AsyncTaps'],
      'core/settings.ts': ['NodeSettings'],
      'core/clock.ts': ['Clock'],
      'core/random.ts': ['Random'],
      'core/log.ts': ['Logger', 'LogLevel', 'LogCategory'],
      'core/validators.ts': ['JsonSchema'],
    },
  },
  {
    title: 'Capabilities',
    words: 'The slots that plugins fill; `network.use()` and `ctx.use()` give them.',
    from: {
      'core/host/capabilities.ts': [
        'Capabilities',
        'TrustPolicy',
        'Identity',
        'Keys',
        'FileManager',
        'FileInfo',
        'FileWriteStream',
        'ReadRange',
        'WriteOptions',
        'FileOffer',
        'FileVerdict',
        'Transfer',
        'TransferOptions',
        'TransferProgress',
        'Distribution',
        'DistributionTarget',
        'DistributionResult',
        'DataHandler',
        'TaskTypes',
        'Task',
        'TaskOrigin',
        'TaskResults',
      ],
      'core/host/routines.ts': ['Routine', 'RoutineStatus', 'RoutineRegistry', 'Routines'],
      'core/host/control.ts': ['Control', 'ControlVerb', 'ControlArguments', 'ControlArgument', 'ControlValues'],
    },
  },
  {
    title: 'Wires and transports',
    words: 'What the authors of a wire or a transport write.',
    from: {
      'core/packets/wire.ts': ['Wire', 'Frame', 'Lane', 'Decoder', 'DecoderLimits', 'DatagramCodec'],
      'core/peers/transport.ts': ['Transport', 'Connection', 'ListenOptions', 'TransportListener', 'Listening'],
    },
  },
  {
    title: 'Events',
    words: 'What the events carry.',
    from: { 'core/events.ts': ['ReceivedFile', 'PluginFailure', 'PluginState'] },
  },
]

export async function typesPage(): Promise<string> {
  const blocks: string[] = []
  for (const { title, words, from } of sections) {
    blocks.push(`## ${title}`, words)
    for (const [path, names] of Object.entries(from)) {
      const source = await parse(path)
      const texts = names.flatMap((name) => declarationsOf(source, name).map(textOf))
      blocks.push(fence('ts', texts.join('\n\n')))
    }
  }
  return page(
    '# Types reference',
    generatedFrom('the sources that `p2pnet` exports'),
    'All of these are exported by `p2pnet`. The config has a [reference of its own](config.md).',
    ...blocks,
  )
}
