// Why could something sealed not be made, opened or read? One code a reason; docs/errors.md explains them.

export type AccessCode =
  | 'NO_CREDENTIAL'
  | 'NOT_A_CREDENTIAL'
  | 'NOT_A_RECIPIENT'
  | 'WRONG_CREDENTIAL'
  | 'NO_GRANT'
  | 'GRANT_REVOKED'
  | 'ROLE_LAPSED'
  | 'WRONG_EPOCH'
  | 'WRONG_RING'
  | 'WRONG_RECIPIENT'
  | 'NOT_SEALED'
  | 'SEALED_TWICE'
  | 'WRONG_SUITE'
  | 'DAMAGED_CIPHERTEXT';

export interface AccessErrorDetail {
  readonly hint: string;
  readonly found?: string | number;
  readonly expected?: string | number;
  readonly cause?: unknown;
}

export class AccessError extends Error {
  override name = 'AccessError';
  readonly code: AccessCode;
  readonly hint: string;
  readonly found: string | number | undefined;
  readonly expected: string | number | undefined;

  constructor(code: AccessCode, message: string, detail: AccessErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
    this.found = detail.found;
    this.expected = detail.expected;
  }
}
