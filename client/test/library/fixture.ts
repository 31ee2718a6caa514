// A small published library: three parties, a CPL, releases with real signatures. Honest, until a test
// changes one thing of it. Roles, paths and formats are those of a real library; only the keys are made here.

import { createHash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credential, ReadKeyUse, Suite } from '../../src/access/index.ts';
import { parseSha256, toHex } from '../../src/encoding/index.ts';
import { signStatement } from '../../src/evidence/index.ts';
import {
  ANCHORS_PATH,
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
  type DeviceType,
  decisionPath,
  encodeImage,
  encodeStatement,
  firmwareVersionOf,
  hardwareVersionOf,
  headerLengthFor,
  imagePath,
  imageTypeOf,
  LIBRARY_PATH,
  librarySettings,
  type ManufacturerCode,
  notesPath,
  type OtaHeader,
  type OtaImage,
  PARTIES_PATH,
  type Party,
  parseEntryId,
  parseManufacturerCode,
  parseModelId,
  parsePartyId,
  parseReleaseClass,
  parseReleaseId,
  partyRegister,
  REVOCATIONS_PATH,
  type ReleaseId,
  type Statement,
  statedDigests,
  statementFor,
  statementPath,
  TRUSTED_ROOT_PATH,
} from '../../src/firmware/index.ts';
import { memorySigner, type Signer } from '../../src/keys/index.ts';
import {
  type Acceptance,
  acceptanceFile,
  type ChainHead,
  chainHeadFile,
  HEAD_PATH,
} from '../../src/library/acceptance.ts';
import { folder } from '../../src/library/files.ts';
import { type WithdrawalFile, withdrawalFile, withdrawalPath } from '../../src/library/withdrawal.ts';
import {
  consistentName,
  type DelegatedRole,
  encodeDocument,
  encodeSigned,
  type KeyId,
  type MetaFile,
  metadataFile,
  type PublicKey,
  parseRoleName,
  parseTargetPath,
  type RoleName,
  type SignedPart,
  SPEC_VERSION,
  signedOctets,
  type TargetFile,
  type TargetPath,
} from '../../src/tuf/index.ts';
import { type Issued, json, makePki, type Pki, witnessOf } from '../evidence/pki.ts';
import { NOW, STAMPED, Trust } from '../evidence/scene.ts';
import { ENERGY, supplierOf, TestAccess } from './access.ts';

export { NOW, STAMPED };
export const PUBLISHED = '2026-11-18T10:05:40Z';
const LATER = new Date('2027-11-20T09:00:00Z');
const SOON = new Date('2026-11-23T09:00:00Z');

export const FFF1 = parseManufacturerCode('FFF1');
export const FFF2 = parseManufacturerCode('FFF2');
const METERS = parsePartyId('example-meters');
const GAS = parsePartyId('sample-gas');

const PATTERNS: ReadonlyMap<string, readonly string[]> = new Map([
  ['registrar', ['register/*', 'access/*', 'tools/*']],
  ['cpl', ['cpl/*', 'cpl/*/*']],
  ['gate', ['intake/*/*', 'withdrawn/*']],
  ['catalogue', ['catalogue/*', 'crl/*']],
  ['m-fff1', ['firmware/FFF1/*/*']],
  ['m-fff2', ['firmware/FFF2/*/*']],
]);
const TOP = ['root', 'targets', 'snapshot', 'timestamp'] as const;

/** What one release is made from; everything has an honest default. */
export interface ReleasePlan {
  readonly code?: ManufacturerCode;
  readonly deviceType?: DeviceType;
  readonly body?: string;
  readonly header?: Partial<OtaHeader>;
  readonly fileVersion?: number;
  readonly notes?: string;
  readonly supersedes?: readonly ReleaseId[];
  readonly number?: number;
  /** Changes the statement after it was made from the image. */
  readonly states?: (statement: Statement) => Statement;
  readonly signed?: Partial<Signing>;
}

