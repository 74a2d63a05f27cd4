/** Waits for something that real sockets bring about: looks again and again, and gives up with what it waited for. */
import { setTimeout } from 'node:timers/promises'

export async function until(what: string, isSo: () => boolean, ms = 10_000): Promise<void> {
  const end = Date.now() + ms
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited ${String(ms)} ms in vain: ${what}`)
    await setTimeout(2)
  }
}
