/**
 * The verbs by name, and how one is run: only what is known, and only with the arguments that it declares.
 */
import {
  didYouMean,
  P2PNetError,
  type Control,
  type ControlArguments,
  type ControlValues,
  type ControlVerb,
} from '../../../core/index.ts'
import { controlError } from './control-errors.ts'

type AnyVerb = ControlVerb<ControlArguments>

export class VerbTable implements Control {
  readonly #verbs = new Map<string, AnyVerb>()

  verb<const A extends ControlArguments>(name: string, verb: ControlVerb<A>): () => void {
    if (this.#verbs.has(name))
      throw new P2PNetError('E_CAPABILITY_TWICE', `there is a verb ${name} already`, {
        remedy: 'One verb of a name: remove the plugin that brings the other.',
      })
    this.#verbs.set(name, verb)
    return () => {
      this.#verbs.delete(name)
    }
  }

  /** Throws at once what the request is to blame for. @throws P2PNetError E_CONTROL_VERB, E_CONTROL_REQUEST */
  run(
    name: string,
    values: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    tell: (news: unknown) => void,
  ): unknown {
    const verb = this.#verbs.get(name)
    if (verb === undefined) {
      const names = [...this.#verbs.keys()].sort()
      const called = JSON.stringify(name.slice(0, 64))
      const words = `there is no verb ${called}${didYouMean(name.slice(0, 64), names)}; there are ${names.join(', ')}`
      throw controlError('E_CONTROL_VERB', words)
    }
    check(name, verb.arguments, values)
    return verb.run(values as ControlValues<ControlArguments>, signal, tell)
  }
}

function check(verb: string, declared: ControlArguments, values: Readonly<Record<string, unknown>>): void {
  for (const key of Object.keys(values))
    if (!Object.hasOwn(declared, key))
      throw controlError('E_CONTROL_REQUEST', `${verb} takes no argument ${JSON.stringify(key.slice(0, 64))}`)
  for (const [key, argument] of Object.entries(declared)) {
    const optional = argument.endsWith('?')
    const kind = optional ? argument.slice(0, -1) : argument
    const value = Object.hasOwn(values, key) ? values[key] : undefined
    if (value === undefined ? !optional : kindOf(value) !== kind)
      throw controlError('E_CONTROL_REQUEST', `${verb} needs ${key}, a ${kind}`)
  }
}

const kindOf = (value: unknown) => (Array.isArray(value) || value === null ? 'other' : typeof value)