/** Under which certificate, and when it is stamped. */
export interface Signing {
  readonly by: Issued;
  readonly at: Date;
}

export interface MadeRelease {
  readonly release: ReleaseId;
  readonly code: ManufacturerCode;
  readonly image: OtaImage;
  readonly octets: Uint8Array;
  readonly notes: Uint8Array;
  readonly sealed: { readonly image: Uint8Array; readonly notes: Uint8Array };
  readonly statement: Statement;
  readonly bundle: Uint8Array;
  readonly entry: CplEntry;
  readonly row: CatalogueRelease;
}

export interface Written {
  readonly folder: string;
  readonly rootFile: string;
  readonly rootSha256: string;
  /** Of a supplier that reads images and notes. */
  readonly credential: Credential;
}

export class TestLibrary {
  /** By role, what it lists. A test may change any of it before the library is written. */
  readonly listed = new Map<string, Map<string, Uint8Array>>();
  readonly signers: ReadonlyMap<string, readonly Signer[]>;
  readonly certificates: ReadonlyMap<ManufacturerCode, Issued>;
  readonly trust: Trust;
  readonly access: TestAccess;
  /** Files that are not written after all. */
  readonly leaveOut = new Set<string>();
  parties: Party[];
  entries: CplEntry[] = [];
  rows: { code: ManufacturerCode; row: CatalogueRelease }[] = [];
  trial = true;
  cplDate = '2026-11-18T09:00:00Z';
  timestampExpires = SOON;
  snapshotExpires = LATER;
  /** Of all other roles. */
  expires = LATER;
  /** Delegations beside or instead of the usual ones, in front of them. */
  extraDelegations: { name: string; paths: readonly string[] }[] = [];
  /** Roles that the snapshot lists by version alone. */
  unhashed: readonly string[] = [];
  version = 0;
  /** The newest decision. */
  head: ChainHead | undefined;
  #entry = 411;

  private constructor(
    signers: ReadonlyMap<string, readonly Signer[]>,
    { pki, meters, gas }: Authorities,
    access: TestAccess,
  ) {
    this.signers = signers;
    this.access = access;
    this.trust = new Trust(pki);
    this.certificates = new Map([
      [FFF1, meters],
      [FFF2, gas],
    ]);
    this.parties = [
      partyOf('example-meters', 'Example Meters', FFF1, meters),
      partyOf('sample-gas', 'Sample Gas', FFF2, gas),
      supplierOf(ENERGY, 'Example Energy'),
    ];
    for (const role of PATTERNS.keys()) this.listed.set(role, new Map());
  }

  static async make(suite?: Suite): Promise<TestLibrary> {
    const signers = new Map<string, readonly Signer[]>();
    for (const role of [...TOP, ...PATTERNS.keys()]) {
      const count = role === 'root' || role === 'targets' ? 3 : 1;
      signers.set(role, await Promise.all(Array.from({ length: count }, () => memorySigner())));
    }
    return new TestLibrary(signers, await authorities(), await TestAccess.make(suite));
  }

