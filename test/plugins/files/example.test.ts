import { expect } from 'chai'
import { fileManager, type FileStore } from '../../../plugins/files/shared/index.ts'

describe('the store in the documentation of FileStore', () => {
  it('compiles, and is enough for a manager', async () => {
    const files = new Map<string, { bytes: Uint8Array; id: string; sha256: string }>()
    const store: FileStore<{ bytes: Uint8Array }> = {
      open: async (name, mode) => ({ bytes: mode === 'read' ? files.get(name)!.bytes : new Uint8Array() }),
      read: async ({ bytes }, position, into) => {
        const part = bytes.subarray(position, position + into.length)
        into.set(part)
        return part.length
      },
      write: async (part, position, data) => {
        const grown = new Uint8Array(Math.max(part.bytes.length, position + data.length))
        grown.set(part.bytes)
        grown.set(data, position)
        part.bytes = grown
      },
      sync: async () => {},
      publish: async ({ name, id, sha256 }, part) => {
        if (part) files.set(name, { bytes: part.bytes, id, sha256 })
      },
      remove: async (what) => {
        if (typeof what === 'string') files.delete(what)
      },
      list: async () => [...files].map(([name, { bytes, ...known }]) => ({ name, size: bytes.length, ...known })),
      free: async () => Infinity,
    }
    const manager = fileManager(store)
    await manager.writeToFile('hello.txt', Buffer.from('hello'))
    expect(Buffer.from(await manager.getFile('HELLO.txt')).toString()).to.equal('hello')
    await manager.remove('hello.txt')
    expect(await manager.list()).to.deep.equal([])
  })
})
