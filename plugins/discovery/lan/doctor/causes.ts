/** From what was found to what is likely wrong, and what to do about it. Pure: facts in, causes out. */
import { isLoopback } from '../../shared/links.ts'
import type { Facts, HeardFacts, InterfaceFacts, PathFacts } from './facts.ts'

export interface Cause {
  readonly cause: CauseName
  readonly text: string
  readonly remedy: string
}

export type CauseName =
  | 'no-interface'
  | 'interface-down'
  | 'loopback-only'
  | 'no-broadcast-address'
  | 'port-taken'
  | 'send-refused'
  | 'firewall'
  | 'isolation'
  | 'one-way'
  | 'path-blocked'
  | 'no-second-node'
  | 'host-silent'
  | 'no-node-there'
  | 'other-network'
  | 'other-wire'
  | 'clock'

/** Clocks further apart than this make a signed task look expired, or made in the future. In ms. */
const clockMs = 30_000

/** The likeliest first. Empty: nothing is wrong that can be seen from here. */
export function causesOf(facts: Facts): Cause[] {
  return [...ofInterfaces(facts), ...ofPorts(facts), ...ofPaths(facts), ...ofUnicast(facts), ...ofOthers(facts)]
}

function ofInterfaces({ interfaces, host, heard }: Facts): Cause[] {
  const causes: Cause[] = []
  // Many machines have some that are never up: of no interest where somebody is heard.
  const isLonely = heard.every(({ own }) => own)
  const used = interfaces.filter(({ state }) => state === 'used')
  if (used.length === 0)
    causes.push({
      cause: 'no-interface',
      ...(interfaces.some(({ state }) => state === 'unused')
        ? {
            text: `No interface that may be used leads to ${host}, which is network.host.`,
            remedy:
              'Listen on an address of this machine or on all (--lan); `interfaces` of discovery-lan may leave some out.',
          }
        : { text: 'There is no interface to find anybody on.', remedy: 'Bring one up, loopback at least.' }),
    })
  else if (used.every(({ loopback }) => loopback))
    causes.push({
      cause: 'loopback-only',
      ...(isLoopback(host)
        ? {
            text: `The node keeps to this machine: network.host is ${host}.`,
            remedy: 'Start it with --lan, and examine with --lan, to find nodes on other machines.',
          }
        : {
            text: 'Loopback is the only interface that can be used.',
            remedy:
              'Bring up one that leads to the others, or add it to `interfaces` among the options of discovery-lan.',
          }),
    })
  const down = interfaces.filter(({ state }) => state === 'down').map(({ name }) => name)
  if (down.length > 0 && isLonely)
    causes.push({
      cause: 'interface-down',
      text: `Down, or not there: ${down.join(', ')}.`,
      remedy: 'Bring up the one that leads to the others.',
    })
  for (const { name, state } of interfaces) {
    if (state === 'unsuited')
      causes.push({
        cause: 'no-broadcast-address',
        text: `The interface ${name} has no address of a network with room for a broadcast, and no IPv6 link-local one.`,
        remedy: `If ${name} leads to the others, give it an address of their network; over a tunnel use connect().`,
      })
  }
  return causes
}

function ofPorts({ ports }: Facts): Cause[] {
  const taken = ports.filter(({ error }) => error !== undefined)
  if (taken.length === 0) return []
  const which = taken.map(({ port, error }) => `${String(port)} (${error ?? ''})`).join(', ')
  return [
    {
      cause: 'port-taken',
      text: `Cannot listen on the designated UDP ports ${which}: a program holds them for itself.`,
      remedy: 'End that program, or choose other network.designatedPorts: the same on all nodes.',
    },
  ]
}

function ofPaths(facts: Facts): Cause[] {
  const lan = facts.interfaces.filter(({ state }) => state === 'used')
  return lan.flatMap((one) => [...refusals(one), ...silences(one, facts)])
}

function refusals({ name, paths }: InterfaceFacts): Cause[] {
  return paths
    .filter(({ sent, errors }) => sent === 0 && errors.length > 0)
    .map((path) => ({
      cause: 'send-refused',
      text: `On ${name} nothing leaves by ${inWords(path)}: ${path.errors.join(', ')}.`,
      remedy: path.errors.some((error) => error === 'EPERM' || error === 'EACCES')
        ? 'A firewall of this machine forbids it: allow UDP to the designated ports.'
        : 'The interface has no way to send there: check its address and whether it is up.',
    }))
}

