// What comes through the control socket: good, broken, too long, too much at once; and what the others notice of it.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import path from 'node:path'
import { expect } from 'chai'
import { definePlugin, P2PNetError, type PeerNetwork } from 'p2pnet'
import { Nodes } from '../../../support/nodes.ts'
import { RawClient, type RawAnswer } from './raw-client.ts'

/** Verbs that do what the test needs. */
class Verbs {
  waiting: (() => void)[] = []
  running = 0
  most = 0
  aborted = 0
  started = 0
  leave: (() => void) | undefined
  tell: ((news: unknown) => void) | undefined

  readonly plugin = definePlugin({
    name: 'verbs-of-test',
    version: '1.0.0',
    api: 1,
    requires: ['control'],
    setup: (ctx) => {
      const control = ctx.use('control')
      this.leave = control.verb('wait', {
        arguments: {},
        run: (_, signal) =>
          new Promise((resolve) => {
            this.started++
            this.most = Math.max(this.most, ++this.running)
            signal.addEventListener('abort', () => void this.aborted++)
            this.waiting.push(() => {
              this.running--
              resolve('waited')
            })
          }),
      })
      control.verb('echo', {
        arguments: { text: 'string', times: 'number?', loud: 'boolean?', data: 'object?' },
        run: ({ text, times = 1, loud = false, data }) => ({
          said: (loud ? text.toUpperCase() : text).repeat(times),
          data,
        }),
      })
      control.verb('count', {
        arguments: { to: 'number' },
        run: async ({ to }, _, tell) => {
          for (let i = 1; i <= to; i++) tell({ i })
          setImmediate(() => {
            tell('too late')
          })
          return 'counted'
        },
      })
      control.verb('gossip', {
        arguments: {},
        run: (_, signal, tell) =>
          new Promise((resolve) => {
            this.tell = tell
            signal.addEventListener('abort', resolve)
            this.waiting.push(() => {
              resolve('told')
            })
          }),
      })
      control.verb('nothing', { arguments: {}, run: () => undefined })
      control.verb('coded', {
        arguments: {},
        run: () => {
          throw new P2PNetError('E_MINE', 'x'.repeat(5000), { remedy: 'Do better.', cause: new Error('inner secret') })
        },
      })
      control.verb('throws', {
        arguments: {},
        run: () => {
          throw new TypeError('oops')
        },
      })
      control.verb('rejects', { arguments: {}, run: () => Promise.reject(new Error('later')) })
      control.verb('odd', { arguments: {}, run: () => 1n })
    },
  })
}

