/**
 * The stacks by name, each loaded in the process that measures it.
 */
import type { Driver, FileDriver } from '../harness/driver.ts'

interface DriverFile {
  createDriver(options: never): Driver
}

export const drivers: Readonly<Record<string, () => Promise<DriverFile>>> = {
  p2pnet: () => import('./p2pnet.ts'),
  'node-tcp': () => import('./node-tcp.ts'),
  'node-tls': () => import('./node-tls.ts'),
  'node-tls-mutual': () => import('./node-tls-mutual.ts'),
  libp2p: () => import('./libp2p.ts'),
  'secret-stream': () => import('./secret-stream.ts'),
}

/** Those that move files. */
export const fileDrivers: Readonly<Record<string, () => Promise<{ readonly driver: FileDriver }>>> = {
  'p2pnet-file': () => import('./p2pnet-file.ts'),
  'node-pipe': () => import('./node-pipe.ts'),
}
