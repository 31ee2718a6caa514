// A library read whole: where its files come from, where trust is kept, and what a release is.

export { fileCache, memoryCache } from './cache.ts';
export { type Files, folder } from './files.ts';
export { folderRepository, type HttpRepositoryOptions, httpRepository, type Patience } from './repository.ts';
