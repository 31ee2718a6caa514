// What does the library say that a decision rests on? Register, settings, Central Products List, and what
// is published already, each with the digest of the file that said it.

import { type Sha256, sha256 } from '@cfl/client/encoding';
import {
  type CatalogueRelease,
  CPL_INDEX_PATH,
  type CplEntry,
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
  const ofCode = async (code: ManufacturerCode) => {
    const listed = shards.find((shard) => shard.code === code);
    if (listed === undefined) return [];
    const shard = await published.read(cplShardPath(listed.snapshot, code));
    if (shard === undefined)
      throw new TypeError(`The CPL's index names a shard of ${code} that no role lists`);
    return cplShard.parse(shard).entries;
  };
  return {
    snapshot: index?.snapshot ?? 0,
    ofCode,
    async entries(ids, code) {
      const wanted = new Set(ids);
      const found = new Map<EntryId, CplEntry>();
      // Its own first; the others only for a claim of somebody else's entry
      const codes = [code, ...shards.map((shard) => shard.code).filter((other) => other !== code)];
      for (const one of codes) {
        if (found.size === wanted.size) break;
        for (const entry of await ofCode(one)) if (wanted.has(entry.entry)) found.set(entry.entry, entry);
      }
      return found;
    },
  };
}

/** The published releases of a code, as the catalogue lists them. */
export async function publishedReleases(
  published: Published,
  code: ManufacturerCode,
): Promise<readonly CatalogueRelease[]> {
  const octets = await published.read(catalogueShardPath(code, 0));
  return octets === undefined ? [] : catalogueShard.parse(octets).releases;
}
