/**
 * docs/reference/hooks.md: every hook with its arguments, its answer and what a failure counts as, and every event; from
 * core/hooks.ts and core/events.ts.
 */
import ts from 'typescript'
import { hookRules, type FailureRule, type HookName, type HookRule } from '../core/hooks.ts'
import { code, fence, generatedFrom, page, paragraph, sentence, table } from './build-markdown.ts'
import { commentOf, declarationsOf } from './build-source.ts'

/** Typed by what there is, so that none is forgotten. */
const kinds: Readonly<Record<HookRule['kind'], string>> = {
  Sync: 'every tap runs; answers are not looked at',
  SyncBail: 'taps run in order until one answers; the rest are not asked',
  SyncWaterfall: 'each tap gets what the one before made of the first argument; undefined leaves it',
  AsyncSeriesBail: 'as SyncBail, and a tap made with `tapPromise()` is waited for',
}
const failures: Readonly<Record<FailureRule, string>> = {
  refuse: 'counts as a refusal with the code `E_PLUGIN_FAILED` or `E_PLUGIN_TIMEOUT`',
  abstain: 'the hook goes on as if the tap were not there',
  reject: 'whatever was asked fails; an error with a code of its own is an answer and no failure of the plugin',
}

interface Hook {
  readonly name: HookName
  readonly comment: string
  /** `packet: Packet` */
  readonly args: readonly string[]
  readonly answer: string
}

export interface EventSources {
  readonly events: ts.SourceFile
  /** Sources of the built-ins that add events. */
  readonly plugins: readonly ts.SourceFile[]
}

export function hooksPage(source: ts.SourceFile, { events, plugins }: EventSources): string {
  const hooks = readHooks(source)
  const families = [...new Set(hooks.map(({ name }) => familyOf(name)))]
  return page(
    '# Hooks and events reference',
    generatedFrom('core/hooks.ts and core/events.ts'),
    paragraph(`
      A hook is a question to whoever wants to join in; an event tells what has happened. A plugin taps hooks in
      \`setup()\` and listens with \`ctx.network.on()\`. How: [write a plugin](../guide/write-a-plugin.md#hooks-and-stages).
      The types named here stand in [types](types.md).
    `),
    table(['hook', 'kind', 'answer', 'a tap that fails', 'plugins may ask it'], hooks.map(row)),
    '## Rules of all hooks',
    [
      '- Taps run by `stage`, lower first; the built-ins tap at 0. At one stage the entries of the config file run before',
      '  those of its presets, then the order of life decides.',
      '- Undefined is no answer. No hook has an answer that means "allow".',
      '- A tap that throws, answers something else than the hook takes, or takes longer than `limits.tapMs` has failed. The',
      '  `pluginFailed` event names plugin and hook. A promise from `tap()` is a failure too; only asynchronous hooks have',
      '  `tapPromise()`.',
    ].join('\n'),
    table(
      ['kind', 'how taps run'],
      Object.entries(kinds).map(([kind, words]) => [kind, sentence(words)]),
    ),
    table(
      ['a tap that fails', 'what it counts as'],
      Object.entries(failures).map(([rule, words]) => [code(rule), sentence(words)]),
    ),
    ...families.flatMap((family) => [
      `## ${family}`,
      ...hooks.filter(({ name }) => familyOf(name) === family).flatMap(section),
    ]),
    '## Events',
    'Listeners are synchronous observers: they change nothing, and one that throws harms neither the node nor the others.',
    table(['event', 'arguments', 'when'], readEvents(events).map(eventRow)),
    ...eventsOfPlugins(plugins),
  )
}

const familyOf = (name: HookName) => name.slice(0, name.indexOf('.'))
const anchor = (name: HookName) => name.replaceAll('.', '').toLowerCase()

const row = ({ name, answer }: Hook) => {
  const { kind, onFailure, ask, key } = hookRules[name]
  return [
    `[${code(name)}](#${anchor(name)})${key === undefined ? '' : `, by ${key}`}`,
    kind,
    code(answer),
    code(onFailure),
    ask ? 'yes' : 'no',
  ]
}

function section({ name, comment, args, answer }: Hook): string[] {
  const { kind, key } = hookRules[name]
  const point = `ctx.hooks.${name}${key === undefined ? '' : `.for(${key.replace(' ', '')[0] ?? ''}${camel(key)})`}`
  const signature = (method: string, result: string) =>
    `${point}.${method}((${args.join(', ')}) => ${result}, { stage: 0 })`
  const lines = [
    signature('tap', answer),
    ...(kind.startsWith('Async') ? [signature('tapPromise', `Promise<${answer}>`)] : []),
  ]
  return [`### ${name}`, paragraph(sentence(comment)), fence('ts', lines.join('\n'))]
}

