// A library of many releases, as large ones are: roles in bins, ten releases a model, every signature real.
// node many.ts COUNT FOLDER writes it, and prints the SHA-256 of its root.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, toHex } from '@cfl/client/encoding';
import {
  binOf,
  CATALOGUE_INDEX_PATH,
  type CatalogueRelease,
  CPL_INDEX_PATH,
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  cplIndex,
  cplShard,
  cplShardPath,
  hexOf,
  LIBRARY_PATH,
  librarySettings,
  type ManufacturerCode,
  PARTIES_PATH,
  parseModelId,
  partyRegister,
} from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import {
  consistentName,
  type Delegations,
  type Document,
  encodeDocument,
  encodeRoot,
  encodeSnapshot,
  encodeTimestamp,
  type MetaFile,
  metadataFile,
  parseRoleName,
  parseTargetPath,
  type RoleName,
  SPEC_VERSION,
  signedOctets,
  TARGETS,
  type Targets,
} from '@cfl/client/tuf';
import { json } from '../../client/test/evidence/pki.ts';
import { FFF1, FFF2, type MadeRelease, TestLibrary } from '../../client/test/library/fixture.ts';
import { authorityOf, binsIn } from '../../repo-tools/src/change/bins.ts';
import { revise } from '../../repo-tools/src/change/plan.ts';
import { signDocument } from '../../repo-tools/src/change/sign.ts';
import { reviseFamily } from '../../repo-tools/src/change/split.ts';
import { NOW } from './library.ts';

const A_MODEL = 10;
const LATER = new Date('2027-11-20T09:00:00Z');
const PATTERNS: ReadonlyMap<string, readonly string[]> = new Map([
  ['registrar', ['register/*']],
  ['cpl', ['cpl/*', 'cpl/*/*']],
  ['gate', ['intake/*/*', 'withdrawn/*']],
  ['catalogue', ['catalogue/*', 'crl/*']],
  ['m-fff1', ['firmware/FFF1/*/*']],
  ['m-fff2', ['firmware/FFF2/*/*']],
]);

/** One of so many: of the two manufacturers in turn, each model in ten versions. */
async function makeOne(library: TestLibrary, i: number): Promise<MadeRelease> {
  const model = parseModelId(hexOf(0x1000 + Math.floor(i / (2 * A_MODEL)), 4));
  const plan = { code: i % 2 === 0 ? FFF1 : FFF2, fileVersion: 0x01000000 + i, body: `image ${i}` };
  const made = await library.make({
    ...plan,
    states: (statement) => ({
      ...statement,
      predicate: {
        ...statement.predicate,
        claims: statement.predicate.claims.map((claim) => ({ ...claim, model })),
      },
    }),
  });
  return { ...made, entry: { ...made.entry, modelId: model }, row: { ...made.row, models: [model] } };
}

export async function writeMany(count: number, place: string): Promise<string> {
  await mkdir(place, { recursive: true });
  const library = await TestLibrary.make();
  for (let i = 0; i < count; i++) library.list(await makeOne(library, i));
  return new Writer(library, place).write();
}

class Writer {
  readonly #library: TestLibrary;
  readonly #metadata;
  readonly #targets;
  readonly #meta = new Map<RoleName, MetaFile>();
  readonly #delegations: Delegations;

  constructor(library: TestLibrary, place: string) {
    this.#library = library;
    this.#metadata = folder(join(place, 'metadata'));
    this.#targets = folder(join(place, 'targets'));
    const keys = [...PATTERNS.keys()].flatMap((name) => this.#keys(name));
    this.#delegations = {
      keys: new Map(keys.map((key) => [key.id, key])),
      roles: [...PATTERNS].map(([name, paths]) => ({
        name: parseRoleName(name),
        terminating: true,
        covers: { paths },
        keyIds: this.#keys(name).map(({ id }) => id),
        threshold: 1,
      })),
    };
  }

