/**
 * As much of a TLS 1.3 client (RFC 8446) as it takes to show a certificate whose key nobody holds, under a signature of the
 * caller's making. OpenSSL's client insists on a key that fits. X25519, TLS_AES_128_GCM_SHA256, no resumption.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
} from 'node:crypto'
import { connect, type Socket } from 'node:net'

const x25519Head = Buffer.from('302a300506032b656e032100', 'hex')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const hmac = (key: Uint8Array, bytes: Uint8Array) => createHmac('sha256', key).update(bytes).digest()
const number = (value: number, bytes: number) => {
  const out = Buffer.alloc(bytes)
  out.writeUIntBE(value, 0, bytes)
  return out
}
/** Bytes after their length. */
const sized = (bytes: number, ...parts: Uint8Array[]) => {
  const content = Buffer.concat(parts)
  return Buffer.concat([number(content.length, bytes), content])
}
const message = (type: number, ...parts: Uint8Array[]) => Buffer.concat([Buffer.of(type), sized(3, ...parts)])
const extension = (type: number, ...parts: Uint8Array[]) => Buffer.concat([number(type, 2), sized(2, ...parts)])

function expand(secret: Uint8Array, label: string, context: Uint8Array, length: number): Buffer {
  const info = Buffer.concat([number(length, 2), sized(1, Buffer.from(`tls13 ${label}`)), sized(1, context)])
  return hmac(secret, Buffer.concat([info, Buffer.of(1)])).subarray(0, length)
}

/** One direction of protected records. */
class Protection {
  readonly #key: Buffer
  readonly #iv: Buffer
  #count = 0

  constructor(secret: Buffer) {
    this.#key = expand(secret, 'key', Buffer.alloc(0), 16)
    this.#iv = expand(secret, 'iv', Buffer.alloc(0), 12)
  }

  seal(content: Uint8Array, type: number): Buffer {
    const head = Buffer.concat([Buffer.of(23, 3, 3), number(content.length + 17, 2)])
    const cipher = createCipheriv('aes-128-gcm', this.#key, this.#nonce()).setAAD(head)
    const sealed = Buffer.concat([cipher.update(Buffer.concat([content, Buffer.of(type)])), cipher.final()])
    return Buffer.concat([head, sealed, cipher.getAuthTag()])
  }

  open(head: Buffer, body: Buffer): Buffer {
    const cipher = createDecipheriv('aes-128-gcm', this.#key, this.#nonce()).setAAD(head)
    cipher.setAuthTag(body.subarray(-16))
    const opened = Buffer.concat([cipher.update(body.subarray(0, -16)), cipher.final()])
    return opened.subarray(0, -1) // the node pads nothing
  }

  #nonce(): Buffer {
    const nonce = Buffer.from(this.#iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.#count++) >>> 0, 8)
    return nonce
  }
}

export interface Claim {
  /** DER */
  readonly certificate: Uint8Array
  /** Of what CertificateVerify covers (RFC 8446, 4.4.3). */
  signature(bytes: Uint8Array): Uint8Array
}

export function claim(port: number, { certificate, signature }: Claim): Socket {
  const socket = connect({ host: '127.0.0.1', port }).on('error', () => undefined)
  const own = generateKeyPairSync('x25519')
  const hello = message(
    1,
    Buffer.of(3, 3),
    randomBytes(32),
    sized(1),
    sized(2, Buffer.of(0x13, 0x01)),
    sized(1, Buffer.of(0)),
    sized(
      2,
      extension(43, sized(1, Buffer.of(3, 4))),
      extension(10, sized(2, number(0x1d, 2))),
      extension(13, sized(2, number(0x0807, 2))),
      extension(16, sized(2, sized(1, Buffer.from('p2pnet/1')))),
      extension(
        51,
        sized(2, number(0x1d, 2), sized(2, own.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32))),
      ),
    ),
  )
  socket.write(Buffer.concat([Buffer.of(22, 3, 1), sized(2, hello)]))

  let transcript = Buffer.from(hello)
  let secrets: { hearing: Protection; speaking: Protection; secret: Buffer } | undefined
  let records = Buffer.alloc(0)
  let messages = Buffer.alloc(0)
  let done = false

  const agree = (serverHello: Buffer) => {
    // key_share: extension 51 of 36 bytes, X25519, 32 bytes.
    const share = serverHello.subarray(serverHello.indexOf(Buffer.from('00330024001d0020', 'hex')) + 8).subarray(0, 32)
    const publicKey = createPublicKey({ key: Buffer.concat([x25519Head, share]), format: 'der', type: 'spki' })
    const shared = diffieHellman({ privateKey: own.privateKey, publicKey })
    const early = hmac(Buffer.alloc(32), Buffer.alloc(32))
    const secret = hmac(expand(early, 'derived', sha256(Buffer.alloc(0)), 32), shared)
    const traffic = (label: string) => expand(secret, label, sha256(transcript), 32)
    const speaking = traffic('c hs traffic')
    secrets = {
      hearing: new Protection(traffic('s hs traffic')),
      speaking: new Protection(speaking),
      secret: speaking,
    }
  }

  const answer = ({ speaking, secret }: NonNullable<typeof secrets>) => {
    const say = (bytes: Buffer) => {
      transcript = Buffer.concat([transcript, bytes])
      return bytes
    }
    const shown = say(message(11, sized(1), sized(3, sized(3, certificate), sized(2))))
    const covered = [Buffer.alloc(64, 0x20), Buffer.from('TLS 1.3, client CertificateVerify\0'), sha256(transcript)]
    const verify = say(message(15, number(0x0807, 2), sized(2, signature(Buffer.concat(covered)))))
    const finished = message(20, hmac(expand(secret, 'finished', Buffer.alloc(0), 32), sha256(transcript)))
    socket.write(speaking.seal(Buffer.concat([shown, verify, finished]), 22))
    done = true
  }

  const hear = () => {
    while (messages.length >= 4 && messages.length >= 4 + messages.readUIntBE(1, 3)) {
      const one = messages.subarray(0, 4 + messages.readUIntBE(1, 3))
      messages = messages.subarray(one.length)
      transcript = Buffer.concat([transcript, one])
      if (one[0] === 2) agree(one)
      if (one[0] === 20 && secrets !== undefined) answer(secrets)
    }
  }

  socket.on('data', (chunk: Buffer) => {
    records = Buffer.concat([records, chunk])
    while (!done && records.length >= 5 && records.length >= 5 + records.readUInt16BE(3)) {
      const head = records.subarray(0, 5)
      const body = records.subarray(5, 5 + records.readUInt16BE(3))
      records = records.subarray(5 + body.length)
      if (head[0] !== 22 && head[0] !== 23) continue
      messages = Buffer.concat([messages, secrets === undefined ? body : secrets.hearing.open(head, body)])
      hear()
    }
  })
  return socket
}
