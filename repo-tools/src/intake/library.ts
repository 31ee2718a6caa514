// What does the library say that a decision rests on? Register, settings, Central Products List, and what
// is published already, each with the digest of the file that said it.

import { type Sha256, sha256 } from '@cfl/client/encoding';
import type { EvidenceTrust } from '@cfl/client/evidence';
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
  type HoldingSettings,
  LIBRARY_PATH,
  librarySettings,
  type ManufacturerCode,
  PARTIES_PATH,
  partyRegister,
  type Register,
} from '@cfl/client/firmware';
import { acceptanceFile } from '@cfl/client/library';
import type { Published } from '../deploy/state.ts';
import { readHead } from './decision.ts';
import { evidenceTrust } from './evidence.ts';

export interface LibraryReading {
  readonly register: Register;
  readonly settings: HoldingSettings;
  readonly cpl: CplReading;
  /** The CPL snapshot of the newest decision; 0 before the first. */
  readonly newestSeen: number;
  /** Whom the register trusts to say who signed; undefined where it names nobody yet. */
  readonly trust: EvidenceTrust | undefined;
  /** Of the files that were read. */
  readonly digests: { readonly register: Sha256 | null; readonly cpl: Sha256 | null };
}

export interface CplReading {
  /** 0 where the library has no CPL yet. */
  readonly snapshot: number;
  /** Every entry of this code, and those of these ids that are of another. */
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
    settings: settings === undefined ? { sizeLimit: DEFAULT_SIZE_LIMIT } : librarySettings.parse(settings),
    cpl: readCpl(published, index),
    newestSeen: await newestSeen(published),
    trust: await evidenceTrust(published),
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
      const own = await ofCode(code);
      const foreign = ids.filter((id) => !own.has(id));
      if (foreign.length === 0) return own;
      const found = new Map(own);
      // Somebody else's entry, or none: both are for a rule to say
      for (const { code: other } of shards.filter((shard) => shard.code !== code)) {
        const entries = await ofCode(other);
        for (const id of foreign) {
          const entry = entries.get(id);
          if (entry !== undefined) found.set(id, entry);
        }
      }
      return found;
    },
  };
}

/** Snapshots of the CPL only grow, so the newest decision rests on the newest that was seen. */
async function newestSeen(published: Published): Promise<number> {
  const head = await readHead(published);
  const octets = head && (await published.read(head.path));
  return octets === undefined ? 0 : acceptanceFile.parse(octets).cpl;
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
