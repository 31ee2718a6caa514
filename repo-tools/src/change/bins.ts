// Which bins does a role have that has grown too long for one file, and which file lists what?
//
// Rules (design: Trust)
// - A manufacturer's role, the gate's and the catalogue's are split, no others: into 2, 4, 8 … bins,
//   `m-fff1-0` and on.
// - The role delegates to its bins under its own keys and threshold, terminating, by patterns that follow
//   from their number alone. What belongs to no release stays with the role itself.
// - It is split when the entries of one file would take more than 56,000 octets, which leaves 4,000 for the
//   rest of it and its signatures; and not before, so that a library has no role more than it needs.
// - The catalogue's shards are binned by their manufacturer code, its last digit first. Everybody who fetches
//   a release reads one of them, so they are split from 8,000 octets on, and into 16 bins at most.

import { canonicalText } from '@cfl/client/encoding';
import { binOf, binPrefixes, isBinCount, MOST_BINS } from '@cfl/client/firmware';
import {
  type Authority,
  type Delegations,
  encodeTargets,
  parseRoleName,
  type RoleName,
  SPEC_VERSION,
  type TargetFile,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';

/** Octets of one file's entries, and the number of bins. */
const MOST = { octets: 56_000, bins: MOST_BINS };
const MOST_OF_CATALOGUE = { octets: 8_000, bins: 16 };

const BIN = /^(m-[0-9a-f]{4}|gate|catalogue)-(?:0|[1-9]\d{0,3})$/;
const SPLITS = /^(m-[0-9a-f]{4}|gate|catalogue)$/;
const SHARD = /^catalogue\/([0-9A-F]{4})-\d+\.json$/;
const OF_RELEASE = /^(?:firmware\/[0-9A-F]{4}\/|intake\/|withdrawn\/)([0-9a-f]{64})[/-]/;

/** The role that a bin belongs to; every other role is its own. */
export function familyOf(role: RoleName): RoleName {
  const family = BIN.exec(role)?.[1];
  return family === undefined ? role : parseRoleName(family);
}

export function binName(family: RoleName, bin: number): RoleName {
  return parseRoleName(`${family}-${bin}`);
}

/** The role and its bins, in order. */
export function filesOf(family: RoleName, bins: number): readonly RoleName[] {
  return bins === 1 ? [family] : [family, ...Array.from({ length: bins }, (_, bin) => binName(family, bin))];
}

/** The role or bin that lists this path. */
export function placeOf(path: string, family: RoleName, bins: number): RoleName {
  const digits = bins === 1 ? undefined : (OF_RELEASE.exec(path)?.[1] ?? shardDigits(path));
  return digits === undefined ? family : binName(family, binOf(digits, bins));
}

/** `FFF1-3.json` as `1fff`. */
function shardDigits(path: string): string | undefined {
  const code = SHARD.exec(path)?.[1];
  return code === undefined ? undefined : backwards(code.toLowerCase());
}

function backwards(digits: string): string {
  return [...digits].reverse().join('');
}

/** How many bins the role has, as far as it says; 1 where it lists its files itself. */
export function binsIn(role: Pick<Targets, 'delegations'> | undefined): number {
  return role?.delegations?.roles.length ?? 1;
}

/** The fewest bins, from so many on, with which every file is short enough; of the entries that are given. */
export function binsNeeded(
  family: RoleName,
  entries: Iterable<readonly [path: string, file: TargetFile]>,
  from: number,
): number {
  if (!SPLITS.test(family)) return 1;
  const most = family === 'catalogue' ? MOST_OF_CATALOGUE : MOST;
  const sizes = [...entries].map(([path, file]) => [path, entryLength(path, file)] as const);
  let bins = from;
  while (bins < most.bins && !areShort(sizes, { family, bins, octets: most.octets })) bins *= 2;
  return bins;
}

function areShort(
  sizes: readonly (readonly [string, number])[],
  { family, bins, octets }: { family: RoleName; bins: number; octets: number },
): boolean {
  const totals = new Map<RoleName, number>();
  for (const [path, size] of sizes) {
    const place = placeOf(path, family, bins);
    const total = (totals.get(place) ?? 0) + size;
    if (total > octets && (bins === 1 || place !== family)) return false;
    totals.set(place, total);
  }
  return true;
}

/** As canonical JSON, with its comma. */
function entryLength(path: string, { length, hashes, custom }: TargetFile): number {
  const entry = { length, hashes: Object.fromEntries(hashes), ...(custom === undefined ? {} : { custom }) };
  return canonicalText({ [path]: entry }).length - 1;
}

/** The delegations of a role with so many bins; none for 1. */
export function binDelegations(
  family: RoleName,
  { role: { keyIds, threshold }, keys }: Authority,
  bins: number,
): Delegations | undefined {
  if (bins === 1) return undefined;
  return {
    keys: new Map(keyIds.flatMap((id) => [keys.get(id) ?? []].flat().map((key) => [id, key] as const))),
    roles: Array.from({ length: bins }, (_, bin) => ({
      name: binName(family, bin),
      terminating: true,
      covers: { paths: binPrefixes(bin, bins).flatMap((prefix) => patternsOf(family, prefix)) },
      keyIds,
      threshold,
    })),
  };
}

function patternsOf(family: RoleName, prefix: string): readonly string[] {
  if (family === 'catalogue') return [`catalogue/*${backwards(prefix).toUpperCase()}-*`];
  // Below `intake` and `withdrawn`: nobody comes here with another path, and every first reader fetches all of these
  if (family === 'gate') return [`*/${prefix}*/*`, `*/${prefix}*`];
  return [`firmware/${family.slice(2).toUpperCase()}/${prefix}*/*`];
}

/** Whether the role delegates to its bins and to nobody else, under the keys and threshold that it has itself. */
export function delegatesToBins(
  family: RoleName,
  delegations: Delegations | undefined,
  authority: Authority,
): boolean {
  const bins = binsIn({ delegations });
  if (delegations === undefined) return true;
  if (!SPLITS.test(family) || bins === 1 || !isBinCount(bins)) return false;
  return sameDelegations(delegations, binDelegations(family, authority, bins));
}

export function sameDelegations(a: Delegations | undefined, b: Delegations | undefined): boolean {
  return delegationsText(a) === delegationsText(b);
}

/** As canonical JSON. */
export function delegationsText(delegations: Delegations | undefined): string {
  const { delegations: encoded } = encodeTargets({
    specVersion: SPEC_VERSION,
    version: 1,
    expires: new Date(0),
    targets: new Map<TargetPath, TargetFile>(),
    delegations,
  });
  return canonicalText(encoded ?? null);
}

/** The keys that a role and its bins are signed with; undefined where `targets` does not delegate to it. */
export function authorityOf(delegations: Delegations | undefined, family: RoleName): Authority | undefined {
  const role = delegations?.roles.find(({ name }) => name === family);
  return role && { role, keys: delegations?.keys ?? new Map() };
}
