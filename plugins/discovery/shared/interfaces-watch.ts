/** Looks at the operating system's list of interfaces now and then, and tells what has come, gone or changed. */
import { messageOf, type PluginContext } from '../../../core/index.ts'
import { chooseLinks, linkKey, type Link, type Wanted } from './links.ts'

/** Between two looks, in ms. One takes a fraction of a millisecond. */
const lookMs = 500

export interface Change {
  readonly appeared: readonly Link[]
  readonly gone: readonly Link[]
  /** The same network, while the interface has other addresses beside it. */
  readonly changed: readonly Link[]
}

export class InterfacesWatch {
  readonly #ctx: PluginContext
  readonly #wanted: Wanted
  #links: readonly Link[] = []

  constructor(ctx: PluginContext, wanted: Wanted) {
    this.#ctx = ctx
    this.#wanted = wanted
  }

  /** As of the last look. */
  get links(): readonly Link[] {
    return this.#links
  }

  /** Undefined: all is as it was. */
  look(): Change | undefined {
    const before = new Map(this.#links.map((link) => [linkKey(link), link]))
    const links = chooseLinks(this.#ctx.network.interfaces, this.#wanted)
    const now = new Set(links.map(linkKey))
    const change: Change = {
      appeared: links.filter((link) => !before.has(linkKey(link))),
      gone: this.#links.filter((link) => !now.has(linkKey(link))),
      changed: links.filter((link) => {
        const old = before.get(linkKey(link))
        return old !== undefined && addressesOf(old) !== addressesOf(link)
      }),
    }
    this.#links = links
    return change.appeared.length + change.gone.length + change.changed.length > 0 ? change : undefined
  }

  /** Looks twice a second until the plugin leaves. `looked` is not called again before what it does is done. */
  follow(looked: (change: Change | undefined) => Promise<void>): void {
    let busy = false
    this.#ctx.clock.setInterval(() => {
      if (busy) return
      busy = true
      looked(this.look())
        .catch((error: unknown) => {
          if (!this.#ctx.signal.aborted) this.#ctx.log.warn('cannot follow the interfaces', { error: messageOf(error) })
        })
        .finally(() => (busy = false))
    }, lookMs)
  }
}

const addressesOf = ({ addresses }: Link): string => addresses.map(({ address }) => address).join(' ')
