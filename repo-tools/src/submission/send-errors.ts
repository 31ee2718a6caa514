// What can be wrong with sending? The submission is good and lies where it was written; it did not arrive.

export type SendCode = 'NO_INBOX' | 'NO_TOKEN' | 'NOT_ALLOWED' | 'TURNED_DOWN';

export class SendError extends Error {
  override name = 'SendError';
  readonly code: SendCode;
  readonly hint: string;

  constructor(code: SendCode, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
