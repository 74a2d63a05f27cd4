/** Begins to read a connection: what comes goes to the intake, and its end is told however it comes about. */
import type { ReadMemory } from '../packets/memory.ts'
import { Reader } from './reader.ts'
import type { Connection } from './transport.ts'

export interface Feed {
  take(chunk: Uint8Array, memory?: ReadMemory): void
  broke(error: Error): void
  /** More than once, it may be. */
  ended(): void
}

export function feed(connection: Connection, { take, broke, ended }: Feed): void {
  connection.on('error', broke)
  connection.on('end', ended)
  connection.on('close', ended)
  if (connection.readInto === undefined)
    connection.on('data', (chunk: Uint8Array) => {
      take(chunk)
    })
  else connection.readInto(new Reader(take))
  // It may be gone before anybody could listen; the caller still has to learn of the channel first.
  if (connection.destroyed) process.nextTick(ended)
}
