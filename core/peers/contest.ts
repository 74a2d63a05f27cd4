/**
 * A peer that has proved who it is comes on a second channel although another is open: is that one dead? Both sides find
 * themselves here at about the same moment, and say something on both channels again and again, because which is the older
 * one they may see differently. Where that is alive, each hears the other there. One side decides as soon as it knows, and
 * says so on the newer channel, which is surely alive; the other waits for that, and judges by itself only if nothing comes.
 */
import type { Clock, Timer } from '../clock.ts'
import type { PeerChannel } from './channel.ts'

/** How long the side that decides waits for a sign of life, in ms. */
const decidingMs = 500
/** How long the other side waits for the decision. */
const waitingMs = 1000
/** A sign of life is looked for, and given, so often, in ms. */
const lookMs = 50

export type Verdict = 'alive' | 'dead'
export type Part = 'decides' | 'waits'

export interface Contest {
  readonly older: PeerChannel
  readonly newer: PeerChannel
  readonly part: Part
}

/** Watches the older one and tells once what became of it. Returns how to stop. */
export function contest(
  clock: Clock,
  { older, newer, part }: Contest,
  decided: (verdict: Verdict) => void,
): () => void {
  const before = older.stats.bytesIn
  const end = clock.now() + (part === 'decides' ? decidingMs : waitingMs)
  let timer: Timer | undefined
  const tell = (verdict: Verdict) => {
    clock.clear(timer)
    decided(verdict)
  }
  // What a handler holds back cannot be heard, and is no silence.
  const isAlive = () => older.stats.bytesIn > before || older.silentMs(clock.now()) === 0
  const speak = () => newer.probe() && older.probe()
  if (!speak()) {
    timer = clock.setTimeout(() => {
      tell('alive')
    }, 0)
  } else
    timer = clock.setInterval(() => {
      if (clock.now() < end && (part === 'waits' || !isAlive())) speak()
      else tell(isAlive() ? 'alive' : 'dead')
    }, lookMs)
  return () => {
    clock.clear(timer)
  }
}
