/**
 * Lets the operator ask the running node: through a socket in the data directory that this user alone may open. Lines of
 * JSON, `{ id, verb, args }`, answered with `{ id, ok, result }` or `{ id, ok, error: { code, message, remedy } }`; with
 * `news: true` there are lines `{ id, news }` before. Other plugins add verbs through the capability `control`.
 */
import type { Server } from 'node:net'
import { definePlugin, messageOf, type PluginContext } from '../../../core/index.ts'
import { serverControlSchema, type ResolvedServerControlOptions } from '../../../schemas/generated/server-control.ts'
import { answerTo } from './answer.ts'
import { Client } from './client.ts'
import { controlErrors } from './control-errors.ts'
import { listenAt } from './listen.ts'
import { VerbTable } from './verb-table.ts'
import { addVerbs } from './verbs/index.ts'

interface Node {
  readonly verbs: VerbTable
  readonly options: ResolvedServerControlOptions
  close?: () => Promise<void>
}

const nodes = new WeakMap<PluginContext, Node>()

/** Out here, because tsc rewrites no import() inside of `export default`. */
const commands = {
  status: () => import('./cli-status.ts'),
  peers: () => import('./cli-peers.ts'),
  send: () => import('./cli-send.ts'),
  'send-file': () => import('./cli-send-file.ts'),
  routines: () => import('./cli-routines.ts'),
  why: () => import('./cli-why.ts'),
  block: async () => ({ default: (await import('./cli-access.ts')).block }),
  unblock: async () => ({ default: (await import('./cli-access.ts')).unblock }),
  authorize: async () => ({ default: (await import('./cli-access.ts')).authorize }),
  revoke: async () => ({ default: (await import('./cli-access.ts')).revoke }),
}

export default definePlugin<ResolvedServerControlOptions>({
  name: 'server-control',
  version: '0.1.0',
  api: 1,
  schema: serverControlSchema,
  provides: ['control'],
  errors: controlErrors,
  commands,

  setup(ctx, options) {
    const verbs = new VerbTable()
    ctx.provide('control', verbs)
    nodes.set(ctx, { verbs, options })
  },

  async start(ctx) {
    const node = nodes.get(ctx)
    if (node === undefined) return
    addVerbs(node.verbs, ctx)
    const { server, hangUp } = serverFor(ctx, node)
    const remove = await listenAt(ctx.settings.dataDir, server)
    server.on('error', (error) => {
      ctx.log.warn('a client of the control socket was lost', { reason: messageOf(error) })
    })
    node.close = async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      hangUp()
      await closed
      await remove()
    }
  },

  async stop(ctx) {
    await nodes.get(ctx)?.close?.()
  },
})

function serverFor(ctx: PluginContext, { verbs, options }: Node): { server: Server; hangUp(): void } {
  const unexpected = (error: unknown) => {
    ctx.log.error('a verb failed', { reason: messageOf(error) })
  }
  const open = new Set<{ destroy(): void }>()
  const server = ctx.net.createServer({}, (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    new Client(socket, (line, signal, say) => answerTo(line, verbs, signal, unexpected, say))
  })
  server.maxConnections = options.connections
  return {
    server,
    hangUp: () => {
      for (const socket of open) socket.destroy()
    },
  }
}
