/**
 * The seed's MemoryMappedFileManager: files as plain bytes under the data directory. Its guarantees are those of every
 * manager (shared/); here is where the bytes lie.
 */
import path from 'node:path'
import { definePlugin, type PluginContext } from '../../../core/index.ts'
import { filesMappedSchema, type ResolvedFilesMappedOptions } from '../../../schemas/generated/files-mapped.ts'
import { fileErrors, fileManager, type ManagedFiles } from '../shared/index.ts'
import { FolderStore } from './folder-store.ts'

/** What no file name can hold on Windows; elsewhere these are letters like others. */
const forbidden = process.platform === 'win32' ? { forbidden: /[<>:"|?*]/ } : {}

const nodes = new WeakMap<PluginContext, { readonly store: FolderStore; readonly files: ManagedFiles }>()

export default definePlugin<ResolvedFilesMappedOptions>({
  name: 'files-mapped',
  version: '0.1.0',
  api: 1,
  schema: filesMappedSchema,
  provides: ['files'],
  errors: fileErrors,

  setup(ctx, { directory, quota, duplicates, durability }) {
    const store = new FolderStore(path.join(ctx.settings.dataDir, directory), {
      onIndexFailed: (error) => {
        ctx.log.warn('the index of the files could not be written; they are hashed again at the next start', {
          error: String(error),
        })
      },
    })
    const files = fileManager(store, {
      quota: quota === 'unlimited' ? Infinity : quota,
      duplicates,
      durability,
      clock: ctx.clock,
      random: ctx.random,
      onSkipped: (name, why) => {
        ctx.log.warn('a file is not shown', { name, why })
      },
      ...forbidden,
    })
    nodes.set(ctx, { store, files })
    ctx.provide('files', files)
  },

  async start(ctx) {
    await nodes.get(ctx)?.store.prepare()
  },

  async stop(ctx) {
    await nodes.get(ctx)?.files.close()
    await nodes.get(ctx)?.store.close()
  },
})
