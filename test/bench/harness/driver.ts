/**
 * What a stack has to offer to be measured: one file each in drivers/, the same few calls whatever the stack. A driver
 * checks what arrives only so far as to know that it is whole; counting is the harness's affair.
 */
export interface Address {
  readonly host: string
  readonly port: number
}

/** What is sent: a text in a small packet, or raw bytes. */
export type Body = string | Uint8Array

/** What arrived: the text, or so many bytes, where a stack has them in one piece the bytes themselves. */
export type Arrived = string | { readonly byteLength: number }

export interface Link {
  /** Sends one unit. False: it was taken, and it is time to wait for drained(). */
  send(body: Body): boolean
  drained(): Promise<void>
  /** Ends it behind what was sent; resolves when it is gone at this end. */
  close?(): Promise<void>
}

/** Called for each unit that arrives whole and understood; `from` leads back to its sender. */
export type Receive = (arrived: Arrived, from: Link) => void

export interface Driver {
  listen(receive: Receive): Promise<Address>
  /** Resolves when the link can be used, and both ends know it. May be called again, for further links. */
  connect(address: Address, receive: Receive): Promise<Link>
  /** To everybody whom this end has connected to, encoded as the stack does it. */
  broadcast?(body: Body): void
  /** A file to everybody, on disk and hashed at the other end when it resolves. */
  sendFile?(file: string): Promise<void>
  close(): Promise<void>
}

/** Which stack, and what of it: plain data, since the driver is made in another process. */
export interface Stack {
  readonly driver: string
  readonly options?: Readonly<Record<string, unknown>>
}

/** What small packets carry beside the text, in the stacks that have no packets of their own. */
export const envelope = (type: string, message: string): string =>
  JSON.stringify({
    type,
    message,
    sourceOriginIdentifier: 'b94d27b9934d3e08a52e52d7da7dabfa',
    sourceOriginTime: Date.now(),
  })

/** A stack that moves files. */
export interface FileDriver {
  /** Receives files into the directory. */
  listen(directory: string): Promise<Address>
  connect(directory: string, addresses: readonly Address[]): Promise<void>
  /** To all that are connected. */
  send(file: string): Promise<void>
  /** The next file is on disk and its hash known. */
  arrived(): Promise<void>
  close(): Promise<void>
}
