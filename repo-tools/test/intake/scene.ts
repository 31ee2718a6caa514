// A library with two manufacturers and a CPL, in memory, and what they submit to it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@cfl/client/encoding';
import {
  type CplEntry,
  decodeImage,
  encodeImage,
  firmwareVersionOf,
  hardwareVersionOf,
  type ManufacturerCode,
  manufacturerCodeOf,
  manufacturerImageHash,
  type OtaImage,
  type PartyId,
  parseEntryId,
  parseManufacturerCode,
  parseModelId,
  parsePartyId,
  releaseIdOf,
  type StatementForm,
  statementFor,
} from '@cfl/client/firmware';
import { openSigner, type Signer } from '@cfl/client/keys';
import { folder } from '@cfl/client/library';
import type { RoleName } from '@cfl/client/tuf';
import { onTestFinished } from 'vitest';
import { planParty } from '../../src/ceremony/party.ts';
import { parsePartyFile } from '../../src/ceremony/party-file.ts';
import { manufacturerRole } from '../../src/ceremony/roles.ts';
import { planCplImport } from '../../src/cpl/index.ts';
import { loadState, type Place, type Published } from '../../src/deploy/index.ts';
import { type IntakeReport, intake } from '../../src/intake/intake.ts';
import type { IntakeSigners } from '../../src/intake/planned.ts';
import type { Draft } from '../../src/submission/draft.ts';
import { initPublisher } from '../../src/submission/init.ts';
import type { KeyRing } from '../../src/submission/keys.ts';
import { type Submitted, submitUnchecked } from '../../src/submission/submit.ts';
import { gateway, reading } from '../access.ts';
import { evidenceIn, listingCrl, trusting } from '../authorities.ts';
import { type MemoryPlace, memoryPlace } from '../deploy/memory-files.ts';
import { apply, founding, type Keys, keys, onlineOf, signed } from '../deploy/scene.ts';
import { NOTES, NOW } from '../fixture.ts';

export { NOW };

export interface Maker {
  readonly party: PartyId;
  readonly code: ManufacturerCode;
  readonly role: RoleName;
  /** Its two role keys, its statement key and the certificate for it, as files in the clear. */
  readonly ring: KeyRing;
  readonly signers: readonly Signer[];
}

export interface Scene {
  readonly place: MemoryPlace;
  readonly held: Keys;
  readonly online: IntakeSigners;
  readonly meters: Maker;
  readonly gas: Maker;
}

/** `threshold`: of the two keys that each manufacturer has. */
export async function scene(rows: readonly CplEntry[], threshold = 1): Promise<Scene> {
  const held = await keys();
  const online = { ...onlineOf(held), gate: held.gate[0] as Signer, catalogue: held.catalogue[0] as Signer };
  const place = memoryPlace();
  await apply(await founding(held), place, online);
  for (const plan of [trusting, listingCrl, reading]) {
    const published = await loadState(place);
    await apply(await signed(await plan(published), Object.values(held).flat(), published), place, online);
  }
  const joining = { held, online, threshold };
  const meters = await joined(place, {
    ...joining,
    party: 'example-meters',
    name: 'Example Meters',
    code: 'FFF1',
  });
  const gas = await joined(place, { ...joining, party: 'sample-gas', name: 'Sample Gas', code: 'FFF2' });
  const made = { place, held, online, meters, gas };
  await importRows(made, rows, '2026-11-18');
  return made;
}

interface Joining extends Pick<Scene, 'held' | 'online'> {
  readonly threshold: number;
  readonly party: string;
  readonly name: string;
  readonly code: string;
}

async function joined(place: Place, { held, online, threshold, party, name, code }: Joining): Promise<Maker> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-maker-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const published = await loadState(place);
  const settings = await initPublisher({
    base,
    library: 'https://library.example',
    root: await sha256(new Uint8Array()),
    party: parsePartyId(party),
    codes: [parseManufacturerCode(code)],
    evidence: await evidenceIn(base, name),
    keysHere: { name, mailbox: 'firmware@maker.example', passphrase: '', unencrypted: 'trial' },
  });
  const file = (await folder(base).read('party.json')) ?? new Uint8Array();
  const told = await parsePartyFile(file);
  const roleKeys = told.role && { ...told.role, threshold };
  const change = await planParty({ ...told, role: roleKeys }, published, NOW);
  const role = manufacturerRole(code);
  const signers = await Promise.all(
    (settings.keys.roles.get(role) ?? []).map((uri) => openSigner(join(base, uri))),
  );
  await apply(await signed(change, [...Object.values(held).flat(), ...signers], published), place, online);
  const ring: KeyRing = {
    base,
    keys: settings.keys,
    ask: () => Promise.reject(new TypeError('no passphrase')),
  };
  return { party: parsePartyId(party), code: parseManufacturerCode(code), role, ring, signers };
}

