// The two errors that a reader of a library can act on: raise the alarm, or try again.

/** Each code names one refusal; docs/errors.md explains them. A code is never reused for something else. */
export type RefusalCode =
  | 'NOT_METADATA'
  | 'UNSIGNED'
  | 'ROLLBACK'
  | 'WRONG_VERSION'
  | 'EXPIRED'
  | 'WRONG_LENGTH'
  | 'WRONG_HASH'
  | 'NOT_LISTED'
  | 'NOT_FOUND'
  | 'TOO_MANY';

export interface RefusalDetail {
  readonly role?: string;
  readonly found?: string | number;
  readonly expected?: string | number;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** What came is not what it should be. Trying again does not help; somebody must look at it. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly code: RefusalCode;
  readonly detail: RefusalDetail;

  constructor(code: RefusalCode, message: string, detail: RefusalDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.detail = detail;
  }
}

export type UnreachableCode = 'UNREACHABLE' | 'TOO_SLOW' | 'HTTP_STATUS' | 'MISSING';

export interface UnreachableDetail {
  readonly hint?: string;
  readonly cause?: unknown;
  /** What the server answered. */
  readonly status?: number;
  /** Milliseconds: how long the server asks to be left alone. */
  readonly retryAfter?: number;
}

/** Nothing came, or not whole. Nothing is known to be wrong; try again. */
export class UnreachableError extends Error {
  override name = 'UnreachableError';
  readonly code: UnreachableCode;
  readonly hint: string | undefined;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: UnreachableCode, message: string, detail: UnreachableDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
    this.status = detail.status;
    this.retryAfter = detail.retryAfter;
  }
}
