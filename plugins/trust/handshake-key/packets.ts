/**
 * The packets of the handshake. I is the side that dialled, R the one that answers; keys, nonces and signatures are in
 * base64url without padding.
 *
 * ```text
 * I                                               R
 * KeyHello      v, net, key of I, nonce of I  ->
 *                                             <-  KeyChallenge  key of R, nonce of R, R's signature
 * KeyProof      I's signature                 ->
 *                                             <-  KeyReady
 * ```
 *
 * Where the transport has proved the keys itself, KeyHello and KeyReady are all of it. What is signed: transcript.ts. Each
 * message has one spelling; any other message, at any other time, ends the handshake and the channel.
 */
import type { PluginContext } from '../../../core/index.ts'
import { keyChallengeSchema, type KeyChallengeFields } from '../../../schemas/generated/key-challenge.ts'
import { keyHelloSchema, type KeyHelloFields } from '../../../schemas/generated/key-hello.ts'
import { keyProofSchema, type KeyProofFields } from '../../../schemas/generated/key-proof.ts'
import { keyReadySchema, type KeyReadyFields } from '../../../schemas/generated/key-ready.ts'

declare module '../../../core/index.ts' {
  interface PacketTypes {
    KeyHello: KeyHelloFields
    KeyChallenge: KeyChallengeFields
    KeyProof: KeyProofFields
    KeyReady: KeyReadyFields
  }
}

export type KeyPacket = KeyHelloFields | KeyChallengeFields | KeyProofFields | KeyReadyFields

const schemas = {
  KeyHello: keyHelloSchema,
  KeyChallenge: keyChallengeSchema,
  KeyProof: keyProofSchema,
  KeyReady: keyReadySchema,
} as const

export function registerPackets(packets: PluginContext['packets']): void {
  for (const type of Object.keys(schemas) as (keyof typeof schemas)[])
    packets.register(type as string, schemas[type], { lane: 'control', bare: true })
}

export function isKeyPacket({ type }: { readonly type: string }): boolean {
  return Object.hasOwn(schemas, type)
}
