// A node that is who holds its key.
import { createHash } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { definePlugin, type HostNetwork, type P2PNetError, type PeerNetwork } from 'p2pnet'
import { Nodes } from '../../../support/nodes.ts'

const L = 2n ** 252n + 27742317777372353535851937790883648493n

/** The seed's SetIdentifier, as a plugin of the user's own. */
const setIdentifier = (name: (network: HostNetwork) => string, stage = -10) =>
  definePlugin({
    name: 'set-identifier',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.trust.identifier.tapPromise(async (network) => Promise.resolve(name(network)), { stage })
    },
  })

describe('identity-key', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())
  const create = (dataDir?: string, plugins: object[] = []): Promise<PeerNetwork> =>
    nodes.compose(
      { extends: ['p2pnet:minimal'], plugins: ['identity-key', ...plugins] as never },
      dataDir === undefined ? {} : { dataDir },
    )
  const refusalOf = (node: PeerNetwork): Promise<P2PNetError> =>
    node.start().then(
      () => expect.fail('it started'),
      (error: unknown) => error as P2PNetError,
    )

  it('makes a key at the first start, and is the hash of it at every start', async () => {
    const dataDir = await nodes.directory()
    const first = await create(dataDir)
    await first.start()
    const { publicKey, keyId } = first.use('keys')
    expect(publicKey).to.have.lengthOf(44)
    expect(first.identifier).to.equal(createHash('sha256').update(publicKey).digest('base64url'))
    expect(first.identifier).to.match(/^[\w-]{43}$/)
    expect([keyId(publicKey), first.use('identity').identifier]).to.deep.equal([first.identifier, first.identifier])
    await first.stop()

    const again = await create(dataDir)
    await again.start()
    expect(again.identifier).to.equal(first.identifier)
    const another = await create()
    await another.start()
    expect(another.identifier).to.not.equal(first.identifier)
  })

  it('signs what others can verify, and nothing else verifies', async () => {
    const [a, b] = [await create(), await create()]
    await Promise.all([a.start(), b.start()])
    const bytes = Buffer.from('said')
    const { publicKey, sign } = a.use('keys')
    const signature = sign(bytes)
    const { verify } = b.use('keys')
    expect(signature).to.have.lengthOf(64)
    expect(verify(bytes, signature, publicKey)).to.equal(true)
    expect(verify(Buffer.from('sad'), signature, publicKey)).to.equal(false)
    expect(verify(bytes, signature, b.use('keys').publicKey)).to.equal(false)
    for (const length of [0, 63, 65])
      expect(verify(bytes, Buffer.concat([signature, Buffer.alloc(1)]).subarray(0, length), publicKey)).to.equal(false)
    for (let at = 0; at < 64; at++) {
      const other = Buffer.from(signature)
      other[at]! ^= 1
      expect(verify(bytes, other, publicKey), `byte ${String(at)}`).to.equal(false)
    }
    // The same S, the order of the group further on: another spelling of the same signature.
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + L
    const tail = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
    expect(verify(bytes, Buffer.concat([signature.subarray(0, 32), tail]), publicKey)).to.equal(false)
    const identityPoint = Buffer.concat([Buffer.from('302a300506032b657003210001', 'hex'), Buffer.alloc(31)])
    const forged = Buffer.concat([Buffer.of(1), Buffer.alloc(63)])
    expect(() => verify(bytes, forged, identityPoint))
      .to.throw()
      .with.property('code', 'E_KEY_INVALID')
    expect(verify(bytes, forged, publicKey)).to.equal(false)
  })

  it('has no key before the node starts', async () => {
    const node = await create()
    expect(() => node.use('keys').publicKey)
      .to.throw()
      .with.property('code', 'E_STATE')
    expect(() => node.use('keys').sign(Buffer.of(1)))
      .to.throw()
      .with.property('code', 'E_STATE')
  })

  it('gives away no key that could be changed under it', async () => {
    const node = await create()
    await node.start()
    node.use('keys').publicKey.fill(0)
    expect(node.use('keys').keyId(node.use('keys').publicKey)).to.equal(node.identifier)
  })

  const refused: [string, (file: string) => Promise<void>, string][] = [
    ['E_KEY_INVALID', (file) => writeFile(file, 'no key', { mode: 0o600 }), 'no key'],
  ]
  if (process.platform !== 'win32')
    refused.push(['E_KEY_MODE', async (file) => writeFile(file, 'x').then(() => chmod(file, 0o644)), 'x'])
  for (const [code, spoil, text] of refused)
    it(`does not start with ${code}, says what to do, and leaves the file alone`, async () => {
      const dataDir = await nodes.directory()
      const file = path.join(dataDir, 'identity.key')
      await spoil(file)
      const error = await refusalOf(await create(dataDir))
      expect(error).to.include({ code })
      expect(error.message).to.include(file)
      expect(error.remedy).to.not.equal('')
      expect(await readFile(file, 'utf8')).to.equal(text)
    })

  for (const stage of [-10, -5000])
    it(`does not start under another name of setIdentifier (stage ${String(stage)})`, async () => {
      const node = await create(undefined, [setIdentifier(() => 'somebody', stage)])
      const error = await refusalOf(node)
      expect(error).to.include({ code: 'E_CONFIG_INVALID', plugin: 'identity-key' })
      expect(error.message).to.include('"somebody"')
      expect(node.state).to.equal('stopped')
    })

  it('minds no setIdentifier that names the node as its key does', async () => {
    const dataDir = await nodes.directory()
    const before = await create(dataDir)
    await before.start()
    await before.stop()
    const node = await create(dataDir, [setIdentifier(() => before.identifier)])
    await node.start()
    expect(node.identifier).to.equal(before.identifier)
  })

  it('cannot be given another name while it runs, and writes down that somebody tried', async () => {
    let network: HostNetwork | undefined
    const assigner = definePlugin({
      name: 'assigner',
      version: '1.0.0',
      api: 1,
      setup(ctx) {
        network = ctx.network
      },
    })
    const node = await create(undefined, [assigner])
    await node.start()
    const { identifier } = node
    expect(() => network?.setIdentifier('somebody'))
      .to.throw()
      .with.property('code', 'E_NOT_ALLOWED')
    network?.setIdentifier(identifier)
    expect(node.identifier).to.equal(identifier)
    expect(node.decisions().map(({ code, hook }) => [code, hook])).to.deep.equal([
      ['E_NOT_ALLOWED', 'trust.identifier'],
    ])
  })
})
