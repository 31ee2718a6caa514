// A library read whole: where its files come from, where trust is kept, and what a release is.

export { type Acceptance, acceptanceFile } from './acceptance.ts';
export { fileCache, memoryCache } from './cache.ts';
export { type LibraryCode, LibraryError } from './errors.ts';
export { type Files, folder } from './files.ts';
export { type CplView, Library, type ListedRelease } from './library.ts';
export { resolveRelease } from './names.ts';
export { keptUntil, type OpenLibrary, type OpenOptions, openLibrary } from './open.ts';
export { ownerOf, statementTrust } from './parties.ts';
export { type PinnedBy, type PinnedLibrary, type PinOptions, pinLibrary } from './pin.ts';
export { type Check, type ReadOptions, readRelease, stateOf, type VerifiedRelease } from './read-release.ts';
export { readNotes, readStatement, short, type VerifiedStatement } from './read-statement.ts';
export { folderRepository, type HttpRepositoryOptions, httpRepository, type Patience } from './repository.ts';
export { type SavedFiles, saveRelease } from './save.ts';
export { openRepository, type SourceOptions, type Wait } from './source.ts';
export { type WithdrawalFile, withdrawalFile, withdrawalPath } from './withdrawal.ts';
