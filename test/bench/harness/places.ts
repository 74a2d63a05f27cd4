/**
 * Where things are. The benchmarks run compiled, out of test/bench/.built: a loader of TypeScript in the process would be
 * measured with it, and holds enough of the heap to change how V8 collects.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = new URL(import.meta.resolve('p2pnet/package.json'))
const extension = path.extname(fileURLToPath(import.meta.url))

/** A file of the repository. */
export const inRepository = (file: string): URL => new URL(file, root)

/** A program of this folder. */
export const programHere = (name: string): URL => new URL(`${name}${extension}`, import.meta.url)
