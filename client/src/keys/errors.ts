// The one error of this folder: a key could not be made, opened or used. Each carries what to do next.

export type KeyErrorCode =
  | 'UNKNOWN_SCHEME'
  | 'NOT_FOUND'
  | 'UNREADABLE'
  | 'UNWRITABLE'
  | 'EXISTS'
  | 'NOT_A_KEY'
  | 'UNSUPPORTED_KEY'
  | 'NO_PASSPHRASE'
  | 'WRONG_PASSPHRASE'
  | 'BAD_URI'
  | 'NO_DRIVER'
  | 'WRONG_PIN'
  | 'TOKEN_FAILED'
  | 'AMBIGUOUS_KEY'
  | 'NOT_SIGNED';

export class KeyError extends Error {
  override name = 'KeyError';
  readonly code: KeyErrorCode;
  readonly hint: string;

  constructor(code: KeyErrorCode, message: string, detail: { hint: string; cause?: unknown }) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
  }
}

/** `action` begins the sentence: `Cannot open the key "gate.pem"`. */
export function fileError(action: string, cause: unknown): KeyError {
  switch (systemCode(cause)) {
    case 'ENOENT':
      return new KeyError('NOT_FOUND', `${action}: it does not exist`, { hint: 'Check the path', cause });
    case 'EEXIST':
      return new KeyError('EXISTS', `${action}: it exists already, and a key is never overwritten`, {
        hint: 'Choose another name, or move the old key away yourself',
        cause,
      });
    default:
      return new KeyError('UNREADABLE', `${action}: ${systemCode(cause) ?? 'it cannot be read'}`, {
        hint: 'Check that it is a file, and that you may read it',
        cause,
      });
  }
}

export function systemCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}
