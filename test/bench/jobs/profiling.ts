/**
 * Where the time goes: samples the CPU between two questions and answers with the functions that took most of it.
 */
import { Session, type Profiler } from 'node:inspector'
import { promisify } from 'node:util'
import type { Answers } from '../harness/worker-process.ts'

export interface HotSpot {
  readonly where: string
  /** Of the samples in which anything ran, per cent. */
  readonly share: number
}

const intervalUs = 200
/** What is no work of the stack: waiting, and the start of the profiler. */
const ignored = new Set(['(idle)', '(root)', 'dispatch'])

export function profiling(): Answers {
  const session = new Session()
  const post = promisify(session.post.bind(session)) as (method: string, details?: object) => Promise<unknown>
  return {
    async profile() {
      session.connect()
      await post('Profiler.enable')
      await post('Profiler.setSamplingInterval', { interval: intervalUs })
      await post('Profiler.start')
    },
    async hotSpots({ count }: { count: number }) {
      const { profile } = (await post('Profiler.stop')) as { profile: Profiler.Profile }
      session.disconnect()
      return hottest(profile, count)
    },
  }
}

function hottest({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, count: number): HotSpot[] {
  const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, describe(callFrame)]))
  const selfTime = new Map<string, number>()
  let total = 0
  samples.forEach((id, i) => {
    const name = nameOf.get(id) ?? ''
    const us = timeDeltas[i] ?? 0
    if (ignored.has(name)) return
    total += us
    selfTime.set(name, (selfTime.get(name) ?? 0) + us)
  })
  return [...selfTime]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([where, us]) => ({ where, share: (100 * us) / total }))
}

function describe({ functionName, url, lineNumber }: Profiler.Profile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName
  const file = url.split('/').slice(-3).join('/')
  return `${functionName === '' ? '(anonymous)' : functionName} ${file}:${String(lineNumber + 1)}`
}