const camel = (key: string) => key.replace(/ (.)/g, (_, letter: string) => letter.toUpperCase()).slice(1)

/** The catalogue is the object that createHooks() returns: families, then hooks, each with a comment. */
function readHooks(source: ts.SourceFile): Hook[] {
  const catalogue = objectOf(initializer(source, 'createHooks'))
  const hooks = catalogue.properties.filter(ts.isPropertyAssignment).flatMap((family) =>
    objectOf(family.initializer)
      .properties.filter(ts.isPropertyAssignment)
      .map((hook): Hook => {
        const name = `${family.name.getText()}.${hook.name.getText()}` as HookName
        const [args, answer] = signatureOf(source, hook.initializer)
        return { name, comment: commentOf(hook), args, answer }
      }),
  )
  const missing = Object.keys(hookRules).filter((name) => !hooks.some((hook) => hook.name === name))
  if (missing.length > 0)
    throw new Error(`core/hooks.ts is laid out in a way that docs/build.ts does not read: ${missing.join(', ')}`)
  return hooks
}

function initializer(source: ts.SourceFile, name: string): ts.Node {
  const [statement] = declarationsOf(source, name).filter(ts.isVariableStatement)
  return statement?.declarationList.declarations[0]?.initializer ?? source
}

/** The first object literal inside. */
function objectOf(node: ts.Node): ts.ObjectLiteralExpression {
  const found = ts.isObjectLiteralExpression(node) ? node : ts.forEachChild(node, (child) => tryObject(child))
  if (found === undefined) throw new Error(`${node.getText().slice(0, 40)} holds no object`)
  return found
}
const tryObject = (node: ts.Node): ts.ObjectLiteralExpression | undefined =>
  ts.isObjectLiteralExpression(node) ? node : ts.forEachChild(node, tryObject)

/** Arguments and answer: of `new SyncBailHook<[a: A], R>()`, or, for a keyed hook, of the hooks in its map's type. */
function signatureOf(source: ts.SourceFile, hook: ts.Expression): [args: string[], answer: string] {
  const types = ts.isNewExpression(hook) ? (hook.typeArguments ?? []) : mapped(source, hook)
  const [args, answer] = types
  const names = args !== undefined && ts.isTupleTypeNode(args) ? args.elements.map((element) => element.getText()) : []
  return [names, answer?.getText() ?? 'void']
}

function mapped(source: ts.SourceFile, hook: ts.Expression): readonly ts.TypeNode[] {
  const type = ts.isAsExpression(hook) ? hook.type : undefined
  const name = type !== undefined && ts.isTypeReferenceNode(type) ? (type.typeArguments?.[0]?.getText() ?? '') : ''
  const [alias] = declarationsOf(source, name)
  const find = (node: ts.Node): ts.TypeReferenceNode | undefined =>
    ts.isTypeReferenceNode(node) && node.typeName.getText().endsWith('Hook') ? node : ts.forEachChild(node, find)
  return (alias && find(alias)?.typeArguments) ?? []
}

interface EventLine {
  readonly name: string
  readonly args: string
  readonly comment: string
}

function readEvents(source: ts.Node): EventLine[] {
  const find = (node: ts.Node): ts.InterfaceDeclaration | undefined =>
    ts.isInterfaceDeclaration(node) && node.name.text === 'Events' ? node : ts.forEachChild(node, find)
  return [...(find(source)?.members ?? [])].filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(),
    args: (member.type?.getText() ?? '').replace(/^\[|\]$/g, ''),
    comment: commentOf(member),
  }))
}

const eventRow = ({ name, args, comment }: EventLine) => [code(name), args === '' ? '' : code(args), sentence(comment)]

/** Events that a built-in declares by augmentation. */
function eventsOfPlugins(sources: readonly ts.SourceFile[]): string[] {
  const lines = new Map(sources.flatMap((source) => readEvents(source)).map((event) => [event.name, event]))
  if (lines.size === 0) return []
  return [
    'Events of built-in plugins, sent with `ctx.network.emit()`:',
    table(['event', 'arguments', 'when'], [...lines.values()].map(eventRow)),
  ]
}
