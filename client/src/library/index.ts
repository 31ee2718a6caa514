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
export { atMost, type Bound } from './bounded.ts';
export {
  BUNDLE_FILE,
  type BundleAbout,
  type BundleRepository,
  bundleAbout,
  bundleRepository,
} from './bundle.ts';
export { fileCache, memoryCache } from './cache.ts';
export { type ChainedDecision, type ChainSource, type VerifiedChain, verifyChain } from './chain.ts';
export {
  createCredentialFile,
  credentialPath,
  publicCredentialPath,
  readCredentialFile,
} from './credential-file.ts';
export { type Endorsements, readEndorsements, type VerifiedEndorsement } from './endorsements.ts';
export { type LibraryCode, LibraryError } from './errors.ts';
export {
  type Evidence,
  type EvidenceOptions,
  evidenceFile,
  makeEvidence,
  readEvidence,
} from './evidence.ts';
export { type Files, folder } from './files.ts';
export { type Home, readHome } from './home.ts';
export {
  type CplView,
  isSealed,
  Library,
  type ListedRelease,
  type PublishedFiles,
  parseSigned,
} from './library.ts';
export { resolveRelease } from './names.ts';
export { keptUntil, type OpenLibrary, type OpenOptions, openLibrary } from './open.ts';
export { verifyRegistered } from './parties.ts';
export { type PinnedBy, type PinnedLibrary, type PinOptions, pinLibrary } from './pin.ts';
export { type Decrypted, openAccess, type ReadAccess } from './read-access.ts';
export {
  type Check,
  grantChecks,
  type LeftOut,
  type ReadOptions,
  readRelease,
  stateOf,
  type VerifiedRelease,
} from './read-release.ts';
export { readNotes, readStatement, short, type VerifiedStatement } from './read-statement.ts';
export {
  type FetchOptions,
  type LibraryState,
  type OwnReader,
  openReader,
  type PinnedReader,
  Reader,
  type ReaderEvent,
  type ReaderOptions,
  type ReleaseWithState,
  type ShownRelease,
  verifyFolder,
} from './reader.ts';
export {
  type Environment,
  folderRepository,
  type HttpRepositoryOptions,
  httpRepository,
  type Patience,
  type Transfer,
} from './repository.ts';
export { type SavedFiles, savedNames, saveRelease } from './save.ts';
export { withdrawalMemory } from './seen.ts';
export {
  below,
  type ClosableRepository,
  type Folders,
  isWebAddress,
  openRepository,
  type SourceOptions,
  type Wait,
} from './source.ts';
export { TAR_END, TarError, tarFile } from './tar.ts';
export { readVerifier, saveVerifier, type VerifierFile, verifierPath, verifierVersion } from './tool.ts';
export { loadTrust, type TrustSource, trustSource } from './trust.ts';
export {
  evidenceIn,
  type SavedFile,
  type VerifiedSaved,
  type VerifySavedOptions,
  verifySaved,
} from './verify-saved.ts';
export {
  parseWithdrawalPath,
  type WithdrawalFile,
  type WithdrawalMemory,
  withdrawalFile,
  withdrawalPath,
  withdrawalStatementPath,
} from './withdrawal.ts';
export {
  WITHDRAWAL_PREDICATE_TYPE,
  type WithdrawalStatement,
  withdrawalStatement,
} from './withdrawal-statement.ts';
