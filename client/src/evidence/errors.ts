// Why was a piece of evidence refused? One code a reason.

export type EvidenceCode =
  | 'NOT_A_BUNDLE'
  | 'PAYLOAD_TYPE'
  | 'SIGNATURE_COUNT'
  | 'WRONG_MATERIAL'
  | 'UNKNOWN_KEY'
  | 'UNSUPPORTED_KEY'
  | 'OUTSIDE_VALIDITY'
  | 'BAD_SIGNATURE';

export class EvidenceError extends Error {
  override name = 'EvidenceError';
  readonly code: EvidenceCode;
  readonly hint: string;

  constructor(code: EvidenceCode, message: string, detail: { hint: string; cause?: unknown }) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
  }
}
