// Why is a campaign not put together? Nothing was written then.

export type CampaignCode =
  | 'NOT_FOR_SUPPLIERS'
  | 'NO_KEY'
  | 'WRONG_SIGNATURE'
  | 'WRONG_SLICES'
  | 'NO_METERS'
  | 'FOLDER_NOT_EMPTY';

export class CampaignError extends Error {
  override name = 'CampaignError';
  readonly code: CampaignCode;
  readonly hint: string;
  /** Lines that belong between message and hint. */
  readonly lines: readonly string[];

  constructor(
    code: CampaignCode,
    message: string,
    detail: { hint: string; lines?: readonly string[]; cause?: unknown },
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
    this.lines = detail.lines ?? [];
  }
}