function silences(one: InterfaceFacts, facts: Facts): Cause[] {
  const { name, paths, loopback } = one
  const left = paths.filter(({ sent }) => sent > 0)
  const deaf = left.filter(({ heardItself }) => !heardItself)
  const causes: Cause[] = []
  if (deaf.length > 0 && facts.ports.some(({ error }) => error === undefined))
    causes.push({
      cause: 'firewall',
      text: `On ${name} what was sent by ${listed(deaf)} did not come back to this machine, as it always does.`,
      remedy: `A firewall of this machine keeps it out: allow UDP in to the ports ${portsOf(facts)} from the LAN.`,
    })
  const answered = left.filter(({ answers }) => answers.length > 0)
  const silent = left.filter(({ answers }) => answers.length === 0)
  if (answered.length > 0 && silent.length > 0 && !loopback)
    causes.push({
      cause: 'path-blocked',
      text: `On ${name} nobody answers by ${listed(silent)}; ${listed(answered)} works and is enough.`,
      remedy: 'Nothing has to be done. Filters of hosts, switches or access points often drop one of them.',
    })
  return causes
}

function ofUnicast({ unicast, interfaces, ports }: Facts): Cause[] {
  if (unicast === undefined) return []
  const { to, answers, refused, sent, errors } = unicast
  const byPath = interfaces.flatMap(({ paths }) => paths.flatMap((path) => path.answers))
  if (answers.length > 0) {
    if (byPath.some(({ address }) => answers.some((answer) => answer.address === address))) return []
    return [
      {
        cause: 'isolation',
        text: `${to} answers when it is asked by itself, but neither broadcast nor multicast reaches it.`,
        remedy:
          'Allow one of them in its firewall, or switch off the isolation of clients at the access point or switch; else dial its address.',
      },
    ]
  }
  if (sent === 0)
    return [
      { cause: 'host-silent', text: `Nothing leaves to ${to}: ${errors.join(', ')}.`, remedy: 'There is no route.' },
    ]
  if (refused.length > 0)
    return [
      {
        cause: 'no-node-there',
        text: `${to} is there, and nobody listens on its UDP ports ${refused.join(', ')}.`,
        remedy: `Start a node there with --lan and the same designated ports: ${ports.map(({ port }) => port).join(', ')}.`,
      },
    ]
  return [
    {
      cause: 'host-silent',
      text: `${to} does not answer.`,
      remedy: 'Is it up, and on this network (ping)? Then its firewall drops UDP, or no node listens to the LAN there.',
    },
  ]
}

function ofOthers(facts: Facts): Cause[] {
  const others = facts.heard.filter(({ own }) => !own)
  const causes: Cause[] = []
  const silent = others.filter(({ answered }) => !answered)
  if (others.length > 0 && silent.length === others.length)
    causes.push({
      cause: 'one-way',
      text: `Heard of ${namesOf(silent)}, but nobody answers: what this machine says does not get there, or the answers do not come back.`,
      remedy: `Allow UDP in their firewalls to the ports ${portsOf(facts)}, and in this machine's from the LAN.`,
    })
  const strangers = others.filter(({ network }) => network !== undefined && network !== facts.network)
  if (strangers.length > 0)
    causes.push({
      cause: 'other-network',
      text: `${namesOf(strangers)}: of another network than ${JSON.stringify(facts.network)}: ${networksOf(strangers)}.`,
      remedy: 'Give all nodes that belong together the same network.name.',
    })
  if (facts.unreadable.length > 0)
    causes.push({
      cause: 'other-wire',
      text: `What ${facts.unreadable.join(', ')} says on the designated ports cannot be read.`,
      remedy: 'Compose the same wire plugin on all nodes; or another program uses these ports: choose others.',
    })
  for (const one of others.filter(({ clockMs: apart = 0 }) => Math.abs(apart) > clockMs))
    causes.push({
      cause: 'clock',
      text: `The clock of ${nameOf(one)} is ${String(Math.round(Math.abs(one.clockMs ?? 0) / 1000))} s ${(one.clockMs ?? 0) > 0 ? 'ahead of' : 'behind'} this one.`,
      remedy: 'Set the clocks, by NTP best: what is signed is good for a time only.',
    })
  if (others.length === 0)
    causes.push({
      cause: 'no-second-node',
      text: 'No other node was heard.',
      remedy: `Is one running, with --lan and the same designated ports (${portsOf(facts)})? Ask its host by itself: --to ADDRESS.`,
    })
  return causes
}

const inWords = ({ path, family }: PathFacts): string => (family === 'IPv6' ? `IPv6 ${path}` : path)
const listed = (paths: readonly PathFacts[]): string => paths.map(inWords).join(' and ')
const nameOf = ({ identifier, address }: HeardFacts): string => identifier ?? address
const namesOf = (heard: readonly HeardFacts[]): string => heard.map(nameOf).join(', ')
const networksOf = (heard: readonly HeardFacts[]): string =>
  [...new Set(heard.map(({ network }) => JSON.stringify(network)))].join(', ')
const portsOf = ({ ports }: Facts): string => ports.map(({ port }) => port).join(', ')
