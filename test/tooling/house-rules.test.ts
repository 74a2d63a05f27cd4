// The lint rules that hold the architecture, each proved on the real settings: what they refuse and what they let pass.
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'

const houseRules = /^(house\/|no-console$)/

const noPlugin = 'core imports no plugin'
const onlyIndex = 'A plugin imports nothing of core but core/index.ts.'
const noOther = 'A plugin imports no other plugin'
const clock = 'inject the clock'
const random = 'inject the randomness'

/** file, code, what the one message contains; undefined when the code is fine. */
const cases: readonly (readonly [file: string, code: string, message: string | undefined])[] = [
  // core and plugins
  ['core/network.ts', "import { catalogue } from '../plugins/index.ts'", noPlugin],
  ['core/network.ts', "import type { Catalogue } from '../plugins/index.ts'", noPlugin],
  ['core/network.ts', "export { tcp } from '../plugins/transport/tcp/index.ts'", noPlugin],
  ['core/network.ts', "export * from '../plugins/transport/tcp/index.ts'", noPlugin],
  ['core/network.ts', "export const load = () => import('../plugins/index.ts')", noPlugin],
  ['core/network.ts', "export type C = import('../plugins/index.ts').Catalogue", noPlugin],
  ['core/config/resolve.ts', "import { catalogue } from '../../plugins/index.ts'", noPlugin],
  ['core/config/resolve.ts', "export const load = () => import('../../plugins/transport/tcp/index.ts')", noPlugin],
  ['core/config/resolve.ts', "export const load = () => import('../../plugins/index.ts')", undefined],
  ['core/config/resolve.ts', "export const load = () => import('../../plugins/presets.ts')", undefined],
  ['core/config/load.ts', "export const load = () => import('../../plugins/files/shared/index.ts')", undefined],
  ['core/network.ts', "import { schema } from '../schemas/config.ts'", undefined],
  ['core/network.ts', "import { helper } from '../test/helper.ts'", 'nothing from outside core, plugins and schemas'],
  ['core/network.ts', "import { PeerNetwork } from 'p2pnet'", 'write the relative path'],
  ['plugins/wire/binary/index.ts', "import { definePlugin } from 'p2pnet'", 'write the relative path'],

  // plugins among themselves
  ['plugins/discovery/lan/index.ts', "import { definePlugin } from '../../../core/index.ts'", undefined],
  ['plugins/discovery/lan/index.ts', "import { Peer } from '../../../core/peers/peer.ts'", onlyIndex],
  ['plugins/discovery/lan/index.ts', "export const load = () => import('../../../core/log.ts')", onlyIndex],
  ['plugins/discovery/lan/index.ts', "import { socket } from './socket.ts'", undefined],
  ['plugins/discovery/lan/net/socket.ts', "import { group } from '../group.ts'", undefined],
  ['plugins/discovery/lan/index.ts', "import { group } from '../shared/group.ts'", undefined],
  ['plugins/discovery/lan/index.ts', "import { group } from '../mdns/group.ts'", noOther],
  ['plugins/discovery/lan/index.ts', "import { manager } from '../../files/shared/index.ts'", noOther],
  ['plugins/discovery/lan/index.ts', "export const load = () => import('../../wire/binary/index.ts')", noOther],
  ['plugins/discovery/lan/index.ts', "import { presets } from '../../presets.ts'", noOther],
  ['plugins/discovery/lan/index.ts', "import { schema } from '../../../schemas/plugins/discovery-lan.ts'", undefined],
  ['plugins/discovery/dialer/index.ts', "import { schema } from '../../../schemas/plugins/dialer.ts'", undefined],
  ['plugins/discovery/lan/index.ts', "import { schema } from '../../../schemas/plugins/dialer.ts'", 'its own schema'],
  ['plugins/discovery/lan/index.ts', "import { schema } from '../../../schemas/packets/Identifier.ts'", undefined],
  ['plugins/files/shared/index.ts', "import { mapped } from '../mapped/index.ts'", noOther],
  ['plugins/index.ts', "export const tcp = () => import('./transport/tcp/index.ts')", undefined],
  ['plugins/index.ts', "import tcp from './transport/tcp/index.ts'", 'The catalogue loads plugins lazily'],
  ['plugins/index.ts', "import type { Plugin } from '../core/index.ts'", undefined],
  ['schemas/build.ts', "import { version } from '../core/index.ts'", 'schemas imports nothing of ours'],
  ['schemas/build.ts', "import { write } from './write.ts'", undefined],

  // packages with a home
  ['core/hooks.ts', "import { SyncHook } from 'tapable'", undefined],
  ['core/host/facade.ts', "import { SyncHook } from 'tapable'", undefined],
  ['core/network.ts', "import { SyncHook } from 'tapable'", 'tapable is imported only in core/hooks.ts and core/host/'],
  ['plugins/wire/binary/index.ts', "import { SyncHook } from 'tapable'", 'tapable is imported only in'],
  ['core/log.ts', "export const load = () => import('pino')", undefined],
  ['core/network.ts', "export const load = () => import('pino')", 'pino is imported only in core/log.ts'],
  ['core/config/load.ts', "import { cosmiconfig } from 'cosmiconfig'", undefined],
  ['core/cli/start.ts', "import { cosmiconfig } from 'cosmiconfig'", 'cosmiconfig is imported only in core/config/'],
  ['core/network.ts', "export const load = () => import('jiti')", 'jiti is imported only in core/config/'],
  ['core/validators.ts', "import { Ajv } from 'ajv'", undefined],
  ['core/packets/inbound.ts', "import { Ajv } from 'ajv'", 'ajv is imported only in'],
  ['core/packets/inbound.ts', "import Ajv from 'ajv/dist/2020.js'", 'ajv is imported only in'],
  ['plugins/identity/default/mac.ts', "export const load = () => import('systeminformation')", undefined],
  ['plugins/discovery/lan/index.ts', "export const load = () => import('systeminformation')", 'systeminformation is'],
  ['plugins/files/image/fat.ts', "export const load = () => import('fatfs')", undefined],
  ['plugins/files/mapped/index.ts', 'export const load = () => import(`fatfs`)', 'fatfs is imported only in'],
  ['core/cli/main.ts', "import { Command } from 'commander'", undefined],
  ['plugins/discovery/lan/cli.ts', "import Table from 'cli-table3'", undefined],
  ['plugins/discovery/lan/index.ts', "import Table from 'cli-table3'", 'cli-table3 is imported only in'],
  ['core/network.ts', "import { SingleBar } from 'cli-progress'", 'cli-progress is imported only in'],
  ['docs/guide/demo/main.ts', "import { SingleBar } from 'cli-progress'", undefined],
  ['test/core/hooks.test.ts', "import { SyncHook } from 'tapable'", undefined],

  // nothing static
  ['core/network.ts', 'export const f = () => Math.random()', random],
  ['core/network.ts', 'export const f = Date.now', clock],
  ['core/network.ts', 'export const f = () => new Date()', clock],
  ['core/host/guard.ts', 'export const f = () => performance.now()', undefined], // measures real blocking
  ['core/network.ts', 'export const f = () => setTimeout(() => {}, 1)', clock],
  ['core/network.ts', 'export const f = () => globalThis.setTimeout(() => {}, 1)', clock],
  ['core/network.ts', 'export const f = () => AbortSignal.timeout(1)', clock],
  ['core/network.ts', "import { setTimeout } from 'node:timers/promises'", clock],
  ['plugins/discovery/lan/index.ts', 'export const f = () => setInterval(() => {}, 1)', clock],
  ['plugins/discovery/lan/index.ts', "export const f = () => Math['random']()", random],
  ['core/network.ts', 'export const f = () => setImmediate(() => {})', undefined],
  ['core/network.ts', "import { setImmediate } from 'node:timers/promises'", undefined],
  ['core/network.ts', 'export const f = (time: number) => new Date(time).toISOString()', undefined],
  ['core/network.ts', 'export const f = (setTimeout: () => void) => setTimeout()', undefined],
  ['core/network.ts', 'export type Timer = ReturnType<typeof setTimeout>', undefined],
  ['core/network.ts', 'export const f = (clock: { now(): number; setTimeout(): void }) => clock.now()', undefined],
  ['core/clock.ts', 'export const f = () => setTimeout(() => {}, Date.now())', undefined],
  ['core/random.ts', 'export const f = () => Math.random()', undefined],
  ['core/cli/start.ts', 'export const f = () => Date.now()', undefined],
  ['test/core/clock.test.ts', 'export const f = () => setTimeout(() => {}, Date.now())', undefined],

  // the process and its output
  ['core/network.ts', "process.on('exit', () => {})", 'process.on belongs to core/cli/'],
  ['plugins/discovery/lan/index.ts', "process.once('SIGINT', () => {})", 'process.once belongs to core/cli/'],
  ['core/network.ts', 'process.exit(1)', 'process.exit belongs to core/cli/'],
  ['test/core/network.test.ts', 'process.exit(1)', 'process.exit belongs to core/cli/'],
  ['core/network.ts', 'export const f = () => process.memoryUsage()', undefined],
  ['core/cli/start.ts', "process.on('SIGINT', () => process.exit(1))", undefined],
  ['test/core/network.test.ts', "process.on('exit', () => {})", undefined],
  ['core/network.ts', "console.log('x')", 'Unexpected console statement.'],
  ['test/core/network.test.ts', "console.log('x')", 'Unexpected console statement.'],
  ['core/cli/start.ts', "console.log('x')", undefined],
  ['plugins/discovery/lan/cli.ts', "console.log('x')", undefined],
  ['docs/build.ts', "console.log('x')", undefined],
  ['test/bench/main.ts', "console.log('x')", undefined],
]

describe('house rules of the linter', () => {
  const eslint = new ESLint({
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    overrideConfigFile: '.config/eslint.config.js',
    overrideConfig: [{ ...tseslint.configs.disableTypeChecked, name: 'no types: the files of the cases do not exist' }],
  })

  for (const [file, code, expected] of cases) {
    it(`${file}: ${code} ${expected === undefined ? 'passes' : 'is refused'}`, async () => {
      const [result] = await eslint.lintText(`${code}\n`, { filePath: file })
      const fatal = result?.messages.filter((message) => message.fatal === true || message.ruleId === null)
      const found = result?.messages.filter(({ ruleId }) => ruleId !== null && houseRules.test(ruleId))
      expect(fatal, 'the case itself must parse').to.deep.equal([])
      expect(found?.map(({ message }) => message)).to.have.lengthOf(expected === undefined ? 0 : 1)
      if (expected !== undefined) expect(found?.[0]?.message).to.contain(expected)
    })
  }
})
