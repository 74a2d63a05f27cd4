/**
 * docs/reference/performance.md: a section for each entry, from the last run that was written. An entry that was not run
 * keeps the section it has.
 */
import { inRepository } from './places.ts'
import { readFile, writeFile } from 'node:fs/promises'
import type { Verdict } from './report.ts'

const file = inRepository('docs/reference/performance.md')

const head = `# Performance

<!-- Written by \`npm run bench -- --write\`. Do not edit the figures: run it again. -->

What p2pnet does in a second, and what it costs, held against bare Node doing the same work in the same run, and against
other stacks. Repeat it with

\`\`\`sh
npm run bench:peers      # once: js-libp2p and @hyperswarm/secret-stream, into test/bench/peers
npm run build
npm run bench            # everything; \`npm run bench -- messages --rounds 31\` for one of them
npm run bench -- --write # the same, and writes this page
\`\`\`

Sender and receiver are processes of their own, on loopback. A round is short, and every contender runs in every round,
in an order that changes, so that a machine that is slow for a while is slow for all; every five rounds there are new
processes. Figures are medians of the rounds. A ratio is the median of the ratios of each round, with the interval in
which it lies in 90 of 100 resamples; it is to the first row, and the second row is the first once more: what that
differs from 1 by is what differences are worth. A goal is reached when its interval reaches it; where the median itself
does not, the page says so. CPU is that of the whole process, in microseconds for each unit. Every unit that is sent has
to arrive whole, or the run fails. p2pnet runs its whole pipeline: hooks, schema, origin, admission; only its rate limits
are lifted. \`BENCH_SCALE=1\` broadcasts a whole GiB in \`stuck-peer\`, \`--profile\` shows where the time goes.
`

export interface Section {
  readonly name: string
  readonly title: string
  readonly about: string
  /** Machine, versions, load, rounds. */
  readonly conditions: string
  readonly cells: readonly (readonly string[])[]
  readonly verdicts: readonly Verdict[]
  readonly leftOut: readonly string[]
}

/** `order` is that of the page; sections of other names go. */
export async function writeDocument(sections: readonly Section[], order: readonly string[]): Promise<void> {
  const bodies = sectionsOf(await readFile(file, 'utf8').catch(() => ''))
  for (const section of sections) bodies.set(section.name, bodyOf(section))
  const kept = order.flatMap((name) => {
    const body = bodies.get(name)
    return body === undefined ? [] : [`## ${name}\n\n${body.trim()}\n`]
  })
  await writeFile(file, [head, ...kept].join('\n'))
}

function sectionsOf(page: string): Map<string, string> {
  return new Map(
    page
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf('\n')
        return [section.slice(0, end).trim(), section.slice(end)]
      }),
  )
}

function bodyOf({ about, conditions, cells, verdicts, leftOut }: Section): string {
  return [
    about,
    markdownTable(cells),
    ...(verdicts.length === 0
      ? []
      : [
          markdownTable([
            ['goal', 'measured', 'wanted', ''],
            ...verdicts.map(({ what, measured, wanted, outcome }) => [
              what,
              measured,
              wanted,
              outcome === 'not reached' ? '**not reached**' : outcome,
            ]),
          ]),
        ]),
    ...leftOut,
    conditions,
  ].join('\n\n')
}

function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}
