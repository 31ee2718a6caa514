// The library, for programs: pin it once, open it, read a release whole.

export {
  type Check,
  folder,
  type Library,
  LibraryError,
  type ListedRelease,
  type OpenLibrary,
  openLibrary,
  type PinnedLibrary,
  pinLibrary,
  readRelease,
  readStatement,
  resolveRelease,
  saveRelease,
  type VerifiedRelease,
  type VerifiedStatement,
} from './library/index.ts';
export { RefusedError, UnreachableError } from './tuf/index.ts';
