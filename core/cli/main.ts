#!/usr/bin/env node
/**
 * `p2pnet`: runs one command and ends with its exit code.
 */
import { run } from './run.ts'
import { processShell } from './shell.ts'

const code = await run(process.argv.slice(2), processShell())
// What was written must be out; then nothing that a plugin left running keeps the process alive.
process.stdout.write('', () => process.exit(code === 0 ? process.exitCode : code))
