// What does the catalogue say after an acceptance? One row a release, derived from its newest statement.

import type { Facts } from '@cfl/client/admission';
import {
  CATALOGUE_INDEX_PATH,
  type CatalogueRelease,
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  firmwareVersionOf,
  hardwareVersionOf,
  parseDeviceType,
  statedDigests,
} from '@cfl/client/firmware';
import type { Published } from '../deploy/state.ts';
import { publishedReleases } from './library.ts';

/** The files of the catalogue that change, by their path. */
export async function catalogueWith(
  facts: Facts,
  published: Published,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { code } = facts.submitted;
  const releases = await publishedReleases(published, code);
  const former = releases.find(({ release }) => release === facts.submitted.release);
  const row = rowOf(facts, former);
  const rows =
    former === undefined ? [...releases, row] : releases.map((one) => (one === former ? row : one));
  const octets = await published.read(CATALOGUE_INDEX_PATH);
  const shards = octets === undefined ? [] : catalogueIndex.parse(octets).shards;
  const listed = { code, shard: 0, releases: rows.length };
  return new Map([
    [catalogueShardPath(code, 0), catalogueShard.encode({ format: 'cfl/catalogue/1', code, releases: rows })],
    [
      CATALOGUE_INDEX_PATH,
      catalogueIndex.encode({
        format: 'cfl/catalogue-index/1',
        shards: [...shards.filter((shard) => shard.code !== code), listed].sort((a, b) =>
          a.code < b.code ? -1 : 1,
        ),
      }),
    ],
  ]);
}

function rowOf({ statement, submitted, now }: Facts, former: CatalogueRelease | undefined): CatalogueRelease {
  const { predicate } = statement;
  const { header, claims } = predicate;
  return {
    release: submitted.release,
    deviceType: parseDeviceType(predicate.deviceType),
    models: [...new Set(claims.map(({ model }) => model))],
    hardware: [hardwareVersionOf(header.minHardwareVersion), hardwareVersionOf(header.maxHardwareVersion)],
    firmwareVersion: firmwareVersionOf(header.fileVersion),
    imageHash: statedDigests(statement).manufacturerImage,
    class: predicate.class,
    published: former?.published ?? now,
    upgradesFrom: predicate.upgradesFrom,
    supersedes: predicate.supersedes,
    entries: claims.map(({ entry }) => entry),
    number: predicate.number,
    size: header.totalImageSize,
    originator: predicate.originator,
  };
}
