/** Promises that are rejected and that nobody waits for, while the tests of one suite run. To be called in `describe`. */
export function strayRejections(): readonly unknown[] {
  const stray: unknown[] = []
  const note = (reason: unknown) => void stray.push(reason)
  before(() => {
    process.on('unhandledRejection', note)
  })
  after(() => {
    process.off('unhandledRejection', note)
  })
  return stray
}
