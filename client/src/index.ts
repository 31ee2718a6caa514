// The library, for programs: pin it once, open it, read a release whole.

export {
  type Check,
  folder,
  type Library,
  LibraryError,
  type ListedRelease,
  type OpenLibrary,
  openAccess,
  openLibrary,
  type PinnedLibrary,
  pinLibrary,
  readCredentialFile,
  readRelease,
  readStatement,
  resolveRelease,
  saveRelease,
  type VerifiedRelease,
  type VerifiedStatement,
} from './library/index.ts';
export { RefusedError, UnreachableError } from './tuf/index.ts';
