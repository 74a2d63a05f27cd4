/**
 * How many there are: in all, by direction, by group of addresses. Counted as they come and go, so that a connection to a
 * node that has a thousand costs what one to an empty node costs.
 */
import { addressGroup } from './address-group.ts'

export interface Counted {
  readonly address: string
  readonly inbound: boolean
}

export class Census {
  readonly #groups = new Map<string, number>()
  #inbound = 0
  #outbound = 0

  get total(): number {
    return this.#inbound + this.#outbound
  }

  count(inbound: boolean): number {
    return inbound ? this.#inbound : this.#outbound
  }

  inGroup(group: string): number {
    return this.#groups.get(group) ?? 0
  }

  add(one: Counted): void {
    this.#move(one, 1)
  }

  /** What was added. */
  remove(one: Counted): void {
    this.#move(one, -1)
  }

  #move({ address, inbound }: Counted, by: 1 | -1): void {
    if (inbound) this.#inbound += by
    else this.#outbound += by
    const group = addressGroup(address)
    const count = this.inGroup(group) + by
    if (count === 0) this.#groups.delete(group)
    else this.#groups.set(group, count)
  }
}
