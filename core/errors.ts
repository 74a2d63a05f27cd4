/**
 * Every error a user can meet, in one table: its code and what to do about it. Made where the cause is known, caught
 * where something can be done. Recognised by `code`, never by `instanceof`: two copies of the host may be in one
 * process.
 */

/** The kernel's codes and their remedies. A plugin adds its own with `errors` in definePlugin. */
export const kernelErrors = {
  // the config
  E_CONFIG_NOT_FOUND: 'Write one with `p2pnet init`, or name it with --config PATH.',
  E_CONFIG_SYNTAX: 'Mend the line that the message names; the file must parse before it can be checked.',
  E_CONFIG_INVALID: 'Correct the value at the path named; docs/reference/config.md lists every key.',
  E_CONFIG_EXISTS: 'Edit the config that is there, or remove it first.',
  E_PRESET_UNKNOWN: 'Use p2pnet:minimal, p2pnet:recommended or p2pnet:classic in `extends`.',
  E_PLUGIN_NOT_FOUND: 'Check the spelling, install the package, or give a path relative to the config file.',
  E_PLUGIN_LOAD: 'The plugin threw while it was imported; the cause says where.',
  E_PLUGIN_INVALID:
    'The module must export a plugin by default: `export default definePlugin({ name, version, api: 1, setup() {} })`.',
  E_PLUGIN_OPTIONS: 'Correct the option at the path named; `p2pnet plugins` lists the options of each plugin.',
  E_PLUGIN_DUPLICATE: 'Give one of the two entries an `id` of its own, or remove one.',
  E_PLUGIN_CYCLE: 'Break the circle of `requires` among the plugins named.',
  E_CAPABILITY_MISSING: 'Add one of the plugins that the message names to `plugins`.',
  E_CAPABILITY_TWICE: 'Keep one provider of the capability and set `enabled: false` on, or remove, the other.',
  // the life of a node
  E_PLUGIN_SETUP: 'The plugin failed in setup(), before anything was opened; the cause says why.',
  E_PLUGIN_START: 'The plugin failed in start(); what had been started was stopped again.',
  E_PLUGIN_TIMEOUT: 'The plugin did not finish in time; see limits.tapMs, limits.startMs and limits.stopMs.',
  E_PLUGIN_FAILED: 'A plugin failed inside a hook; the message names the plugin and the hook.',
  E_PLUGIN_SLOW: 'The plugin works too long at a stretch; it must yield, or do its work elsewhere.',
  E_PLUGIN_STOP: 'The plugin failed while it stopped; the node stopped all the same.',
  E_TAP_LATE: 'Tap hooks and provide capabilities in setup(); later they would not be live.',
  E_HOOK_UNKNOWN: 'Use a hook of the catalogue: docs/reference/hooks.md.',
  E_LISTEN: 'Choose another port (0 picks a free one) or another host, or stop the program that holds it.',
  E_TRANSPORT_UNKNOWN: 'Add a plugin that registers this transport, for example transport-tcp.',
  E_DATA_DIR_IN_USE: 'Stop the other node, or give this one its own with --data-dir PATH.',
  E_DATA_DIR: 'The data directory must be a directory that this user can write.',
  E_NO_IDENTIFIER: 'Add a plugin that taps the identifier hook, for example identity-default.',
  E_STATE: 'The node has stopped; create a new one.',
  E_RESTART_NEEDED: 'Restart the node for this change.',
  E_AUTH_LOCKED: 'Another authority is locked in; remove the lock only if you know why it changed.',
  // the command line
  E_USAGE: '`p2pnet --help` lists the commands, `p2pnet COMMAND --help` the flags of one.',
  E_UNEXPECTED: 'This is a mistake in p2pnet or in a plugin, not yours; please report it with the message.',
  // channels
  E_DIAL: 'Check the address and port, and that the other node runs and listens there.',
  E_CLOSED: 'The channel is closed; connect again.',
  E_ABORTED: 'The caller gave up.',
  E_STOPPING: 'The node is stopping.',
  E_DISCONNECTED: 'The other side left.',
  E_CONNECTION: 'The connection broke; the cause says how.',
  E_DUPLICATE: 'Nothing to do: another channel to the same peer stays open.',
  E_STALE: 'Nothing to do: the peer is back on another channel, and this one was dead.',
  E_SELF: 'Nothing to do: the node had dialled itself.',
  E_WRONG_PEER: 'Somebody else answers at this address; check the identifier or forget the address.',
  E_HANDSHAKE: 'Both nodes must use the same handshake, network name and wire.',
  E_HANDSHAKE_TIMEOUT: 'The peer did not finish its handshake in time; see limits.handshakeMs.',
  E_BLOCKED: 'The peer is blocked; `network.unblock()` lifts it.',
  E_REJECTED: 'The attempt was rejected by the application.',
  E_ATTEMPT_EXPIRED: 'Accept or reject incoming peers within limits.attemptMs.',
  E_LIMIT: 'A limit of the node was reached; see `limits` in the config.',
  E_BORROWED: 'Read the bytes of a packet before whoever borrows them gives them back, or keep piecesOf().',
  E_SLOW_PEER: 'The peer does not read what it is sent; see limits.stallMs.',
  E_IDLE: 'Nothing was heard for limits.idleMs.',
  E_NOT_ALLOWED: 'The trust policy does not allow this at the level the peer has reached.',
  E_QUEUE_FULL: 'Wait for send(), or for drained() when post() answers false.',
  E_PEER_UNKNOWN: 'Name a peer to which a channel is open: `network.channels` lists them.',
  // packets
  E_PACKET_UNKNOWN: 'Register the packet type with ctx.packets.register(type, schema) in setup().',
  E_PACKET_INVALID: 'The packet does not fit the schema of its type.',
  E_FRAME_INVALID: 'Both nodes must use the same wire plugin.',
  E_FRAME_TOO_LARGE: 'Send less at once, or raise limits.frameBytes on both nodes.',
  E_ADDRESS:
    'Nothing to do: the address is not dialled, because nobody can be there or whoever told of it cannot know.',
  E_ORIGIN: 'A packet may only carry the identifier of the peer that sent it.',
} as const satisfies Record<string, string>

