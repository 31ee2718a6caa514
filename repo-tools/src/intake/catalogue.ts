// What does the catalogue say after an acceptance? One row a release, derived from its newest statement.
//
// The rows of a manufacturer code stand in as many shards as its role has bins, each release in the shard of
// its bin's number: so whoever knows a release's name reads one shard.

import type { Facts } from '@cfl/client/admission';
import {
  binOf,
  CATALOGUE_INDEX_PATH,
  type CatalogueIndex,
  type CatalogueRelease,
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  firmwareVersionOf,
  hardwareVersionOf,
  imageTypeOf,
  type ManufacturerCode,
  parseDeviceType,
  parseReleaseClass,
  type ReleaseId,
  statedDigests,
} from '@cfl/client/firmware';
import { manufacturerRole } from '../ceremony/roles.ts';
import { binsIn } from '../change/bins.ts';
import type { Published } from '../deploy/state.ts';
import { publishedReleases } from './library.ts';

/** The files of the catalogue that change, by their path. */
export async function catalogueWith(
  accepted: readonly Facts[],
  published: Published,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const octets = await published.read(CATALOGUE_INDEX_PATH);
  let shards: CatalogueIndex['shards'] = octets === undefined ? [] : catalogueIndex.parse(octets).shards;
  for (const code of new Set(accepted.map(({ submitted }) => submitted.code))) {
    const bins = binsIn((await published.role(manufacturerRole(code)))?.signed);
    const former = shards.filter((shard) => shard.code === code);
    const rows = new Map<ReleaseId, CatalogueRelease>();
    for (const row of await publishedReleases(published, code)) rows.set(row.release, row);
    const touched = new Set<number>(former.length === bins ? [] : Array.from({ length: bins }, (_, i) => i));
    for (const facts of accepted) {
      const { release } = facts.submitted;
      if (facts.submitted.code !== code) continue;
      rows.set(release, rowOf(facts, rows.get(release)));
      touched.add(binOf(release, bins));
    }
    for (const release of withSuccessors(rows)) touched.add(binOf(release, bins));
    const sharded = Array.from({ length: bins }, (): CatalogueRelease[] => []);
    for (const row of rows.values()) sharded[binOf(row.release, bins)]?.push(row);
    for (const shard of touched) files.set(catalogueShardPath(code, shard), shardOf(code, sharded[shard]));
    const listed = sharded.map((releases, shard) => ({ code, shard, releases: releases.length }));
    shards = [...shards.filter((shard) => shard.code !== code), ...listed];
  }
  const sorted = shards.toSorted((a, b) =>
    a.code === b.code ? a.shard - b.shard : a.code < b.code ? -1 : 1,
  );
  files.set(CATALOGUE_INDEX_PATH, catalogueIndex.encode({ format: 'cfl/catalogue-index/1', shards: sorted }));
  return files;
}

/** Writes into each row by which releases it is superseded; returns those of which that changed. */
function withSuccessors(rows: Map<ReleaseId, CatalogueRelease>): readonly ReleaseId[] {
  const successors = new Map<ReleaseId, ReleaseId[]>();
  for (const { release, supersedes } of rows.values()) {
    for (const former of supersedes) {
      const known = successors.get(former) ?? [];
      successors.set(former, known);
      if (former !== release) known.push(release);
    }
  }
  const changed: ReleaseId[] = [];
  for (const [release, row] of rows) {
    const supersededBy = (successors.get(release) ?? []).toSorted();
    if (supersededBy.join() === row.supersededBy.join()) continue;
    rows.set(release, { ...row, supersededBy });
    changed.push(release);
  }
  return changed;
}

function shardOf(code: ManufacturerCode, releases: readonly CatalogueRelease[] = []): Uint8Array {
  return catalogueShard.encode({ format: 'cfl/catalogue/1', code, releases });
}

function rowOf({ statement, submitted, now }: Facts, former: CatalogueRelease | undefined): CatalogueRelease {
  const { predicate } = statement;
  const { header, claims } = predicate;
  return {
    release: submitted.release,
    deviceType: parseDeviceType(predicate.deviceType),
    models: [...new Set(claims.map(({ model }) => model))],
    hardware: [hardwareVersionOf(header.minHardwareVersion), hardwareVersionOf(header.maxHardwareVersion)],
    imageType: imageTypeOf(header.imageType),
    firmwareVersion: firmwareVersionOf(header.fileVersion),
    imageHash: statedDigests(statement).manufacturerImage,
    class: parseReleaseClass(predicate.class),
    published: former?.published ?? now,
    upgradesFrom: predicate.upgradesFrom,
    supersedes: predicate.supersedes,
    // Known when all rows are
    supersededBy: [],
    entries: claims.map(({ entry }) => entry),
    number: predicate.number,
    size: header.totalImageSize,
    originator: predicate.originator,
  };
}
