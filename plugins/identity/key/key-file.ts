/**
 * The file that holds this node's key: PKCS#8 in PEM (RFC 8410), for this user's eyes alone. It appears whole or not at
 * all, and one that is there is never written over.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, open, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { isP2PNetError, messageOf } from '../../../core/index.ts'
import { keyError } from './key-errors.ts'
import { readPublicKey } from './public-keys.ts'

/** A key takes 119 bytes. */
const largest = 1024
/** What anybody but the owner may do. */
const othersMay = 0o077

export function keyFileIn(dataDir: string): string {
  return path.join(dataDir, 'identity.key')
}

/**
 * The key in the file; undefined if there is no file.
 * @throws P2PNetError E_KEY_MODE, E_KEY_INVALID, E_KEY_FILE
 */
export async function readKeyFile(file: string): Promise<KeyObject | undefined> {
  let handle: FileHandle
  try {
    // Without waiting: it may be a pipe that nobody writes to.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(file, error)
  }
  try {
    const { mode, size } = await checked(handle, file)
    if (process.platform !== 'win32' && (mode & othersMay) !== 0)
      throw keyError('E_KEY_MODE', `${file} has the mode ${(mode & 0o777).toString(8).padStart(4, '0')}, not 0600`)
    const bytes = Buffer.alloc(size)
    const { bytesRead } = await handle.read(bytes, 0, size, 0)
    return readKey(bytes.toString('latin1', 0, bytesRead), file)
  } catch (error) {
    throw isP2PNetError(error) ? error : unusable(file, error)
  } finally {
    await handle.close()
  }
}

/**
 * Makes a key and its file. `suffix` names the temporary file, which nobody else may use.
 * @throws P2PNetError E_KEY_EXISTS, E_KEY_FILE
 */
export async function makeKeyFile(file: string, suffix: string): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)('ed25519')
  const temporary = `${file}.${suffix}`
  try {
    await writeWhole(temporary, pemOf(privateKey))
    await publish(temporary, file)
    await settle(path.dirname(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw keyError('E_KEY_EXISTS', `${file} exists`, error)
    throw unusable(file, error)
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined) // it names a directory that cannot be used; that is told
  }
  return privateKey
}

async function checked(handle: FileHandle, file: string): Promise<{ mode: number; size: number }> {
  const stats = await handle.stat()
  if (!stats.isFile() || stats.size > largest) throw keyError('E_KEY_INVALID', `${file} is no key file`)
  return stats
}

/** @throws P2PNetError E_KEY_INVALID */
function readKey(pem: string, file: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, format: 'pem', type: 'pkcs8' })
  } catch {
    // The parser's words may quote the key.
    throw keyError('E_KEY_INVALID', `${file} holds no private key in PKCS#8 PEM without a passphrase`)
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw keyError('E_KEY_INVALID', `${file} holds a key of type ${String(key.asymmetricKeyType)}, not ed25519`)
  if (pem.replaceAll('\r\n', '\n').trimEnd() !== pemOf(key).trimEnd())
    throw keyError('E_KEY_INVALID', `${file} is not in its canonical encoding`)
  readPublicKey(spkiOf(key))
  return key
}

/** The public half, as others get to see it. */
export function spkiOf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
}

function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}

/** On the disk before it has its name, so that no crash leaves half a key. */
async function writeWhole(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Unlike rename(), link() leaves a file that is there alone. */
async function publish(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'ENOENT') throw error
    await copyFile(temporary, file, constants.COPYFILE_EXCL) // a file system without hard links
  }
}

/** The name is on the disk too, where directories can be synchronised. */
async function settle(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {
    // Windows opens no directories; the key is complete, only its name could be lost in a crash.
  }
}

function unusable(file: string, error: unknown) {
  return keyError('E_KEY_FILE', `${file} cannot be used: ${messageOf(error)}`, error)
}
