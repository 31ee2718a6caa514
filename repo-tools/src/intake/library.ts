// What does the library say that a decision rests on? Register, settings, Central Products List, and what
// is published already, each with the digest of the file that said it.

import { type Sha256, sha256 } from '@cfl/client/encoding';
import {
  CATALOGUE_INDEX_PATH,
  type CatalogueRelease,
  CPL_INDEX_PATH,
  type CplEntry,
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  cplIndex,
  cplShard,
  cplShardPath,
  DEFAULT_SIZE_LIMIT,
  type EntryId,
  LIBRARY_PATH,
  librarySettings,
  type ManufacturerCode,
  PARTIES_PATH,
  partyRegister,
  type Register,
} from '@cfl/client/firmware';
import type { Published } from '../deploy/state.ts';

export interface LibraryReading {
  readonly register: Register;
  readonly sizeLimit: number;
  readonly cpl: CplReading;
  /** Of the files that were read. */
  readonly digests: { readonly register: Sha256 | null; readonly cpl: Sha256 | null };
}

export interface CplReading {
  /** 0 where the library has no CPL yet. */
  readonly snapshot: number;
  /** The entries of these ids: of this code, or, where it has no such entry, of another. */
  entries(ids: readonly EntryId[], code: ManufacturerCode): Promise<ReadonlyMap<EntryId, CplEntry>>;
  /** Every entry of this code. */
  ofCode(code: ManufacturerCode): Promise<readonly CplEntry[]>;
}

export async function readLibrary(published: Published): Promise<LibraryReading> {
  const parties = await published.read(PARTIES_PATH);
  const settings = await published.read(LIBRARY_PATH);
  const index = await published.read(CPL_INDEX_PATH);
  return {
    register:
      parties === undefined ? { format: 'cfl/register/1', parties: [] } : partyRegister.parse(parties),
    sizeLimit: settings === undefined ? DEFAULT_SIZE_LIMIT : librarySettings.parse(settings).sizeLimit,
    cpl: readCpl(published, index),
    digests: { register: parties ? await sha256(parties) : null, cpl: index ? await sha256(index) : null },
  };
}

function readCpl(published: Published, octets: Uint8Array | undefined): CplReading {
  const index = octets === undefined ? undefined : cplIndex.parse(octets);
  const shards = index?.shards ?? [];
  const read = new Map<ManufacturerCode, Promise<ReadonlyMap<EntryId, CplEntry>>>();
  const ofCode = (code: ManufacturerCode) => {
    const known = read.get(code) ?? readShard(code);
    read.set(code, known);
    return known;
  };
  const readShard = async (code: ManufacturerCode) => {
    const listed = shards.find((shard) => shard.code === code);
    if (listed === undefined) return new Map<EntryId, CplEntry>();
    const shard = await published.read(cplShardPath(listed.snapshot, code));
    if (shard === undefined)
      throw new TypeError(`The CPL's index names a shard of ${code} that no role lists`);
    return new Map(cplShard.parse(shard).entries.map((entry) => [entry.entry, entry]));
  };
  return {
    snapshot: index?.snapshot ?? 0,
    ofCode: async (code) => [...(await ofCode(code)).values()],
    async entries(ids, code) {
      const found = new Map<EntryId, CplEntry>();
      // Its own first; the others only for a claim of somebody else's entry
      const codes = [code, ...shards.map((shard) => shard.code).filter((other) => other !== code)];
      for (const one of codes) {
        const missing = ids.filter((id) => !found.has(id));
        if (missing.length === 0) break;
        const entries = await ofCode(one);
        for (const id of missing) {
          const entry = entries.get(id);
          if (entry !== undefined) found.set(id, entry);
        }
      }
      return found;
    },
  };
}

/** The published releases of a code, as all shards of the catalogue list them. */
export async function publishedReleases(
  published: Published,
  code: ManufacturerCode,
): Promise<readonly CatalogueRelease[]> {
  const index = await published.read(CATALOGUE_INDEX_PATH);
  const shards = index === undefined ? [] : catalogueIndex.parse(index).shards;
  const releases: CatalogueRelease[] = [];
  for (const { shard } of shards.filter((one) => one.code === code)) {
    const octets = await published.read(catalogueShardPath(code, shard));
    if (octets === undefined)
      throw new TypeError(`The catalogue's index names a shard of ${code} that no role lists`);
    releases.push(...releasesIn(octets));
  }
  return releases;
}

/** Parsed once, however often the same octets are read. */
const parsed = new WeakMap<Uint8Array, readonly CatalogueRelease[]>();

function releasesIn(octets: Uint8Array): readonly CatalogueRelease[] {
  const known = parsed.get(octets);
  if (known !== undefined) return known;
  const { releases } = catalogueShard.parse(octets);
  parsed.set(octets, releases);
  return releases;
}
