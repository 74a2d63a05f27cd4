import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { FolderStore } from '../../../plugins/files/mapped/folder-store.ts'
import { fileManager, type ManagedFiles } from '../../../plugins/files/shared/index.ts'
import { managerSuite, type Bench } from './manager-suite.ts'
import { MemoryStore } from './memory-store.ts'

managerSuite('a file manager over a store in memory', async () => {
  const store = new MemoryStore()
  const managers: ManagedFiles[] = []
  return {
    open(options) {
      const files = fileManager(store, options)
      managers.push(files)
      return files
    },
    async leftovers() {
      for (const files of managers) await files.close()
      return [...[...store.parts].map(() => 'part'), ...[...store.handles].map(() => 'handle')]
    },
    dispose: async () => {},
  }
})

managerSuite('files-mapped', async (): Promise<Bench> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'p2pnet-files-'))
  const opened: { files: ManagedFiles; store: FolderStore }[] = []
  return {
    open(options) {
      const store = new FolderStore(path.join(folder, 'files'), {
        onIndexFailed: (error) => {
          throw error
        },
      })
      const files = fileManager(store, options)
      opened.push({ files, store })
      return files
    },
    async leftovers() {
      for (const { files, store } of opened) {
        await files.close()
        await store.close()
      }
      const outside = (await readdir(folder)).filter((name) => name !== 'files')
      const parts = await readdir(path.join(folder, 'files', '.parts')).catch(() => [])
      const hidden = (await readdir(path.join(folder, 'files')).catch(() => [])).filter(
        (name) => name.startsWith('.') && !['.parts', '.index'].includes(name),
      )
      return [...outside, ...parts, ...hidden]
    },
    dispose: () => rm(folder, { recursive: true }),
  }
})