  /** Makes a release, with its CPL entry and its row of the catalogue; lists nothing yet. */
  async make(plan: ReleasePlan = {}): Promise<MadeRelease> {
    const code = plan.code ?? FFF1;
    const image = imageOf(code, plan);
    const octets = encodeImage(image);
    const notes = new TextEncoder().encode(plan.notes ?? '# Notes\n## Before you deploy\nNothing to do\n');
    const entryId = parseEntryId(`CPL-000${++this.#entry}`);
    const made = await statementFor(image, {
      number: plan.number ?? 1,
      originator: code === FFF1 ? METERS : GAS,
      deviceType: plan.deviceType ?? 'ESME',
      claims: [
        {
          entry: entryId,
          model: parseModelId('0A01'),
          hardwareVersion: hardwareVersionOf(0x0102),
          firmwareVersion: firmwareVersionOf(image.header.fileVersion),
        },
      ],
      class: 'compliance',
      upgradesFrom: 'any',
      supersedes: plan.supersedes ?? [],
      acknowledged: [],
      contact: { mailbox: 'firmware@meters.example' },
      created: '2026-11-18T10:02:00Z',
      notes: statedNotes(notes),
    });
    const statement = plan.states?.(made) ?? made;
    const bundle = await this.sign(encodeStatement(statement), {
      by: this.certificateOf(code),
      ...plan.signed,
    });
    const { otaImage: release, manufacturerImage: imageHash } = statedDigests(made);
    const { claims, originator, deviceType, class: kind, upgradesFrom, supersedes, number } = made.predicate;
    const entry: CplEntry = {
      entry: entryId,
      deviceType: plan.deviceType ?? 'ESME',
      manufacturerId: code,
      modelId: parseModelId('0A01'),
      hardwareVersion: hardwareVersionOf(0x0102),
      firmwareVersion: firmwareVersionOf(image.header.fileVersion),
      smetsVersion: '5.1',
      gbcsVersion: '4.2',
      status: 'Active',
      upgradeableFrom: 'N/A',
      smets1: false,
      certificates: [],
      imageHash,
    };
    const row: CatalogueRelease = {
      release,
      deviceType: deviceType as DeviceType,
      models: claims.map(({ model }) => model),
      hardware: [hardwareVersionOf(0x0100), hardwareVersionOf(0x01ff)],
      imageType: imageTypeOf(image.header.imageType),
      firmwareVersion: entry.firmwareVersion,
      imageHash,
      class: parseReleaseClass(kind),
      published: PUBLISHED,
      upgradesFrom,
      supersedes,
      supersededBy: [],
      entries: [entryId],
      number,
      size: octets.length,
      originator,
    };
    const sealed = {
      image: await this.access.seal('images', octets),
      notes: await this.access.seal('notes', notes),
    };
    return { release, code, image, octets, notes, sealed, statement, bundle, entry, row };
  }

  /** Lists a release as intake would: three files, an entry of the CPL, a row of the catalogue. */
  list(made: MadeRelease): MadeRelease {
    const { code, release, row } = made;
    this.put(imagePath(code, release), made.sealed.image);
    this.put(statementPath(code, release, row.number), made.bundle);
    this.put(notesPath(code, release, row.number), made.sealed.notes);
    this.accept(made);
    if (!this.entries.some(({ entry }) => entry === made.entry.entry)) this.entries.push(made.entry);
    this.rows.push({ code, row });
    return made;
  }

  /** The gate's record of a statement. */
  accept({ release, code, row }: MadeRelease, record: Partial<Acceptance> = {}): void {
    const honest: Acceptance = {
      format: 'cfl/acceptance/1',
      outcome: 'accepted',
      decided: PUBLISHED,
      received: PUBLISHED,
      rules: '2026-11-1',
      release,
      number: row.number,
      code,
      originator: row.originator,
      submission: digestOf(new Uint8Array()) as never,
      roles: [{ name: `m-${code.toLowerCase()}`, version: 1 }],
      library: 1,
      cpl: 2,
      digests: [],
      released: [],
      audit: null,
      sequence: (this.head?.sequence ?? 0) + 1,
      before: this.head === undefined ? null : { path: this.head.path, sha256: this.head.sha256 },
      passed: ['SIZE', 'MODEL'],
      findings: [],
    };
    const path = decisionPath(release, record.number ?? row.number);
    const octets = acceptanceFile.encode({ ...honest, ...record });
    this.put(path, octets);
    this.head = { sequence: honest.sequence, path, sha256: parseSha256(digestOf(octets)) };
    this.put(HEAD_PATH, chainHeadFile.encode({ format: 'cfl/chain-head/1', ...this.head }));
  }

  async add(plan: ReleasePlan = {}): Promise<MadeRelease> {
    return this.list(await this.make(plan));
  }

