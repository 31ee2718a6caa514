// Why was a piece of evidence refused? One code a reason.

export type EvidenceCode =
  | 'NOT_A_BUNDLE'
  | 'BUNDLE_TOO_LARGE'
  | 'PAYLOAD_TYPE'
  | 'SIGNATURE_COUNT'
  | 'STAMP_COUNT'
  | 'WRONG_MATERIAL'
  | 'NOT_A_CERTIFICATE'
  | 'UNSUPPORTED_KEY'
  | 'WRONG_KEY'
  | 'WRONG_USAGE'
  | 'UNKNOWN_ISSUER'
  | 'UNKNOWN_TIME_AUTHORITY'
  | 'UNREGISTERED'
  | 'OUTSIDE_VALIDITY'
  | 'REVOKED'
  | 'BAD_STAMP'
  | 'STAMP_TIME'
  | 'BAD_SIGNATURE'
  | 'BAD_CRL'
  | 'STALE_CRL'
  | 'WRONG_TRUST'
  | 'STAMP_REFUSED'
  | 'STAMP_UNREACHABLE';

export interface EvidenceErrorDetail {
  readonly hint: string;
  readonly cause?: unknown;
}

export class EvidenceError extends Error {
  override name = 'EvidenceError';
  readonly code: EvidenceCode;
  readonly hint: string;

  constructor(code: EvidenceCode, message: string, detail: EvidenceErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
  }
}

/** No stamp came; nothing is known to be wrong. */
export class StampUnreachableError extends Error {
  // The name by which the command lines tell "try again" from "refused"
  override name = 'UnreachableError';
  readonly code: EvidenceCode = 'STAMP_UNREACHABLE';
  readonly hint = 'Try again later; if it stays so, use another time authority that the library trusts';
}
