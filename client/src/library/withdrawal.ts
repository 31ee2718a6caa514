// Which releases were withdrawn, by whom and why? `withdrawn/<release>-<m>.json`, numbered from 1.
//
// One such file is enough, and nothing takes it back: so the first one is what a reader looks for. Where the
// manufacturer withdrew, its own signed statement lies beside it, `withdrawn/<release>-<m>.sigstore.json`.

import type { Sha256 } from '../encoding/index.ts';
import { date, digest, type Format, format, line, literal, object, oneOf } from '../firmware/fields.ts';
import { type ReleaseId, releaseId } from '../firmware/identifiers.ts';
import { WITHDRAWERS } from '../firmware/state.ts';

const withdrawal = object(
  {
    format: literal('cfl/withdrawal/1'),
    release: releaseId.exact,
    /** For people: `Example Meters`. */
    by: line,
    kind: oneOf(...WITHDRAWERS),
    reason: line,
    date,
  },
  /** Of the manufacturer's signed statement. */
  { statement: digest },
);
export type WithdrawalFile = ReturnType<typeof withdrawal>;

export const withdrawalFile: Format<WithdrawalFile> = format(withdrawal);

export function withdrawalPath(release: ReleaseId, number: number): string {
  return `withdrawn/${release}-${number}.json`;
}

export function withdrawalStatementPath(release: ReleaseId, number: number): string {
  return `withdrawn/${release}-${number}.sigstore.json`;
}

/** The release that a file below `withdrawn/` is about; undefined for any other path. */
export function parseWithdrawalPath(
  path: string,
):
  | { readonly release: ReleaseId; readonly number: number; readonly kind: 'record' | 'statement' }
  | undefined {
  const [, release, number, ending] =
    /^withdrawn\/([0-9a-f]{64})-([1-9]\d{0,8})\.(json|sigstore\.json)$/.exec(path) ?? [];
  if (release === undefined) return undefined;
  const kind = ending === 'json' ? 'record' : 'statement';
  return { release: releaseId.parse(release), number: Number(number), kind };
}

/** A reader's memory: what was withdrawn once stays so, whatever the library says later. */
export interface WithdrawalMemory {
  read(): Promise<ReadonlyMap<string, Sha256>>;
  add(path: string, sha256: Sha256): Promise<void>;
}