  withdraw(release: ReleaseId, file: Partial<WithdrawalFile> = {}): void {
    const honest: WithdrawalFile = {
      format: 'cfl/withdrawal/1',
      release,
      by: 'Example Meters',
      kind: 'manufacturer',
      reason: 'battery drain',
      date: '2026-10-14T09:00:00Z',
    };
    this.put(withdrawalPath(release, 1), withdrawalFile.encode({ ...honest, ...file }));
  }

  /** Under the role whose patterns cover the path. */
  put(path: string, octets: Uint8Array): void {
    const top = path.split('/').slice(0, 2).join('/');
    const role = path.startsWith('firmware/')
      ? `m-${top.slice('firmware/'.length).toLowerCase()}`
      : roleOf(path);
    this.listed.get(role)?.set(path, octets);
  }

  /** Sealed as its maker would, to the epoch that is open. */
  async putSealed(path: string, use: ReadKeyUse, plaintext: Uint8Array): Promise<void> {
    this.put(path, await this.access.seal(use, plaintext));
  }

  change(entry: CplEntry['entry'], to: Partial<CplEntry>): void {
    this.entries = this.entries.map((one) => (one.entry === entry ? { ...one, ...to } : one));
  }

  /** Publishes everything as one version more, into a new folder or an old one. */
  async write(place?: string): Promise<Written> {
    const base = place ?? (await mkdtemp(join(tmpdir(), 'cfl-library-')));
    this.version++;
    this.#putIndexes();
    const metadata = folder(join(base, 'metadata'));
    const targets = folder(join(base, 'targets'));
    const meta = new Map<RoleName, MetaFile>();
    const root = (await metadata.read('1.root.json')) ?? (await this.#firstRoot());
    for (const [path, octets] of await this.access.files(parseSha256(digestOf(root)))) this.put(path, octets);
    for (const path of this.leaveOut) this.listed.get(roleOf(path))?.delete(path);
    for (const [role, files] of this.listed) {
      for (const [path, octets] of files)
        await targets.replace(consistentName(parseTargetPath(path), digestOf(octets)), octets);
      const octets = await this.#sign(role, {
        type: 'targets',
        ...this.#common(this.expires),
        targets: targetFiles(files),
        delegations: undefined,
      });
      await metadata.replace(metadataFile(parseRoleName(role), this.version), octets);
      const whole = metaFile(this.version, octets);
      meta.set(parseRoleName(role), this.unhashed.includes(role) ? { ...whole, hashes: new Map() } : whole);
    }
    const top = await this.#sign(
      'targets',
      {
        type: 'targets',
        ...this.#common(this.expires),
        targets: new Map(),
        delegations: this.#delegations(),
      },
      2,
    );
    await metadata.replace(`${this.version}.targets.json`, top);
    meta.set(parseRoleName('targets'), metaFile(this.version, top));
    const snapshot = await this.#sign('snapshot', {
      type: 'snapshot',
      ...this.#common(this.snapshotExpires),
      meta,
    });
    await metadata.replace(`${this.version}.snapshot.json`, snapshot);
    const timestamp = await this.#sign('timestamp', {
      type: 'timestamp',
      ...this.#common(this.timestampExpires),
      snapshot: metaFile(this.version, snapshot),
    });
    await metadata.replace('timestamp.json', timestamp);
    await metadata.replace('1.root.json', root);
    const { credential } = this.access.holder(ENERGY);
    const rootFile = join(base, 'metadata', '1.root.json');
    return { folder: base, rootFile, rootSha256: digestOf(root), credential };
  }

  #putIndexes(): void {
    const { root, anchors, revocations, crls } = this.trust;
    this.put(TRUSTED_ROOT_PATH, json(root));
    this.put(ANCHORS_PATH, json(anchors));
    this.put(REVOCATIONS_PATH, json(revocations));
    crls.forEach((crl, i) => {
      this.put(this.trust.pki.crlPath(i + 1), crl);
    });
    this.put(PARTIES_PATH, partyRegister.encode({ format: 'cfl/register/1', parties: this.parties }));
    this.put(
      LIBRARY_PATH,
      librarySettings.encode({
        format: 'cfl/library/1',
        name: 'Example Firmware Library',
        trial: this.trial,
        sizeLimit: 750_000,
      }),
    );
    const snapshot = 2;
    const codes = [...new Set(this.entries.map(({ manufacturerId }) => manufacturerId))];
    const shards = codes.map((code) => ({
      code,
      entries: this.entries.filter(({ manufacturerId }) => manufacturerId === code),
    }));
    for (const { code, entries } of shards)
      this.put(
        cplShardPath(snapshot, code),
        cplShard.encode({ format: 'cfl/cpl-shard/1', snapshot, code, entries }),
      );
    this.put(
      CPL_INDEX_PATH,
      cplIndex.encode({
        format: 'cfl/cpl-index/1',
        snapshot,
        date: this.cplDate,
        source: { name: 'cpl.csv', sha256: digestOf(new Uint8Array()) as never },
        entries: this.entries.length,
        shards: shards.map(({ code, entries }) => ({ code, snapshot, entries: entries.length })),
      }),
    );
    const makers = [...new Set(this.rows.map(({ code }) => code))];
    for (const code of makers) {
      const own = this.rows.filter((one) => one.code === code).map(({ row }) => row);
      const releases = own.map((row) => ({
        ...row,
        supersededBy: own.flatMap((one) => (one.supersedes.includes(row.release) ? one.release : [])),
      }));
      this.put(
        catalogueShardPath(code, 0),
        catalogueShard.encode({ format: 'cfl/catalogue/1', code, releases }),
      );
    }
    const index = makers.map((code) => ({
      code,
      shard: 0,
      releases: this.rows.filter((one) => one.code === code).length,
    }));
    this.put(CATALOGUE_INDEX_PATH, catalogueIndex.encode({ format: 'cfl/catalogue-index/1', shards: index }));
  }

  #delegations() {
    const wanted = [...this.extraDelegations, ...[...PATTERNS].map(([name, paths]) => ({ name, paths }))];
    const names = new Set<string>();
    const roles: DelegatedRole[] = [];
    for (const { name, paths } of wanted) {
      if (names.has(name)) continue;
      names.add(name);
      roles.push({
        name: parseRoleName(name),
        terminating: true,
        covers: { paths },
        keyIds: this.#keys(name).map(({ id }) => id),
        threshold: 1,
      });
    }
    return { keys: ring([...names].flatMap((name) => this.#keys(name))), roles };
  }

  #firstRoot(): Promise<Uint8Array> {
    const roleKeys = (role: string, threshold: number) => ({
      keyIds: this.#keys(role).map(({ id }) => id),
      threshold,
    });
    const roles = {
      root: roleKeys('root', 2),
      targets: roleKeys('targets', 2),
      snapshot: roleKeys('snapshot', 1),
      timestamp: roleKeys('timestamp', 1),
    };
    const keys = ring(TOP.flatMap((role) => this.#keys(role)));
    const part = {
      type: 'root' as const,
      specVersion: SPEC_VERSION,
      version: 1,
      expires: this.expires,
      consistentSnapshot: true,
      keys,
      roles,
    };
    return this.#sign('root', part, 2);
  }

  #common(expires: Date) {
    return { specVersion: SPEC_VERSION, version: this.version, expires };
  }

  async #sign(role: string, part: SignedPart, count = 1): Promise<Uint8Array> {
    const signed = encodeSigned(part);
    const message = signedOctets(signed);
    const signers = (this.signers.get(role) ?? []).slice(0, count);
    return encodeDocument(
      signed,
      await Promise.all(
        signers.map(async (one) => ({ keyId: one.key.id, sig: toHex(await one.sign(message)) })),
      ),
    );
  }

  #keys(role: string): readonly PublicKey[] {
    return (this.signers.get(role) ?? []).map(({ key }) => key);
  }

  /** A bundle as the manufacturer makes it. */
  sign(statement: Uint8Array, { by = this.certificateOf(FFF1), at = STAMPED }: Partial<Signing> = {}) {
    if (by.signer === undefined) throw new TypeError('nothing signs with such a key');
    const witness = witnessOf(this.trust.pki, at);
    return signStatement(statement, { signer: by.signer, certificate: by.certificate, witness });
  }

  certificateOf(code: ManufacturerCode): Issued {
    const certificate = this.certificates.get(code);
    if (certificate === undefined) throw new TypeError(`nobody signs for ${code}`);
    return certificate;
  }
}

