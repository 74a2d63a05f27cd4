/**
 * What a stack has to offer to be measured: one file each in drivers/.
 */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface Link {
  /** Sends one unit. False: wait for drained(). */
  send(): boolean
  drained(): Promise<void>
}

export interface Driver {
  /** Calls `onUnit` for each unit that arrives whole and understood. */
  listen(work: string, onUnit: () => void): Promise<Address>
  connect(work: string, address: Address): Promise<Link>
  close(): Promise<void>
}

/** What is sent in `messages`: a text of 128 characters. */
export const text =
  'All peers are equal, and none is trusted before it has shown who it is; what it says of itself is hearsay. '.padEnd(
    128,
    '.',
  )

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