export type KernelErrorCode = keyof typeof kernelErrors
/** A code of the kernel's table, or one that a plugin declares. */
export type ErrorCode = KernelErrorCode | (string & {})

export interface ErrorDetails {
  /** Overrides the remedy of the table. */
  readonly remedy?: string
  /** Id of the plugin concerned. */
  readonly plugin?: string
  /** Name of the hook concerned, e.g. `packets.admit`. */
  readonly hook?: string
  /** JSON pointer into the config, e.g. `/plugins/3/options/port`. */
  readonly path?: string
  readonly cause?: unknown
}

export interface ErrorReport {
  code: string
  message: string
  remedy: string
  path?: string
  plugin?: string
  hook?: string
}

/** An error with a code, and a remedy in words. */
export class P2PNetError extends Error {
  override readonly name = 'P2PNetError'
  readonly code: string
  readonly remedy: string
  declare readonly plugin?: string
  declare readonly hook?: string
  declare readonly path?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.remedy = details.remedy ?? (kernelErrors as Record<string, string>)[code] ?? ''
    if (details.plugin !== undefined) this.plugin = details.plugin
    if (details.hook !== undefined) this.hook = details.hook
    if (details.path !== undefined) this.path = details.path
  }

  /** What `--json` prints. */
  toJSON(): ErrorReport {
    const { code, message, remedy, path, plugin, hook } = this
    return {
      code,
      message,
      remedy,
      ...(path !== undefined && { path }),
      ...(plugin !== undefined && { plugin }),
      ...(hook !== undefined && { hook }),
    }
  }
}

/** True for a coded error of any copy of the host. */
export function isP2PNetError(value: unknown): value is P2PNetError {
  return value instanceof Error && typeof (value as { code?: unknown }).code === 'string' && 'remedy' in value
}

/** The words of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message
  return typeof thrown === 'string' ? thrown : `thrown ${typeof thrown}`
}

/** What was thrown as a coded error: itself if it has a code of ours, else wrapped. */
export function asP2PNetError(thrown: unknown, code: ErrorCode, details: ErrorDetails = {}): P2PNetError {
  if (isP2PNetError(thrown)) return thrown
  return new P2PNetError(code, messageOf(thrown), { cause: thrown, ...details })
}
