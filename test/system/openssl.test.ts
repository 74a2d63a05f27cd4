// OpenSSL's own program as a third party: it accepts the certificate of a node, and is refused where it should be.
import { expect } from 'chai'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { certificateFor, toPem } from '../../plugins/transport/tls/certificate.ts'
import { honest } from '../plugins/transport/tls/certificates.ts'
import { listen, openTransport, type Hall, type OpenTransport } from '../plugins/transport/open.ts'
import { Scratch } from '../support/scratch.ts'
import { testKeys } from '../support/keys.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const openssl = async (...words: string[]) => (await run('openssl', words)).stdout

/** How s_client ends, and all it said. It reads nothing, and waits until the node has closed. */
async function sClient(port: number, ...words: string[]): Promise<{ code: number; said: string }> {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${String(port)}`, '-ign_eof', ...words], {
    timeout: 20_000,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said }
}

describe('openssl', () => {
  let scratch: Scratch
  before(async function () {
    if (!(await openssl('version').then(Boolean, () => false))) {
      const missing = 'there is no program openssl'
      if (process.env.REQUIRE_TOOLS) throw new Error(missing)
      process.stderr.write(`    skipped: ${missing}\n`)
      this.skip()
    }
  })
  beforeEach(async () => {
    scratch = await Scratch.make()
  })
  afterEach(() => scratch.remove())

  it('reads the certificate of a node, and verifies it as its own authority', async () => {
    const keys = testKeys()
    await scratch.write({ 'node.pem': toPem(certificateFor(keys)) })
    const file = scratch.at('node.pem')
    const text = await openssl('x509', '-in', file, '-noout', '-text')
    expect(text)
      .to.contain('Version: 3 (0x2)')
      .and.to.contain('Signature Algorithm: ED25519')
      .and.to.contain(`Subject: CN = ${keys.identifier}`)
      .and.to.contain(`Issuer: CN = ${keys.identifier}`)
      .and.to.contain('Not Before: Jan  1 00:00:00 1970 GMT')
      .and.to.contain('Not After : Dec 31 23:59:59 9999 GMT')
    expect(await openssl('verify', '-CAfile', file, file)).to.equal(`${file}: OK\n`)
    const spki = await openssl('x509', '-in', file, '-noout', '-pubkey')
    expect(Buffer.from(spki.replace(/-----.*-----|\n/g, ''), 'base64')).to.deep.equal(keys.publicKey)
  })

  describe('s_client', () => {
    let node: OpenTransport
    let hall: Hall
    beforeEach(async () => {
      node = openTransport('tls')
      hall = await listen(node)
    })
    afterEach(() => hall.close())

    const refused = {
      'without a certificate': {
        words: ['-alpn', 'p2pnet/1'],
        reason: 'it showed no certificate with an Ed25519 key',
      },
      'with TLS 1.2': {
        words: ['-alpn', 'p2pnet/1', '-tls1_2'],
        reason: 'it does not speak TLS 1.3',
        alert: 'protocol version',
      },
      'with another protocol': {
        words: ['-alpn', 'h2'],
        reason: 'it does not speak p2pnet/1',
        alert: 'no application protocol',
      },
    }
    for (const [name, { words, reason, ...more }] of Object.entries(refused))
      it(`is refused ${name}`, async () => {
        const { said } = await sClient(hall.port, ...words)
        if ('alert' in more) expect(said).to.contain(more.alert)
        await until('the refusal', () => node.refused.length > 0)
        expect(node.refused).to.deep.equal([`E_HANDSHAKE ${reason} | 127.0.0.1 | transport.tls`])
        expect(hall.connections).to.deep.equal([])
      })

    it('gets in with a certificate, and is known by its key', async () => {
      const keys = testKeys()
      const { cert, key } = honest(keys)
      await scratch.write({ 'cert.pem': cert, 'key.pem': key })
      const files = ['-cert', scratch.at('cert.pem'), '-key', scratch.at('key.pem')]
      const client = sClient(hall.port, '-alpn', 'p2pnet/1', ...files)
      await until('the connection', () => hall.connections.length === 1)
      expect(hall.connections[0]).to.have.property('peerKey', keys.identifier)
      hall.connections[0]!.resume().end('hello from a node\n')
      const { code, said } = await client
      expect(code).to.equal(0)
      expect(said)
        .to.contain('hello from a node')
        .and.to.contain('TLSv1.3')
        .and.to.contain('ALPN protocol: p2pnet/1')
        .and.to.contain(`CN = ${node.keys.identifier}`)
    })
  })
})
