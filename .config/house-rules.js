// The rules of the house as ESLint rules: who may import whom, and nothing static (no timer, clock, randomness or process
// listener of its own). They work on the syntax alone, resolve relative imports against the file, and see `import()` and
// `import('…')` types as well as `import … from` and `export … from`.
import { readdirSync } from 'node:fs'
import path from 'node:path'

/** Packages that have a home: nothing else under core, plugins or schemas imports them. */
const homes = [
  { packages: ['tapable'], allowed: /^core\/(hooks\.ts$|host\/)/, home: 'core/hooks.ts and core/host/' },
  { packages: ['pino'], allowed: /^core\/log\.ts$/, home: 'core/log.ts' },
  { packages: ['cosmiconfig', 'jiti'], allowed: /^core\/config\//, home: 'core/config/' },
  {
    packages: ['ajv'],
    allowed: /^(core\/(config\/|validators\.ts$)|schemas\/build-validators\.ts$)/,
    home: 'core/config/, core/validators.ts and schemas/build-validators.ts',
  },
  { packages: ['systeminformation'], allowed: /^plugins\/identity\/default\//, home: 'plugins/identity/default/' },
  { packages: ['dns-packet'], allowed: /^plugins\/discovery\/mdns\//, home: 'plugins/discovery/mdns/' },
  { packages: ['fatfs'], allowed: /^plugins\/files\/image\//, home: 'plugins/files/image/' },
  {
    packages: ['commander', 'cli-table3', 'cli-progress'],
    allowed: /^(core\/cli\/|plugins\/[^/]+\/[^/]+\/cli[^/]*\.ts$)/,
    home: "core/cli/ and a plugin's own cli*.ts",
  },
]

const catalogue = /^plugins\/(index|presets)\.ts$/
const publicEntry = /^plugins\/(index|presets|files\/shared\/index)\.ts$/

const inside = (folder, file) => file.startsWith(`${folder}/`)

/** Names of the plugins whose options have a schema. */
const optionSchemas = new Set(
  readdirSync(new URL('../schemas/plugins', import.meta.url)).map((file) => file.replace(/\.json$/, '')),
)

/** `plugins/discovery/lan/socket.ts` and `plugins/discovery/lan.ts` belong to { family: 'discovery', name: 'lan' }. */
const pluginOf = (file) => {
  const [, family, name] = /^plugins\/([^/]+)\/([^/]+)/.exec(file) ?? []
  return family === undefined ? undefined : { family, name: name.replace(/\.[cm]?[jt]s$/, '') }
}

const judgePackage = (file, specifier) => {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (name === 'p2pnet')
    return "The source never imports 'p2pnet' (it may be a second instance): write the relative path."
  const rule = homes.find(({ packages, allowed }) => packages.includes(name) && !allowed.test(file))
  return rule && `${name} is imported only in ${rule.home}.`
}

const judgeCore = (file, target, lazy) => {
  if (!inside('plugins', target)) return undefined
  if (lazy && inside('core/config', file) && publicEntry.test(target)) return undefined
  return 'core imports no plugin: core/config/ reaches them through an import() of the catalogue (plugins/index.ts, plugins/presets.ts).'
}

const judgePlugin = (file, target, lazy) => {
  if (target === 'core/index.ts') return undefined
  if (inside('core', target)) return 'A plugin imports nothing of core but core/index.ts.'
  const own = pluginOf(file)
  if (inside('schemas', target)) {
    const [, schema = ''] = /^schemas\/(?:plugins|generated)\/([^/.]+)/.exec(target) ?? []
    // The schemas of packets belong to all.
    return !optionSchemas.has(schema) || [own?.name, `${own?.family}-${own?.name}`].includes(schema)
      ? undefined
      : 'A plugin imports its own schema, not that of another plugin.'
  }
  if (catalogue.test(file)) {
    return lazy || catalogue.test(target) ? undefined : 'The catalogue loads plugins lazily: write import().'
  }
  const other = pluginOf(target)
  if (other !== undefined && other.family === own.family && [own.name, 'shared'].includes(other.name)) return undefined
  return "A plugin imports no other plugin: share through capabilities and hooks, or its family's shared/ folder."
}

const judgeRelative = (file, target, lazy) => {
  if (!/^(core|plugins|schemas)\//.test(target))
    return 'The source imports nothing from outside core, plugins and schemas.'
  if (inside('core', file)) return judgeCore(file, target, lazy)
  if (inside('plugins', file)) return judgePlugin(file, target, lazy)
  return inside('schemas', target) ? undefined : 'schemas imports nothing of ours.'
}

const fileOf = (context) => path.relative(context.cwd, context.filename).split(path.sep).join('/')

const imports = {
  meta: { type: 'problem', schema: [], messages: { house: '{{message}}' } },
  create(context) {
    const file = fileOf(context)
    const check = (source, lazy) => {
      const specifier =
        source?.type === 'TemplateLiteral' && source.expressions.length === 0
          ? source.quasis[0].value.cooked
          : source?.value
      if (typeof specifier !== 'string') return
      const message = specifier.startsWith('.')
        ? judgeRelative(file, path.posix.join(path.posix.dirname(file), specifier), lazy)
        : judgePackage(file, specifier)
      if (message !== undefined) context.report({ node: source, messageId: 'house', data: { message } })
    }
    return {
      ImportDeclaration: (node) => check(node.source, false),
      ExportNamedDeclaration: (node) => check(node.source, false),
      ExportAllDeclaration: (node) => check(node.source, false),
      ImportExpression: (node) => check(node.source, true),
      TSImportType: (node) => check(node.source ?? node.argument?.literal, false),
    }
  },
}

/** Every use of a global by its name, whatever shape it has. Names that the file declares itself are not globals. */
const onGlobals = (context, visit) => ({
  'Program:exit'(node) {
    const scope = context.sourceCode.getScope(node)
    const declared = scope.variables.filter(({ defs }) => defs.length === 0).flatMap(({ references }) => references)
    for (const { identifier } of new Set([...scope.through, ...declared])) visit(identifier, identifier.parent)
  },
})

const memberName = (identifier, parent) => {
  if (parent.type !== 'MemberExpression' || parent.object !== identifier) return undefined
  return parent.computed ? parent.property.value : parent.property.name
}

const timers = ['setTimeout', 'setInterval']
const readings = {
  Date: ['now'],
  AbortSignal: ['timeout'],
  Math: ['random'],
}

const clock = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      clock: '{{name}}: inject the clock (core/clock.ts; ctx.clock in a plugin).',
      random: '{{name}}: inject the randomness (core/random.ts; ctx.random in a plugin).',
    },
  },
  create(context) {
    const report = (node, name) =>
      context.report({ node, messageId: name.endsWith('random') ? 'random' : 'clock', data: { name } })
    return {
      ImportDeclaration(node) {
        if (!/^(node:)?timers(\/promises)?$/.test(node.source.value)) return
        const harmless = ({ type, imported }) => type === 'ImportSpecifier' && imported.name === 'setImmediate'
        if (node.specifiers.length === 0 || !node.specifiers.every(harmless)) report(node, node.source.value)
      },
      ...onGlobals(context, (identifier, parent) => {
        const { name } = identifier
        if (timers.includes(name) && parent.type !== 'TSTypeQuery') report(identifier, name)
        const member = memberName(identifier, parent)
        if (name === 'globalThis' && timers.includes(member)) report(identifier, `globalThis.${member}`)
        if (Object.hasOwn(readings, name) && readings[name].includes(member)) report(identifier, `${name}.${member}`)
        if (
          name === 'Date' &&
          parent.type === 'NewExpression' &&
          parent.callee === identifier &&
          parent.arguments.length === 0
        )
          report(identifier, 'new Date()')
        if (name === 'Date' && parent.type === 'CallExpression' && parent.callee === identifier)
          report(identifier, 'Date()')
      }),
    }
  },
}

const processRule = (members, message) => ({
  meta: { type: 'problem', schema: [], messages: { house: message } },
  create(context) {
    return onGlobals(context, (identifier, parent) => {
      if (identifier.name !== 'process') return
      const member = memberName(identifier, parent)
      if (members.includes(member)) context.report({ node: parent, messageId: 'house', data: { member } })
    })
  },
})

export const house = {
  meta: { name: 'house' },
  rules: {
    imports,
    clock,
    'no-process-listener': processRule(
      ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'],
      'process.{{member}} belongs to core/cli/: any number of nodes live in one process.',
    ),
    'no-process-exit': processRule(
      ['exit', 'abort', 'reallyExit'],
      'process.{{member}} belongs to core/cli/: throw, or set process.exitCode in a program of your own.',
    ),
  },
}
