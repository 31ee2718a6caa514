// The library, for programs: pin it once, open a reader, fetch what is verified. docs/library-for-programs.md shows it.
//
// Everything that goes wrong is one of six errors, each with a `code` out of a closed set; docs/errors.md explains each.
// Whatever else is thrown is a mistake in the calling program (TypeError), the file system's own error, or the
// reason of the signal that ended the work.

import { type AccessCode, AccessError } from './access/index.ts';
import { EvidenceError } from './evidence/index.ts';
import { KeyError } from './keys/index.ts';
import { type LibraryCode, LibraryError } from './library/index.ts';
import { type RefusalCode, RefusedError, type UnreachableCode, UnreachableError } from './tuf/index.ts';

export type { Credential } from './access/index.ts';
export {
  type Check,
  fileCache,
  folder,
  type Library,
  type LibraryState,
  type ListedRelease,
  memoryCache,
  type OwnReader,
  openReader,
  type PinnedBy,
  type PinnedLibrary,
  type PinnedReader,
  type PinOptions,
  pinLibrary as pin,
  Reader,
  type ReaderEvent,
  type ReaderOptions,
  type ReleaseWithState,
  readCredentialFile,
  type SavedFiles,
  type ShownRelease,
  type VerifiedRelease,
  type VerifiedSaved,
  type VerifiedStatement,
  verifyFolder,
} from './library/index.ts';
export type { Cache, Repository } from './tuf/index.ts';
export { AccessError, EvidenceError, KeyError, LibraryError, RefusedError, UnreachableError };

export type CflError =
  | AccessError
  | EvidenceError
  | KeyError
  | LibraryError
  | RefusedError
  | UnreachableError;

export type CflErrorCode =
  | AccessCode
  | EvidenceError['code']
  | KeyError['code']
  | LibraryCode
  | RefusalCode
  | UnreachableCode;

/** Whether the library said no, and not the calling program or the machine. */
export function isCflError(error: unknown): error is CflError {
  return [AccessError, EvidenceError, KeyError, LibraryError, RefusedError, UnreachableError].some(
    (kind) => error instanceof kind,
  );
}