/** The Panel's next list. */
export async function importRows(
  { place, held, online }: Scene,
  rows: readonly CplEntry[],
  date: string,
): Promise<void> {
  const published = await loadState(place);
  const source = { name: `cpl-${date}.csv`, octets: new TextEncoder().encode(date), date };
  const { change } = await planCplImport(published, rows, source, NOW);
  await apply(await signed(change, held.cpl, published), place, online);
}

export interface ImageOptions {
  readonly code?: string;
  readonly firmware?: number;
  readonly hardware?: readonly [number, number];
  readonly imageType?: number;
}

/** An image in library form; the text makes its body. */
export function imageOf(
  text: string,
  { code = 'FFF1', firmware = 0x01000203, hardware = [0x0100, 0x01ff], imageType = 0 }: ImageOptions = {},
): OtaImage {
  const body = new TextEncoder().encode(text.repeat(20));
  const header = {
    headerVersion: 0x0100,
    headerLength: 60,
    fieldControl: 4,
    manufacturerCode: Number.parseInt(code, 16),
    imageType,
    fileVersion: firmware,
    stackVersion: 2,
    headerStringHex: '45'.repeat(32),
    totalImageSize: 60 + body.length,
    minHardwareVersion: hardware[0],
    maxHardwareVersion: hardware[1],
    securityCredentialVersion: null,
    upgradeFileDestination: null,
  };
  return decodeImage(encodeImage({ header, body }));
}

/** A row of the CPL for the image; Active, an ESME of model 0A01, unless told otherwise. */
export async function rowFor(
  id: string,
  image: OtaImage,
  changes: Partial<CplEntry> & { waits?: true } = {},
): Promise<CplEntry> {
  const { waits, ...rest } = changes;
  return {
    entry: parseEntryId(id),
    deviceType: 'ESME',
    manufacturerId: manufacturerCodeOf(image.header.manufacturerCode),
    modelId: parseModelId('0A01'),
    hardwareVersion: hardwareVersionOf(0x0102),
    firmwareVersion: firmwareVersionOf(image.header.fileVersion),
    smetsVersion: '5.1',
    gbcsVersion: '4.2',
    status: 'Active',
    upgradeableFrom: 'N/A',
    smets1: false,
    certificates: [],
    ...(waits ? {} : { imageHash: await manufacturerImageHash(image, 'whole') }),
    ...rest,
  };
}

/** What `release.json` and `notes.md` would say, filled in. */
export async function draftOf(
  maker: Maker,
  image: OtaImage,
  rows: readonly CplEntry[],
  changes: Partial<StatementForm> = {},
): Promise<Draft> {
  const notes = new TextEncoder().encode(NOTES);
  const form: StatementForm = {
    number: 1,
    originator: maker.party,
    deviceType: 'ESME',
    claims: rows.map(({ entry, modelId, hardwareVersion, firmwareVersion }) => ({
      entry,
      model: modelId,
      hardwareVersion,
      firmwareVersion,
    })),
    class: 'fix',
    upgradesFrom: 'any',
    supersedes: [],
    acknowledged: [],
    contact: { mailbox: 'firmware@maker.example' },
    created: '2026-11-20T08:00:00Z',
    notes: await sha256(notes),
    ...changes,
  };
  return {
    code: maker.code,
    release: await releaseIdOf(encodeImage(image)),
    statement: await statementFor(image, form),
    image,
    notes,
  };
}

/** Into the inbox, without the dry run. */
export async function submitTo(
  { place }: Scene,
  maker: Maker,
  draft: Draft,
  published?: Published,
): Promise<Submitted> {
  return submitUnchecked(draft, inbox(place), {
    published: published ?? (await loadState(place)),
    ring: maker.ring,
    now: NOW,
  });
}

export function inbox(place: Place) {
  return below(place, 'inbox');
}

/** A folder of the operator's private files, as a submitter sees it. */
export function below({ private: files }: Place, box: string) {
  return {
    read: (path: string) => files.read(`${box}/${path}`),
    writeNew: (path: string, octets: Uint8Array) => files.writeNew(`${box}/${path}`, octets),
    replace: (path: string, octets: Uint8Array) => files.replace(`${box}/${path}`, octets),
    list: (path: string) => files.list(path === '' ? box : `${box}/${path}`),
    remove: (path: string) => files.remove(`${box}/${path}`),
  };
}

export function runIntake({ place, online }: Scene, at: Place = place): Promise<IntakeReport> {
  return intake({ place: at, online, gateway, now: NOW });
}

/** `fff1-… accepted`, `fff1-… refused ROLE_FILE`: outcomes with the codes that decided. */
export function outcomes({ results }: IntakeReport): string[] {
  return results.map(({ outcome, answer }) => {
    const codes = (answer?.findings ?? [])
      .filter(({ severity }) => severity !== 'record')
      .map(({ code }) => code);
    return [outcome, ...new Set(codes)].join(' ');
  });
}
