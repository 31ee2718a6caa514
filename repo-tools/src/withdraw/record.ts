// What does the gate publish when a release is withdrawn? `withdrawn/<release>-<m>.json`: who, why, when.
//
// Written once, in the next free place; nothing takes it back and nothing replaces it.

import { encodeDate, type Sha256 } from '@cfl/client/encoding';
import type { ReleaseId, Withdrawer } from '@cfl/client/firmware';
import { withdrawalFile, withdrawalPath } from '@cfl/client/library';
import type { Published } from '../deploy/state.ts';

export interface WithdrawalRecord {
  readonly release: ReleaseId;
  /** For people: `Example Meters`. */
  readonly by: string;
  readonly kind: Withdrawer;
  readonly reason: string;
  readonly now: Date;
  /** Of the manufacturer's signed statement. */
  readonly statement?: Sha256;
}

/** Throws FormatError where `by` or `reason` is not one line. */
export function recordOf({ release, by, kind, reason, now, statement }: WithdrawalRecord): Uint8Array {
  return withdrawalFile.encode({
    format: 'cfl/withdrawal/1',
    release,
    by,
    kind,
    reason,
    date: encodeDate(now),
    ...(statement === undefined ? {} : { statement }),
  });
}

/** The next number of a withdrawal of this release. */
export async function freeNumber(published: Published, release: ReleaseId): Promise<number> {
  let number = 1;
  while ((await published.read(withdrawalPath(release, number))) !== undefined) number++;
  return number;
}
