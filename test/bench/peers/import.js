/** Imports from this folder's own node_modules, for programs that lie elsewhere. */
export const importHere = (name) => import(name)
