// May this release be used today? Derived by the reader; nobody announces it.
//
// Rules, the first that holds
// 1. withdrawn: a signed withdrawal names it. There is no way back.
// 2. suspended: no CPL entry that it claims is Active with this manufacturer image hash and of its own
//    manufacturer. Lifted the same way, by the next snapshot.
// 3. superseded: another release of the same manufacturer code, itself not withdrawn, says so.
// 4. current.
// A release is never ordered by its firmware version.

import type { CatalogueRelease } from './catalogue.ts';
import type { CplEntry } from './cpl.ts';
import type { EntryId, ManufacturerCode, ReleaseId } from './identifiers.ts';

export type ReleaseState = 'current' | 'superseded' | 'suspended' | 'withdrawn';

/** Who may withdraw a release. */
export const WITHDRAWERS = ['manufacturer', 'panel', 'operator'] as const;
export type Withdrawer = (typeof WITHDRAWERS)[number];

export interface StateWithReason {
  readonly state: ReleaseState;
  /** `withdrawn on 2026-10-14 by Example Meters, "battery drain"` */
  readonly reason: string;
  /** For `superseded`: by which releases, shown in full. */
  readonly by: readonly ReleaseId[];
}

/** What the state is derived from; catalogue rows have more and serve as they are. */
export interface StatedRelease
  extends Pick<CatalogueRelease, 'release' | 'entries' | 'imageHash' | 'supersedes'> {
  readonly code: ManufacturerCode;
}

export interface Withdrawal {
  /** For people: `Example Meters`. */
  readonly by: string;
  readonly reason: string;
  /** `2026-10-14T09:00:00Z` */
  readonly date: string;
}

export interface StateFacts {
  readonly releases: readonly StatedRelease[];
  /** At least the entries that the releases claim, of the newest snapshot. */
  readonly entries: ReadonlyMap<EntryId, CplEntry>;
  readonly withdrawals: ReadonlyMap<ReleaseId, Withdrawal>;
}

export function releaseStates(facts: StateFacts): ReadonlyMap<ReleaseId, StateWithReason> {
  const successors = successorsOf(facts);
  return new Map(
    facts.releases.map((release) => {
      const by = successors.get(key(release.code, release.release)) ?? [];
      return [release.release, stateOf(release, { ...facts, by })];
    }),
  );
}

function successorsOf({ releases, withdrawals }: StateFacts): ReadonlyMap<string, readonly ReleaseId[]> {
  const successors = new Map<string, ReleaseId[]>();
  for (const { code, release, supersedes } of releases) {
    if (withdrawals.has(release)) continue;
    for (const former of supersedes) {
      // Another manufacturer's word about it does not count
      if (former === release) continue;
      const place = key(code, former);
      const known = successors.get(place);
      if (known === undefined) successors.set(place, [release]);
      else known.push(release);
    }
  }
  return successors;
}

function key(code: ManufacturerCode, release: ReleaseId): string {
  return `${code}/${release}`;
}

function stateOf(release: StatedRelease, facts: StateFacts & { by: readonly ReleaseId[] }): StateWithReason {
  const withdrawal = facts.withdrawals.get(release.release);
  if (withdrawal !== undefined) {
    const reason = `withdrawn on ${withdrawal.date.slice(0, 10)} by ${withdrawal.by}, "${withdrawal.reason}"`;
    return { state: 'withdrawn', reason, by: [] };
  }
  const obstacles = release.entries.map((id) => obstacle(id, facts.entries.get(id), release));
  const active = obstacles.filter((one) => one === undefined).length;
  if (active === 0)
    return { state: 'suspended', reason: `no entry of it is Active: ${obstacles.join(', ')}`, by: [] };
  if (facts.by.length > 0) {
    const names = facts.by.map((id) => id.slice(0, 12)).join(' and ');
    return { state: 'superseded', reason: `superseded by ${names}`, by: facts.by };
  }
  return { state: 'current', reason: `${active} of ${obstacles.length} CPL entries Active`, by: [] };
}

/** Why this entry does not carry the release; undefined if it does. */
function obstacle(id: EntryId, entry: CplEntry | undefined, release: StatedRelease): string | undefined {
  if (entry === undefined) return `${id} is not on the CPL`;
  if (entry.status !== 'Active') return `${id} is ${entry.status}`;
  if (entry.manufacturerId !== release.code) return `${id} is of manufacturer ${entry.manufacturerId}`;
  if (entry.imageHash === undefined) return `${id} has no hash`;
  return entry.imageHash === release.imageHash ? undefined : `${id} has another hash`;
}
