// What does the published CPL snapshot hold?

import {
  CPL_INDEX_PATH,
  type CplEntry,
  type CplIndex,
  type CplShard,
  cplIndex,
  cplShard,
  cplShardPath,
  type EntryId,
  type ManufacturerCode,
} from '@cfl/client/firmware';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';

export interface PresentCpl {
  /** Undefined before the first import. */
  readonly index: CplIndex | undefined;
  readonly shards: ReadonlyMap<ManufacturerCode, CplShard>;
  readonly entries: ReadonlyMap<EntryId, CplEntry>;
}

export async function readPresentCpl(published: Published): Promise<PresentCpl> {
  const octets = await published.read(CPL_INDEX_PATH);
  if (octets === undefined) return { index: undefined, shards: new Map(), entries: new Map() };
  const index = cplIndex.parse(octets);
  const shards = new Map<ManufacturerCode, CplShard>();
  for (const { code, snapshot } of index.shards) {
    const path = cplShardPath(snapshot, code);
    const shard = await published.read(path);
    if (shard === undefined) throw notWhole(index, path);
    shards.set(code, cplShard.parse(shard));
  }
  const entries = [...shards.values()].flatMap((shard) => shard.entries);
  return { index, shards, entries: new Map(entries.map((entry) => [entry.entry, entry])) };
}

function notWhole(index: CplIndex, path: string): ChangeError {
  return new ChangeError(
    'NO_LIBRARY',
    `Cannot read CPL snapshot ${index.snapshot}: "${path}" is not published, and cpl/index.json names it`,
    'Find out who signed this index: cfl-repo check',
  );
}
