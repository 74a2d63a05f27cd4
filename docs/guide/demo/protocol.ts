/**
 * What the demo's processes say to each other. Times are milliseconds since 1970, of one machine's clock.
 */
export interface Questions {
  discover: { peers: string[] }
  trust: { peers: string[] }
  hear: { count: number }
  greet: Record<string, never>
  receive: { name: string }
  send: { path: string }
}

export interface Answers {
  started: { identifier: string; at: number }
  discover: { count: number; at: number }
  trust: { count: number; at: number }
  hear: { count: number }
  greet: Record<string, never>
  receive: { at: number; sha256: string; size: number }
  send: { startedAt: number; sha256: string }
}

export type FromMain = { [Q in keyof Questions]: { question: Q; details: Questions[Q] } }[keyof Questions]

export type FromNode =
  | { [A in keyof Answers]: { answer: A; details: Answers[A] } }[keyof Answers]
  | { answer: 'progress'; details: { sent: number } }
  | { answer: 'failed'; details: { message: string } }
