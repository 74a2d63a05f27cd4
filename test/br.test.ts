import { identity, Nodes, event } from './support/nodes.ts'
describe('x', () => { const nodes = new Nodes(); after(()=>nodes.clean())
 it('y', async function () { this.timeout(60000)
  const start = async (name: string) => { const node = await nodes.compose({ extends: ['p2pnet:minimal'], plugins: [{use:'identity-default',enabled:false}, identity(name), {use:'handshake-ping',options:{intervalMs:250,timeoutMs:5000}},{use:'trust-incoming',options:{trustedLevel:'pinged'}}]}); await node.start(); return node }
  const server = await start('server')
  const { PingSession } = await import('../plugins/trust/handshake-ping/session.ts')
  const hear = PingSession.prototype.hear
  const log: any[] = []
  const t0 = Date.now()
  PingSession.prototype.hear = function (now: number) { const r = hear.call(this, now); (this as any).log ??= []; (this as any).log.push(now - t0); if (this.verdict==='pinged' && (this as any).log.length>3) console.log('extra', (this as any).log); return r }
  const clients = await Promise.all(['a','b','c','d','e','f'].map(start))
  let heard: string[] = []
  server.on('message', (t) => heard.push(t))
  await Promise.all(clients.map(async (c) => { const ch = await c.connect(server.listening[0]!); await ch.whenTrusted(); log.push([c.identifier, Date.now()-t0]); ch.post({type:'PureMessage',message:c.identifier} as never) }))
  await new Promise(r => setTimeout(r, 1000))
  console.log(heard, log, server.decisions().filter(d=>d.code==='E_NOT_ALLOWED'))
 }) })