describe('the control socket, asked', () => {
  const nodes = new Nodes()
  const clients: RawClient[] = []
  let verbs: Verbs
  let node: PeerNetwork
  let file: string

  async function start(options: object = {}) {
    verbs = new Verbs()
    const dataDir = await nodes.directory()
    file = path.join(dataDir, 'control.sock')
    node = await nodes.start('me', [{ use: 'server-control', options }, verbs.plugin], {}, { dataDir })
  }
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy()
    await nodes.clean()
  })

  async function open() {
    const client = await RawClient.connect(file)
    clients.push(client)
    return client
  }

  const whenWaiting = async (count: number) => {
    while (verbs.waiting.length < count) await new Promise((resolve) => setImmediate(resolve))
  }

  it('answers each line, by its id', async () => {
    await start()
    const client = await open()
    client.say(
      '{"id":1,"verb":"echo","args":{"text":"a"}}\n\n  \r\n{"id":"two","verb":"nothing"}\n{"verb":"nothing"}\n',
    )
    const answers = await client.answered(3)
    expect(answers).to.deep.equal([
      { id: 1, ok: true, result: { said: 'a' } },
      { id: 'two', ok: true, result: null },
      { id: null, ok: true, result: null },
    ])
  })

  const wrong: readonly (readonly [name: string, line: string, id: RawAnswer['id'], code: string, says: string])[] = [
    ['garbage', '\u0000\u0001 hello', null, 'E_CONTROL_REQUEST', 'no JSON'],
    ['half a JSON', '{"id":1,"verb":', null, 'E_CONTROL_REQUEST', 'no JSON'],
    ['deep nesting', '['.repeat(60_000), null, 'E_CONTROL_REQUEST', 'no JSON'],
    ['an array', '[1]', null, 'E_CONTROL_REQUEST', 'object'],
    ['null', 'null', null, 'E_CONTROL_REQUEST', 'object'],
    ['no verb', '{"id":1}', 1, 'E_CONTROL_REQUEST', 'verb'],
    ['a verb that is no string', '{"id":1,"verb":{}}', 1, 'E_CONTROL_REQUEST', 'verb'],
    ['an id that is an object', '{"id":{},"verb":"nothing"}', null, 'E_CONTROL_REQUEST', 'id'],
    ['a long id', `{"id":"${'i'.repeat(65)}","verb":"nothing"}`, null, 'E_CONTROL_REQUEST', '64'],
    ['another key', '{"id":1,"verb":"nothing","eval":"1"}', 1, 'E_CONTROL_REQUEST', 'eval'],
    ['news that are no boolean', '{"id":1,"verb":"nothing","news":1}', 1, 'E_CONTROL_REQUEST', 'news'],
    ['args that are no object', '{"id":1,"verb":"nothing","args":[]}', 1, 'E_CONTROL_REQUEST', 'args'],
    ['an unknown verb', '{"id":1,"verb":"ecko"}', 1, 'E_CONTROL_VERB', 'did you mean "echo"?'],
    ['a verb of every object', '{"id":1,"verb":"constructor"}', 1, 'E_CONTROL_VERB', 'there is no verb'],
    ['an argument too many', '{"id":1,"verb":"nothing","args":{"x":1}}', 1, 'E_CONTROL_REQUEST', 'x'],
    ['a prototype', '{"id":1,"verb":"nothing","args":{"__proto__":{}}}', 1, 'E_CONTROL_REQUEST', '__proto__'],
    ['an argument too few', '{"id":1,"verb":"echo"}', 1, 'E_CONTROL_REQUEST', 'text, a string'],
    [
      'an argument of another kind',
      '{"id":1,"verb":"echo","args":{"text":1}}',
      1,
      'E_CONTROL_REQUEST',
      'text, a string',
    ],
    ['null for an argument', '{"id":1,"verb":"echo","args":{"text":"a","data":null}}', 1, 'E_CONTROL_REQUEST', 'data'],
    ['an array for an object', '{"id":1,"verb":"echo","args":{"text":"a","data":[]}}', 1, 'E_CONTROL_REQUEST', 'data'],
    ['what a verb refuses', '{"id":1,"verb":"coded"}', 1, 'E_MINE', 'xxx'],
    ['what a verb throws', '{"id":1,"verb":"throws"}', 1, 'E_UNEXPECTED', 'oops'],
    ['what a verb throws later', '{"id":1,"verb":"rejects"}', 1, 'E_UNEXPECTED', 'later'],
    ['an answer that is no JSON', '{"id":1,"verb":"odd"}', 1, 'E_UNEXPECTED', 'BigInt'],
  ]
  it('answers what is wrong with a code, a remedy and nothing from inside, and goes on', async () => {
    await start()
    const client = await open()
    for (const [i, [name, line, id, code, says]] of wrong.entries()) {
      client.say(`${line}\n`)
      const answer = (await client.answered(i + 1))[i]
      expect(answer, name).to.deep.include({ id, ok: false })
      expect(answer?.error, name).to.have.all.keys('code', 'message', 'remedy')
      expect(answer?.error?.code, name).to.equal(code)
      expect(answer?.error?.message, name).to.include(says)
      expect(answer?.error?.message.length, name).to.be.at.most(1000)
      expect(answer?.error?.remedy, name).to.not.equal('')
      expect(JSON.stringify(answer), name).to.not.match(/\bat .*:\d+:\d+|\.ts\b|inner secret/)
    }
    client.say('{"id":"last","verb":"nothing"}\n')
    expect((await client.answered(wrong.length + 1)).at(-1)).to.deep.include({ id: 'last', ok: true })
  })

  it('names the verbs that there are', async () => {
    await start()
    const client = await open()
    client.say('{"id":1,"verb":"x"}\n')
    const [answer] = await client.answered(1)
    for (const verb of [
      'status',
      'peers',
      'send',
      'why',
      'block',
      'unblock',
      'authorize',
      'revoke',
      'routines',
      'send-file',
      'echo',
    ])
      expect(answer?.error?.message).to.include(verb)
  })

  for (const [name, text] of [
    ['with an end', `${' '.repeat(65537)}\n`],
    ['without an end', 'x'.repeat(70_000)],
  ] as const) {
    it(`hangs up on a request of more than 64 KiB ${name}, after what came before it is answered`, async () => {
      await start()
      const client = await open()
      client.say(`{"id":1,"verb":"wait"}\n${text}{"id":2,"verb":"nothing"}\n`)
      const [refused] = await client.answered(1)
      expect(refused).to.deep.include({ id: null, ok: false })
      expect(refused?.error).to.include({ code: 'E_CONTROL_REQUEST' })
      await whenWaiting(1)
      verbs.waiting[0]?.()
      await client.ended()
      expect(client.answers.slice(1)).to.deep.equal([{ id: 1, ok: true, result: 'waited' }])
    })
  }

  it('takes a request of exactly 64 KiB, in however many pieces', async () => {
    await start()
    const client = await open()
    const around = '{"id":1,"verb":"echo","args":{"text":""}}'.length
    const text = `{"id":1,"verb":"echo","args":{"text":"${'é'.repeat((65536 - around) / 2)}"}}${around % 2 === 1 ? ' ' : ''}`
    const bytes = Buffer.from(`${text}\n`)
    expect(bytes.length).to.equal(65537)
    for (let at = 0; at < bytes.length; at += 9999) client.say(bytes.subarray(at, at + 9999))
    const [answer] = await client.answered(1)
    expect((answer?.result as { said: string }).said).to.match(/^é+$/)
  })

  it('works on 16 requests of a client at a time, reads no further meanwhile, and answers all', async () => {
    await start()
    const client = await open()
    const count = 100
    for (let i = 0; i < count; i++) client.say(`{"id":${String(i)},"verb":"wait"}\n`)
    while (client.answers.length < count) {
      await whenWaiting(1)
      verbs.waiting.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(verbs.most).to.equal(16)
    expect(new Set(client.answers.map(({ id }) => id)).size).to.equal(count)
  })

  it('answers the quick before the slow, and two clients apart', async () => {
    await start()
    const [a, b] = [await open(), await open()]
    a.say('{"id":"slow","verb":"wait"}\n{"id":"quick","verb":"nothing"}\n')
    b.say('{"id":"b","verb":"echo","args":{"text":"b"}}\n')
    expect((await a.answered(1)).map(({ id }) => id)).to.deep.equal(['quick'])
    expect((await b.answered(1)).map(({ id }) => id)).to.deep.equal(['b'])
    await whenWaiting(1)
    verbs.waiting[0]?.()
    expect((await a.answered(2)).map(({ id }) => id)).to.deep.equal(['quick', 'slow'])
  })

  it('tells how it goes whoever asks for news, until there is an answer, and nobody else', async () => {
    await start()
    const client = await open()
    client.say('{"id":1,"verb":"count","args":{"to":3},"news":true}\n')
    await client.answered(4)
    client.say('{"id":2,"verb":"count","args":{"to":3}}\n{"id":3,"verb":"nothing","news":true}\n')
    const answers = await client.answered(6)
    expect(answers.slice(0, 4)).to.deep.equal([
      { id: 1, news: { i: 1 } },
      { id: 1, news: { i: 2 } },
      { id: 1, news: { i: 3 } },
      { id: 1, ok: true, result: 'counted' },
    ])
    expect(answers.slice(4)).to.have.deep.members([
      { id: 2, ok: true, result: 'counted' },
      { id: 3, ok: true, result: null },
    ])
  })

  it('gathers no news for a client that does not read them, and loses no answer', async () => {
    await start()
    const client = await open()
    client.socket.pause()
    client.say('{"id":1,"verb":"gossip","news":true}\n')
    await whenWaiting(1)
    const news = 'n'.repeat(10_000)
    const many = 5000
    for (let i = 0; i < many; i++) verbs.tell?.(news)
    verbs.waiting[0]?.()
    client.socket.resume()
    while (client.answers.at(-1)?.ok !== true) await client.answered(client.answers.length + 1)
    expect(client.answers.length).to.be.below(many / 2)
    expect(client.answers.at(-1)).to.deep.equal({ id: 1, ok: true, result: 'told' })
  })

  it('does not gather answers for a client that does not read them, and serves the others', async () => {
    await start()
    const lazy = await open()
    lazy.socket.pause()
    const text = 'y'.repeat(50_000)
    const requests = 100
    for (let i = 0; i < requests; i++) lazy.say(`{"id":${String(i)},"verb":"echo","args":{"text":"${text}"}}\n`)
    const other = await open()
    other.say('{"id":1,"verb":"nothing"}\n')
    await other.answered(1)
    expect(lazy.socket.writableLength).to.be.above(text.length) // it is not read from
    lazy.socket.resume()
    expect(new Set((await lazy.answered(requests)).map(({ id }) => id)).size).to.equal(requests)
  })

  for (const [how, leave] of [
    ['has ended its side', (socket: Socket) => socket.end()],
    ['has gone', (socket: Socket) => socket.destroy()],
  ] as const)
    it(`tells a verb whose asker ${how}, and goes on`, async () => {
      await start()
      const client = await open()
      client.say('{"id":1,"verb":"wait"}\n')
      await whenWaiting(1)
      leave(client.socket)
      while (verbs.aborted === 0) await new Promise((resolve) => setImmediate(resolve))
      verbs.waiting[0]?.()
      const other = await open()
      other.say('{"id":1,"verb":"nothing"}\n')
      await other.answered(1)
    })

  it('hangs up on one client more than the config allows', async () => {
    await start({ connections: 1 })
    const first = await open()
    first.say('{"id":1,"verb":"nothing"}\n')
    await first.answered(1)
    const second = await open()
    await second.ended()
    first.socket.destroy()
    await once(first.socket, 'close')
  })

  it('lets the node stop while a client is connected and a verb works', async () => {
    await start()
    const [idle, busy] = [await open(), await open()]
    busy.say('{"id":1,"verb":"wait"}\n')
    await whenWaiting(1)
    const failures: unknown[] = []
    node.on('pluginFailed', (failure) => failures.push(failure))
    await node.stop()
    await Promise.all([idle.ended(), busy.ended()])
    expect(failures).to.deep.equal([])
    expect(verbs.aborted).to.equal(1)
    expect(busy.answers).to.deep.equal([])
  })

  it('has a verb once: a second of its name is refused, and one that is taken away is gone', async () => {
    await start()
    const twice = () => node.use('control').verb('wait', { arguments: {}, run: () => 0 })
    expect(twice).to.throw('wait').with.property('code', 'E_CAPABILITY_TWICE')
    verbs.leave?.()
    twice()
    const client = await open()
    client.say('{"id":1,"verb":"wait"}\n')
    expect(await client.answered(1)).to.deep.equal([{ id: 1, ok: true, result: 0 }])
  })
})
