/**
 * Logging through pino, off by default: pino is not even imported until console or file is switched on. Every plugin
 * has a child of its own; the categories of the seed (LAN, Bootstrap, Peers) each have a level.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { DestinationStream, Logger as PinoLogger } from 'pino'
import { printableJson } from './printable.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
export type LogCategory = 'LAN' | 'Bootstrap' | 'Peers'

type LogFn = (message: string, fields?: Record<string, unknown>) => void

export interface Logger {
  readonly trace: LogFn
  readonly debug: LogFn
  readonly info: LogFn
  readonly warn: LogFn
  readonly error: LogFn
  /** A logger that adds these fields, at this category's level. */
  child(fields: Record<string, unknown>, category?: LogCategory): Logger
}

export interface LoggingConfig {
  readonly level: LogLevel
  readonly emitConsoleMessages: boolean
  /** true: `<dataDir>/p2pnet.log`; a string: that path. */
  readonly logToFile: boolean | string
  readonly categories: Readonly<Record<LogCategory, LogLevel>>
}

export interface OpenLogger {
  readonly logger: Logger
  /** Writes out what is buffered and lets go of the file. */
  close(): Promise<void>
}

const nothing: LogFn = () => undefined
/** Says nothing. */
export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
}

/** The logger that a config asks for. */
export async function openLogger(config: LoggingConfig, dataDir: string): Promise<OpenLogger> {
  if ((!config.emitConsoleMessages && config.logToFile === false) || config.level === 'silent')
    return { logger: silentLogger, close: () => Promise.resolve() }
  const { pino, multistream, destination } = await import('pino')
  const streams: { level: 'trace'; stream: DestinationStream }[] = []
  // Standard error, so that `--json` on standard output stays a stream of events.
  if (config.emitConsoleMessages)
    streams.push({ level: 'trace', stream: printing(destination({ dest: 2, sync: true })) })
  let file: ReturnType<typeof destination> | undefined
  if (config.logToFile !== false) {
    const dest = config.logToFile === true ? path.join(dataDir, 'p2pnet.log') : config.logToFile
    await mkdir(path.dirname(dest), { recursive: true })
    file = destination({ dest, sync: false, append: true })
    streams.push({ level: 'trace', stream: printing(file) })
  }
  const root = pino({ name: 'p2pnet', level: config.level }, multistream(streams))
  return { logger: wrap(root, config), close: () => closeFile(file) }
}

/** Peers have a say in what stands in the log, and it is read on terminals. */
function printing(to: DestinationStream): DestinationStream {
  return {
    write: (line) => {
      to.write(printableJson(line))
    },
  }
}

function wrap(pino: PinoLogger, config: LoggingConfig): Logger {
  const at = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error'): LogFn => {
    return (message, fields) => {
      if (fields === undefined) pino[level](message)
      else pino[level](fields, message)
    }
  }
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields, category) =>
      wrap(
        pino.child(category === undefined ? fields : { ...fields, category }, {
          level: category === undefined ? pino.level : config.categories[category],
        }),
        config,
      ),
  }
}

function closeFile(
  file: { flush(done: () => void): void; end(): void; once(event: 'close', done: () => void): unknown } | undefined,
) {
  if (file === undefined) return Promise.resolve()
  return new Promise<void>((resolve) => {
    file.once('close', resolve)
    file.end()
  })
}

/** A logger that can be handed out before it is known where it writes: silent until attached. */
export interface DeferredLogger {
  readonly logger: Logger
  attach(target: Logger): void
}

export function deferLogger(): DeferredLogger {
  let root: Logger = silentLogger
  const defer = (resolve: () => Logger): Logger => {
    let from: Logger | undefined
    let target: Logger = silentLogger
    const current = () => {
      if (from === root) return target
      from = root
      return (target = resolve())
    }
    return {
      trace: (message, fields) => {
        current().trace(message, fields)
      },
      debug: (message, fields) => {
        current().debug(message, fields)
      },
      info: (message, fields) => {
        current().info(message, fields)
      },
      warn: (message, fields) => {
        current().warn(message, fields)
      },
      error: (message, fields) => {
        current().error(message, fields)
      },
      child: (fields, category) => defer(() => current().child(fields, category)),
    }
  }
  return {
    logger: defer(() => root),
    attach(target) {
      root = target
    },
  }
}