  async write(): Promise<string> {
    const bins = new Map<ManufacturerCode, number>();
    for (const code of [FFF1, FFF2]) {
      const role = parseRoleName(`m-${code.toLowerCase()}`);
      const own = await this.#family(role);
      bins.set(code, binsIn(own.get(role)?.signed));
    }
    this.#putLists(bins);
    for (const name of ['registrar', 'cpl', 'gate', 'catalogue']) await this.#family(parseRoleName(name));
    let top = await revise(TARGETS, undefined, { delegations: this.#delegations }, NOW);
    for (const signer of this.#signers('targets').slice(0, 2)) top = await signDocument(TARGETS, top, signer);
    await this.#put(TARGETS, top);
    return this.#finish();
  }

  /** A role and its bins, as the gateway would split them. */
  async #family(family: RoleName): Promise<ReadonlyMap<RoleName, Document<Targets>>> {
    const add = this.#library.listed.get(family) ?? new Map<string, Uint8Array>();
    for (const [path, octets] of add)
      await this.#targets.replace(consistentName(parseTargetPath(path), await sha256(octets)), octets);
    const authority = authorityOf(this.#delegations, family);
    const [signer] = this.#signers(family);
    if (authority === undefined || signer === undefined) throw new TypeError(`nobody signs ${family}`);
    const present = { role: async () => undefined };
    const documents = await reviseFamily(present, { family, authority, add }, NOW);
    for (const [role, document] of documents)
      await this.#put(role, await signDocument(role, document, signer));
    return documents;
  }

  async #put(role: RoleName, { octets, signed }: Document<Targets>): Promise<void> {
    await this.#metadata.replace(metadataFile(role, signed.version), octets);
    const hashes = new Map([['sha256', await sha256(octets)]]);
    this.#meta.set(role, { version: signed.version, length: octets.length, hashes });
  }

  #putLists(bins: ReadonlyMap<ManufacturerCode, number>): void {
    const library = this.#library;
    const { root, anchors, revocations, crls, pki } = library.trust;
    library.put('register/trusted_root.json', json(root));
    library.put('register/anchors.json', json(anchors));
    library.put('register/revocations.json', json(revocations));
    crls.forEach((crl, i) => {
      library.put(pki.crlPath(i + 1), crl);
    });
    library.put(PARTIES_PATH, partyRegister.encode({ format: 'cfl/register/1', parties: library.parties }));
    const settings = {
      format: 'cfl/library/1',
      name: 'Example Firmware Library',
      trial: true,
      sizeLimit: 750_000,
    } as const;
    library.put(LIBRARY_PATH, librarySettings.encode(settings));
    const snapshot = 2;
    const shards = [FFF1, FFF2].map((code) => {
      const entries = library.entries.filter(({ manufacturerId }) => manufacturerId === code);
      library.put(
        cplShardPath(snapshot, code),
        cplShard.encode({ format: 'cfl/cpl-shard/1', snapshot, code, entries }),
      );
      return { code, snapshot, entries: entries.length };
    });
    const source = { name: 'cpl.csv', sha256: '0'.repeat(64) as never };
    const { length } = library.entries;
    library.put(
      CPL_INDEX_PATH,
      cplIndex.encode({
        format: 'cfl/cpl-index/1',
        snapshot,
        date: library.cplDate,
        source,
        entries: length,
        shards,
      }),
    );
    const index = [...bins].flatMap(([code, count]) => {
      const rows: CatalogueRelease[][] = Array.from({ length: count }, () => []);
      for (const one of library.rows)
        if (one.code === code) rows[binOf(one.row.release, count)]?.push(one.row);
      return rows.map((releases, shard) => {
        library.put(
          catalogueShardPath(code, shard),
          catalogueShard.encode({ format: 'cfl/catalogue/1', code, releases }),
        );
        return { code, shard, releases: releases.length };
      });
    });
    library.put(
      CATALOGUE_INDEX_PATH,
      catalogueIndex.encode({ format: 'cfl/catalogue-index/1', shards: index }),
    );
  }

  async #finish(): Promise<string> {
    const common = { specVersion: SPEC_VERSION, version: 1, expires: LATER };
    const snapshot = await this.#sign('snapshot', encodeSnapshot({ ...common, meta: this.#meta }));
    await this.#metadata.replace('1.snapshot.json', snapshot);
    const hashes = new Map([['sha256', await sha256(snapshot)]]);
    const listed = { version: 1, length: snapshot.length, hashes };
    const timestamp = encodeTimestamp({ ...common, snapshot: listed });
    await this.#metadata.replace('timestamp.json', await this.#sign('timestamp', timestamp));
    const tops = ['root', 'targets', 'snapshot', 'timestamp'] as const;
    const roleOf = (name: string, threshold: number) => ({
      keyIds: this.#keys(name).map(({ id }) => id),
      threshold,
    });
    const root = await this.#sign(
      'root',
      encodeRoot({
        ...common,
        consistentSnapshot: true,
        keys: new Map(tops.flatMap((name) => this.#keys(name)).map((key) => [key.id, key])),
        roles: {
          root: roleOf('root', 2),
          targets: roleOf('targets', 2),
          snapshot: roleOf('snapshot', 1),
          timestamp: roleOf('timestamp', 1),
        },
      }),
      2,
    );
    await this.#metadata.replace('1.root.json', root);
    return sha256(root);
  }

  async #sign(role: string, part: ReturnType<typeof encodeRoot>, count = 1): Promise<Uint8Array> {
    const message = signedOctets(part);
    const signatures = this.#signers(role)
      .slice(0, count)
      .map(async (one) => ({ keyId: one.key.id, sig: toHex(await one.sign(message)) }));
    return encodeDocument(part, await Promise.all(signatures));
  }

  #signers(role: string) {
    return this.#library.signers.get(role) ?? [];
  }

  #keys(role: string) {
    return this.#signers(role).map(({ key }) => key);
  }
}

if (import.meta.main) {
  const [count, place] = process.argv.slice(2);
  console.log(await writeMany(Number(count), place ?? ''));
}
