// Which releases were withdrawn, by whom and why? `withdrawn/<release>-<m>.json`, numbered from 1.
//
// One such file is enough, and nothing takes it back: so the first one is what a reader looks for.

import { date, type Format, format, line, literal, object } from '../firmware/fields.ts';
import { type ReleaseId, releaseId } from '../firmware/identifiers.ts';

const withdrawal = object({
  format: literal('cfl/withdrawal/1'),
  release: releaseId.exact,
  /** For people: `Example Meters`. */
  by: line,
  reason: line,
  date,
});
export type WithdrawalFile = ReturnType<typeof withdrawal>;

export const withdrawalFile: Format<WithdrawalFile> = format(withdrawal);

export function withdrawalPath(release: ReleaseId, number: number): string {
  return `withdrawn/${release}-${number}.json`;
}
