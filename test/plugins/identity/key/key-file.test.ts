// identity.key: made once, whole, for its owner alone, and never written over.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import { keyFileIn, makeKeyFile, readKeyFile, spkiOf } from '../../../../plugins/identity/key/key-file.ts'
import { Scratch } from '../../../support/scratch.ts'

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing thrown',
    (error: unknown) => (error as { code: string }).code,
  )
const pemOf = (type: 'ed25519' | 'ed448' | 'x25519') =>
  generateKeyPairSync(type as 'ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
const onUnix = process.platform === 'win32' ? it.skip : it

describe('the key file', () => {
  let scratch: Scratch
  let file: string
  beforeEach(async () => {
    scratch = await Scratch.make()
    file = keyFileIn(scratch.path)
  })
  afterEach(() => scratch.remove())

  it('is PKCS#8 in PEM, read back as it was made, and leaves nothing beside it', async () => {
    const key = await makeKeyFile(file, 'x')
    expect(createPrivateKey(await readFile(file, 'utf8')).equals(key)).to.equal(true)
    expect((await readKeyFile(file))?.equals(key)).to.equal(true)
    expect(spkiOf(key)).to.have.lengthOf(44)
    expect(await readdir(scratch.path)).to.deep.equal(['identity.key'])
  })

  onUnix('has the mode 0600, whatever the umask', async () => {
    const before = process.umask(0)
    try {
      await makeKeyFile(file, 'x')
    } finally {
      process.umask(before)
    }
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
  })

  it('is undefined where there is none', async () => {
    expect(await readKeyFile(file)).to.equal(undefined)
  })

  it('is never written over, not by eight at once either: one of them makes it', async () => {
    const made = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => makeKeyFile(file, String(i))))
    const keys = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(keys).to.have.lengthOf(1)
    for (const one of made) if (one.status === 'rejected') expect(one.reason).to.have.property('code', 'E_KEY_EXISTS')
    expect((await readKeyFile(file))?.equals(keys[0]!)).to.equal(true)
    await writeFile(file, 'precious')
    expect(await codeOf(makeKeyFile(file, 'y'))).to.equal('E_KEY_EXISTS')
    expect(await readFile(file, 'utf8')).to.equal('precious')
    expect(await readdir(scratch.path)).to.deep.equal(['identity.key'])
  })

  for (const mode of [0o640, 0o604, 0o620, 0o610, 0o601, 0o644, 0o660, 0o777])
    onUnix(`is E_KEY_MODE with ${mode.toString(8)}`, async () => {
      await makeKeyFile(file, 'x')
      await chmod(file, mode)
      expect(await codeOf(readKeyFile(file))).to.equal('E_KEY_MODE')
    })

  for (const mode of [0o600, 0o400, 0o700])
    onUnix(`is good with ${mode.toString(8)}`, async () => {
      await makeKeyFile(file, 'x')
      await chmod(file, mode)
      expect(await codeOf(readKeyFile(file))).to.equal('nothing thrown')
    })

  const good = pemOf('ed25519')
  const v2 = `-----BEGIN PRIVATE KEY-----\n${Buffer.concat([
    Buffer.from('3051020101', 'hex'),
    createPrivateKey(good).export({ format: 'der', type: 'pkcs8' }).subarray(5),
    Buffer.from('812100', 'hex'),
    spkiOf(createPrivateKey(good)).subarray(12),
  ]).toString('base64')}\n-----END PRIVATE KEY-----\n`
  const bad: [string, string | Buffer][] = [
    ['nothing', ''],
    ['half a key', good.slice(0, 60)],
    ['no PEM', 'mine'],
    ['zeroes', Buffer.alloc(119)],
    ['another algorithm (Ed448)', pemOf('ed448')],
    ['another algorithm (X25519)', pemOf('x25519')],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'pem', type: 'pkcs8' })],
    ['more than a key', good + 'x'.repeat(2000)],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' })],
    ['two keys', good + pemOf('ed25519')],
    ['words before the key', `my key\n${good}`],
    ['another line length', good.replace(/\n(.{20})/, '\n$1\n')],
    ['the second version of PKCS#8', v2],
    [
      'a key with a passphrase',
      generateKeyPairSync('ed25519').privateKey.export({
        format: 'pem',
        type: 'pkcs8',
        cipher: 'aes-256-cbc',
        passphrase: 'x',
      }),
    ],
  ]
  for (const [what, text] of bad)
    it(`is E_KEY_INVALID with ${what} in it, and stays`, async () => {
      await writeFile(file, text, { mode: 0o600 })
      expect(await codeOf(readKeyFile(file))).to.equal('E_KEY_INVALID')
      expect(await readFile(file)).to.deep.equal(Buffer.from(text))
    })

  it('may end its lines as Windows does', async () => {
    await writeFile(file, good.replaceAll('\n', '\r\n'), { mode: 0o600 })
    expect((await readKeyFile(file))?.asymmetricKeyType).to.equal('ed25519')
  })

  it('that is a directory, a pipe or a link to nowhere is an error that comes at once', async () => {
    await mkdir(file)
    expect(await codeOf(readKeyFile(file))).to.match(/^E_KEY_(INVALID|FILE)$/)
    const pipe = scratch.at('pipe')
    if (spawnSync('mkfifo', ['-m', '600', pipe]).status === 0)
      expect(await codeOf(readKeyFile(pipe))).to.equal('E_KEY_INVALID')
    await symlink(scratch.at('nowhere'), scratch.at('link'))
    expect(await codeOf(makeKeyFile(scratch.at('link'), 'x'))).to.equal('E_KEY_EXISTS')
  })

  it('in a directory that is not there is E_KEY_FILE', async () => {
    expect(await codeOf(makeKeyFile(keyFileIn(scratch.at('no/where')), 'x'))).to.equal('E_KEY_FILE')
  })
})
