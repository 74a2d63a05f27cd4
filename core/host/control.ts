/** The capability `control`: what the operator may ask of the running node. */

type ArgumentKinds = {
  string: string
  /** Finite. */
  number: number
  boolean: boolean
  object: Readonly<Record<string, unknown>>
}

/** What an argument of a verb is; with `?` it may be absent. */
export type ControlArgument = keyof ArgumentKinds | `${keyof ArgumentKinds}?`

/** Arguments of a verb by name. */
export type ControlArguments = Readonly<Record<string, ControlArgument>>

type ArgumentOf<T> = T extends `${infer K extends keyof ArgumentKinds}?`
  ? ArgumentKinds[K]
  : T extends keyof ArgumentKinds
    ? ArgumentKinds[T]
    : never

/** The arguments as the verb gets them: of the kinds it declares, and no others. */
export type ControlValues<A extends ControlArguments> = {
  readonly [K in keyof A as A[K] extends `${string}?` ? never : K]: ArgumentOf<A[K]>
} & { readonly [K in keyof A as A[K] extends `${string}?` ? K : never]?: ArgumentOf<A[K]> }

/** Something that the operator may ask of the running node. */
export interface ControlVerb<A extends ControlArguments> {
  readonly arguments: A
  /**
   * Answers plain data, which travels as JSON. The signal is aborted when the asker or the node has gone. `tell` has news
   * for an asker who wants to know how it goes; one who does not read them misses them.
   * @throws P2PNetError which the asker is told: code, message and remedy
   */
  run(args: ControlValues<A>, signal: AbortSignal, tell: (news: unknown) => void): unknown
}

/**
 * `control`: what the operator may ask of the running node, by name. Anybody who may read the data directory's files as
 * its owner may ask, and nobody else.
 */
export interface Control {
  /** Adds a verb; what it returns takes it away. @throws P2PNetError E_CAPABILITY_TWICE */
  verb<const A extends ControlArguments>(name: string, verb: ControlVerb<A>): () => void
}
