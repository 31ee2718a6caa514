// Why can the Panel's work on a hash association not go on?

export type AssociationCode =
  | 'NOT_ASSOCIATED'
  | 'NO_INVESTIGATION'
  | 'DECIDED_ALREADY'
  | 'CPL_MOVED'
  | 'BROKEN_INVESTIGATIONS';

export class AssociationError extends Error {
  override name = 'AssociationError';
  readonly code: AssociationCode;
  readonly hint: string;

  constructor(code: AssociationCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
