/**
 * For authors of file managers: `import { fileManager } from 'p2pnet/files'`. Write a `FileStore` of eight calls; the
 * guarantees come with `fileManager(store)`.
 */
export { asFileError, errnoOf, fileError, fileErrors, type FileErrorCode } from './file-errors.ts'
export { fileManager, type FileManagerOptions, type ManagedFiles } from './file-manager.ts'
export type { FileHandle, FileRecord, FileStore, StoredFile } from './file-store.ts'
export { checkName, collisionKey, nameBytes } from './names.ts'
export type { DuplicatePolicy, Durability } from './publisher.ts'