interface Authorities {
  readonly pki: Pki;
  readonly meters: Issued;
  readonly gas: Issued;
}

let made: Promise<Authorities> | undefined;

/** Made once: keys cost time, and no test changes them. */
function authorities(): Promise<Authorities> {
  const make = async () => {
    const pki = await makePki({ now: NOW });
    const meters = await pki.issue({ subject: 'Example Meters' });
    return { pki, meters, gas: await pki.issue({ subject: 'Sample Gas', key: 'RSA-2048' }) };
  };
  made ??= make();
  return made;
}

export function digestOf(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

function statedNotes(octets: Uint8Array) {
  return parseReleaseId(digestOf(octets)) as unknown as Parameters<typeof statementFor>[1]['notes'];
}

function roleOf(path: string): string {
  const [first] = path.split('/');
  return first === 'register' || first === 'access' || first === 'tools'
    ? 'registrar'
    : first === 'crl'
      ? 'catalogue'
      : first === 'withdrawn' || first === 'intake'
        ? 'gate'
        : (first ?? '');
}

function ring(keys: readonly PublicKey[]): ReadonlyMap<KeyId, PublicKey> {
  return new Map(keys.map((key) => [key.id, key]));
}

function metaFile(version: number, octets: Uint8Array): MetaFile {
  return { version, length: octets.length, hashes: new Map([['sha256', digestOf(octets)]]) };
}

function targetFiles(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<TargetPath, TargetFile> {
  return new Map(
    [...files].map(([path, octets]) => [
      parseTargetPath(path),
      { length: octets.length, hashes: new Map([['sha256', digestOf(octets)]]), custom: undefined },
    ]),
  );
}

function partyOf(id: string, name: string, code: ManufacturerCode, certificate: Issued): Party {
  return {
    id: parsePartyId(id),
    name,
    kinds: ['manufacturer'],
    codes: [code],
    userRoles: [],
    certificates: [registered(certificate)],
  };
}

/** As the register names a certificate. */
export function registered({ sha256 }: Issued): Party['certificates'][number] {
  return { sha256: parseSha256(sha256), purposes: ['release'], from: '2026-01-01T00:00:00Z' };
}

function imageOf(
  code: ManufacturerCode,
  { body = 'a manufacturer image', header, fileVersion = 0x01000203 }: ReleasePlan,
): OtaImage {
  const octets = new TextEncoder().encode(body.padEnd(400, '.'));
  const headerLength = headerLengthFor(4);
  return {
    header: {
      headerVersion: 0x0100,
      headerLength,
      fieldControl: 4,
      manufacturerCode: Number.parseInt(code, 16),
      imageType: 0,
      fileVersion,
      stackVersion: 2,
      headerStringHex: Buffer.from('Example').toString('hex').padEnd(64, '0'),
      totalImageSize: headerLength + octets.length,
      minHardwareVersion: 0x0100,
      maxHardwareVersion: 0x01ff,
      securityCredentialVersion: null,
      upgradeFileDestination: null,
      ...header,
    },
    body: octets,
    awaitsTrailer: false,
    possibleTrailer: undefined,
  };
}
