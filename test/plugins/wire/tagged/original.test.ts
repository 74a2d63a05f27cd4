import { once } from 'node:events'
import { connect as dial, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import type { PeerNetwork } from 'p2pnet'
import { freeUdpPorts, listenUdp, sendUdp } from '../../../support/udp.ts'
import { connect, eventually, event, identity, Nodes } from '../../../support/nodes.ts'

const tags = ['Identity', 'Disconnect', 'PeerGroup', 'DataTransmit', 'Message']

/**
 * A peer that reads as the C# original does: at most 4,096 bytes, then nothing for 250 ms; once the text holds both tags
 * of a packet, all of it but the tags is taken for that packet.
 */
class Original {
  readonly packets: { tag: string; json: string }[] = []
  readonly socket: Socket
  #text = ''

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => undefined)
    void this.#read()
  }

  say(tag: string, fields: object): void {
    this.socket.write(`<${tag}>${JSON.stringify(fields)}</${tag}>`)
  }

  async #read(): Promise<void> {
    while (!this.socket.destroyed) {
      const rest = this.socket.read() as Buffer | null
      if (rest === null) {
        await sleep(5)
        continue
      }
      if (rest.byteLength > 4096) this.socket.unshift(rest.subarray(4096))
      this.#text += rest.toString('utf8', 0, 4096)
      const tag = tags.find((name) => this.#text.includes(`<${name}>`) && this.#text.includes(`</${name}>`))
      if (tag !== undefined) {
        this.packets.push({ tag, json: this.#text.replaceAll(`<${tag}>`, '').replaceAll(`</${tag}>`, '') })
        this.#text = ''
      }
      await sleep(250)
    }
  }
}

const from = { SourceOriginIdentifier: 'original', SourceOriginTime: '2025-04-18T18:13:20.1234567Z' }

describe('a node that speaks as the original does', () => {
  const nodes = new Nodes()
  const servers: Server[] = []

  afterEach(async () => {
    await nodes.clean()
    for (const server of servers.splice(0)) server.close()
  })

  const start = async (name: string, options: Record<string, unknown> = {}): Promise<PeerNetwork> =>
    nodes.start(name, [{ use: 'wire-tagged', options }])

  it('writes so slowly to it that it gets every packet, a long one too', async () => {
    const node = await start('ours')
    const server = createServer((socket) => peers.push(new Original(socket)))
    servers.push(server)
    const peers: Original[] = []
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const channel = await node.connect({ host: '127.0.0.1', port: (server.address() as { port: number }).port })
    await channel.whenTrusted()
    const messages = ['one', 'two', 'x'.repeat(9000), '<Message>&é</Message>', 'last']
    for (const message of messages) channel.post({ type: 'PureMessage', message })
    const [peer] = peers
    await eventually(() => peer?.packets.length === messages.length, 10_000)
    expect(peer?.packets.map(({ json }) => (JSON.parse(json) as { Message: string }).Message)).to.deep.equal(messages)
    expect(peer?.packets.filter(({ json }) => json.includes('"p2pnet"'))).to.deep.equal(peer?.packets.slice(0, 1))
    peer?.socket.destroy()
  })

  it('hears it', async () => {
    const node = await start('ours')
    const said: string[] = []
    node.on('message', (text) => said.push(text))
    const [listening] = node.listening
    const peer = new Original(dial(listening!.port, listening!.host))
    peer.say('Message', { Message: 'Hello', ...from })
    peer.say('Future', { Anything: 1 })
    peer.say('Message', { Message: 'again', ...from })
    await eventually(() => said.length === 2)
    expect(said).to.deep.equal(['Hello', 'again'])
    expect([...node.channels][0]?.peer.identifier).to.equal('original')
    peer.socket.destroy()
  })

  it('does not wait for its own kind', async () => {
    const [a, b] = [await start('a', { paceMs: 10_000 }), await start('b', { paceMs: 10_000 })]
    const said: string[] = []
    b.on('message', (text) => said.push(text))
    const [channel, other] = await connect(a, b)
    other.post({ type: 'PureMessage', message: 'from b' })
    await event(a, 'message')
    for (let i = 0; i < 1000; i++) channel.post({ type: 'PureMessage', message: String(i) })
    await eventually(() => said.length === 1000)
    expect(said).to.deep.equal(Array.from({ length: 1000 }, (_, i) => String(i)))
    const reason = new Promise<string | undefined>((resolve) => {
      b.on('peerRemoved', (_channel, error) => resolve(error?.code))
    })
    await channel.close({ code: 'E_DISCONNECTED', reason: 'enough' })
    expect(await reason).to.equal('E_DISCONNECTED')
  })

  it('comes from the preset p2pnet:classic, and trusts its own kind after three pings', async () => {
    const classic = (name: string) =>
      nodes.compose({
        extends: ['p2pnet:classic'],
        plugins: [
          identity(name),
          { use: 'identity-default', enabled: false },
          { use: 'discovery-lan', enabled: false },
          { use: 'handshake-ping', options: { intervalMs: 100 } },
        ],
      })
    const [a, b] = [await classic('a'), await classic('b')]
    await Promise.all([a.start(), b.start()])
    const [channel] = await connect(a, b)
    expect(channel.trusted).to.equal(true)
    const data = event(b, 'data')
    await a.use('distribution').queue(Buffer.from('bytes'), 'MiscData')
    expect(Buffer.from((await data)[0]).toString()).to.equal('bytes')
  })

  it('announces itself as the original does, and finds who announces itself so', async () => {
    const [port] = await freeUdpPorts(1)
    const { socket, heard } = await listenUdp({ address: '127.255.255.255', port: port!, reuseAddr: true })
    const classic = (name: string) =>
      nodes.compose({
        extends: ['p2pnet:classic'],
        network: { designatedPorts: [port!] },
        plugins: [identity(name), { use: 'identity-default', enabled: false }],
      })
    const [a, b] = [await classic('a'), await classic('b')]
    await a.start()
    const [first] = await eventually(() => heard.length > 0 && heard)
    expect(JSON.parse(first!.bytes.toString())).to.include({
      IP: '127.0.0.1',
      Data: a.listening[0]?.port,
      SourceOriginIdentifier: 'a',
    })
    await b.start()
    await eventually(() => a.knownPeers.get('b') !== undefined && b.knownPeers.get('a') !== undefined)

    const announcement = JSON.stringify({ Message: 'discovery', Data: 9, IP: '127.0.0.1', ...from })
    await sendUdp(socket, Buffer.from(announcement), port!)
    await eventually(() => a.knownPeers.get('original'))
    socket.close()
  })
})
