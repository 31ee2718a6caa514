// Which published releases become suspended by a new CPL snapshot, and which stop being so?
//
// Read from the catalogue, on which nothing rests: this is a forecast in words for those who sign. Every
// reader derives the state again. Withdrawals are not looked at: a withdrawn release stays so.

import {
  CATALOGUE_INDEX_PATH,
  type CplShard,
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  type ReleaseId,
  releaseStates,
  type StatedRelease,
  type StateWithReason,
} from '@cfl/client/firmware';
import type { Published } from '../deploy/state.ts';
import type { PresentCpl } from './present.ts';

export interface StateChange {
  readonly release: ReleaseId;
  readonly state: StateWithReason;
}

/** The releases that become suspended, and those that stop being so. */
export interface Consequences {
  readonly suspended: readonly StateChange[];
  readonly lifted: readonly StateChange[];
}

/** `after` holds the shards of the planned snapshot. */
export async function consequencesOf(
  published: Published,
  present: PresentCpl,
  after: readonly CplShard[],
): Promise<Consequences> {
  const releases = await readReleases(published);
  const entries = new Map(after.flatMap((shard) => shard.entries.map((entry) => [entry.entry, entry])));
  const states = (of: PresentCpl['entries']) =>
    releaseStates({ releases, entries: of, withdrawals: new Map() });
  const before = states(present.entries);
  const changes = [...states(entries)].map(([release, state]) => ({ release, state }));
  const was = ({ release }: StateChange) => before.get(release)?.state === 'suspended';
  return {
    suspended: changes.filter((one) => one.state.state === 'suspended' && !was(one)),
    lifted: changes.filter((one) => one.state.state !== 'suspended' && was(one)),
  };
}

async function readReleases(published: Published): Promise<StatedRelease[]> {
  const index = await published.read(CATALOGUE_INDEX_PATH);
  if (index === undefined) return [];
  const releases: StatedRelease[] = [];
  for (const { code, shard } of catalogueIndex.parse(index).shards) {
    const octets = await published.read(catalogueShardPath(code, shard));
    if (octets === undefined) continue;
    releases.push(...catalogueShard.parse(octets).releases.map((release) => ({ ...release, code })));
  }
  return releases;
}

/** `What follows: release e44b7a90c1d2 is suspended, no entry of it is Active` */
export function consequencesInWords({ suspended, lifted }: Consequences): string[] {
  return [
    ...suspended.map(({ release, state }) => `release ${release.slice(0, 12)} is suspended, ${state.reason}`),
    ...lifted.map(
      ({ release, state }) => `release ${release.slice(0, 12)} is suspended no more: ${state.state}`,
    ),
  ].map((line) => `What follows: ${line}`);
}
