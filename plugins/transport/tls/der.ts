/** As much of DER (ITU-T X.690) as a certificate needs. */

export type Der = Uint8Array

export const sequence = (...parts: Der[]): Der => element(0x30, ...parts)
export const set = (...parts: Der[]): Der => element(0x31, ...parts)
/** Tagged from outside, [number] EXPLICIT. */
export const explicit = (number: number, part: Der): Der => element(0xa0 | number, part)
/** The content: positive and without needless zeros, both the caller's to see to. */
export const integer = (bytes: Uint8Array): Der => element(0x02, bytes)
/** The content, encoded already. */
export const objectIdentifier = (bytes: Uint8Array): Der => element(0x06, bytes)
export const utf8 = (text: string): Der => element(0x0c, Buffer.from(text))
/** A whole number of bytes. */
export const bitString = (bytes: Uint8Array): Der => element(0x03, Uint8Array.of(0), bytes)
/** `YYMMDDHHMMSSZ`, of 1950 to 2049. */
export const utcTime = (text: string): Der => element(0x17, Buffer.from(text))
/** `YYYYMMDDHHMMSSZ` */
export const generalizedTime = (text: string): Der => element(0x18, Buffer.from(text))

function element(tag: number, ...parts: Uint8Array[]): Der {
  const content = Buffer.concat(parts)
  return Buffer.concat([Uint8Array.of(tag, ...lengthOf(content.length)), content])
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}
