// Why can a library, or a release of it, not be used? One code a reason; docs/errors.md explains them.

export type LibraryCode =
  | 'NOT_PINNED'
  | 'ALREADY_PINNED'
  | 'WRONG_ROOT'
  | 'DAMAGED_HOME'
  | 'INCOMPLETE'
  | 'WRONG_FORMAT'
  | 'UNKNOWN_RELEASE'
  | 'AMBIGUOUS_RELEASE'
  | 'WITHDRAWN'
  | 'SUSPENDED'
  | 'WRONG_CATALOGUE'
  | 'NOT_ACCEPTED'
  | 'WRONG_ROLE'
  | 'WRONG_PARTY'
  | 'WRONG_STATEMENT'
  | 'WRONG_NOTES'
  | 'WRONG_IMAGE'
  | 'WRONG_HEADER'
  | 'NOT_AN_IMAGE'
  | 'OTHER_FILE_THERE'
  | 'BROKEN_CHAIN'
  | 'FORKED_CHAIN'
  | 'WITHDRAWAL_VANISHED'
  | 'WRONG_BUNDLE'
  | 'WRONG_EVIDENCE'
  | 'NO_EVIDENCE'
  | 'OTHER_MIRROR'
  | 'NO_TOOL';

export interface LibraryErrorDetail {
  readonly hint: string;
  readonly found?: string | number;
  readonly expected?: string | number;
  /** Lines that belong between message and hint. */
  readonly lines?: readonly string[];
  readonly cause?: unknown;
}

export class LibraryError extends Error {
  override name = 'LibraryError';
  readonly code: LibraryCode;
  readonly hint: string;
  readonly found: string | number | undefined;
  readonly expected: string | number | undefined;
  readonly lines: readonly string[];
  /** The exit code of a program that ends with this. */
  readonly exit: 1 | 2;

  constructor(code: LibraryCode, message: string, detail: LibraryErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
    this.found = detail.found;
    this.expected = detail.expected;
    this.lines = detail.lines ?? [];
    this.exit = code === 'AMBIGUOUS_RELEASE' || code === 'NOT_PINNED' ? 2 : 1;
  }
}
