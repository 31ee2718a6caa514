// What can be wrong with work that travels: with a change, the library's folder, or what was asked for.

export type ChangeCode =
  | 'NOT_A_CHANGE'
  | 'OTHER_LIBRARY'
  | 'BASE_MOVED'
  | 'ALREADY_APPLIED'
  | 'ALREADY_SIGNED'
  | 'TAMPERED'
  | 'NOT_THE_SAME'
  | 'SIGNATURES_MISSING'
  | 'NOT_A_SIGNER'
  | 'NO_LIBRARY'
  | 'OLDER_COPY'
  | 'EXISTS'
  | 'LOCKED'
  | 'LOST_THE_RACE'
  | 'SECOND_OPINION'
  | 'NOT_RELEASABLE'
  | 'NOT_AN_ANSWER'
  | 'BROKEN_LOG'
  | 'NO_READ_KEYS'
  | 'NOT_GRANTABLE'
  | 'SEALED_TO_OLD_EPOCH'
  | 'CLOCK_BEHIND'
  | 'BAD_INPUT';

/** Refused, with what to do about it. */
export class ChangeError extends Error {
  override name = 'ChangeError';
  readonly code: ChangeCode;
  readonly hint: string;
  /** Exit code: a writer that waits for another is to try again. */
  readonly exit: 1 | 3;

  constructor(code: ChangeCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.exit = code === 'LOCKED' || code === 'LOST_THE_RACE' ? 3 : 1;
  }
}
