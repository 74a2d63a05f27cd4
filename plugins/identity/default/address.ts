/** The address that goes into the identifier: the public one if it is known, otherwise the best that the machine has. */
import type { HostNetwork } from '../../../core/index.ts'

export function chosenAddress({ publicAddress, interfaces, listening }: HostNetwork): string {
  const known = publicAddress?.ipv6 ?? publicAddress?.ipv4
  if (known !== undefined) return known
  const outside = interfaces.flatMap(({ addresses }) => addresses).filter(({ internal }) => !internal)
  const found =
    outside.find(({ family, address }) => family === 'IPv6' && !/^fe[89ab]/i.test(address)) ??
    outside.find(({ family }) => family === 'IPv4')
  return found?.address ?? listening[0]?.host ?? '127.0.0.1'
}
