/** What a system error of a socket means, in words. */
export function describe(error: NodeJS.ErrnoException): string {
  const words: Record<string, string> = {
    EADDRINUSE: 'the port is taken',
    EADDRNOTAVAIL: 'this machine does not have the address',
    EACCES: 'not permitted',
    ECONNREFUSED: 'nobody listens there',
    EHOSTUNREACH: 'no way to the host',
    ENETUNREACH: 'no way to the network',
    ENOTFOUND: 'the name is unknown',
    ETIMEDOUT: 'no answer',
  }
  const known = words[error.code ?? '']
  return known === undefined ? error.message : `${known} (${String(error.code)})`
}
