export { type AbsentFirmware, absentFirmware } from './absent.ts';
// A library read whole: where its files come from, where trust is kept, and what a release is.

export {
  type Acceptance,
  acceptanceFile,
  type ChainHead,
  type ChainLink,
  chainHeadFile,
  HEAD_PATH,
} from './acceptance.ts';
export { fileCache, memoryCache } from './cache.ts';
export { type ChainedDecision, type ChainSource, type VerifiedChain, verifyChain } from './chain.ts';
export { type Endorsements, readEndorsements, type VerifiedEndorsement } from './endorsements.ts';
export { type LibraryCode, LibraryError } from './errors.ts';
export { type Files, folder } from './files.ts';
export { type CplView, Library, type ListedRelease } from './library.ts';
export { resolveRelease } from './names.ts';
export { keptUntil, type OpenLibrary, type OpenOptions, openLibrary } from './open.ts';
export { verifyRegistered } from './parties.ts';
export { type PinnedBy, type PinnedLibrary, type PinOptions, pinLibrary } from './pin.ts';
export { type Check, type ReadOptions, readRelease, stateOf, type VerifiedRelease } from './read-release.ts';
export { readNotes, readStatement, short, type VerifiedStatement } from './read-statement.ts';
export { folderRepository, type HttpRepositoryOptions, httpRepository, type Patience } from './repository.ts';
export { type SavedFiles, saveRelease } from './save.ts';
export { withdrawalMemory } from './seen.ts';
export {
  below,
  type Folders,
  isWebAddress,
  openRepository,
  type SourceOptions,
  type Wait,
} from './source.ts';
export { loadTrust, type TrustSource, trustSource } from './trust.ts';
export {
  parseWithdrawalPath,
  WITHDRAWAL_PREDICATE_TYPE,
  type WithdrawalFile,
  type WithdrawalMemory,
  type WithdrawalStatement,
  withdrawalFile,
  withdrawalPath,
  withdrawalStatement,
  withdrawalStatementPath,
} from './withdrawal.ts';
