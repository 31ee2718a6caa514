// Why can a list of meters not be read at all? A row that is not exact is no error: it is counted, and the rest is read.

export type EstateCode = 'NOT_A_LIST' | 'TOO_VARIED';

export class EstateError extends Error {
  override name = 'EstateError';
  readonly code: EstateCode;
  readonly hint: string;

  constructor(code: EstateCode, message: string, detail: { hint: string; cause?: unknown }) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
  }
}
