// An honest submission that every rule accepts. Each test spoils one thing of it.

import {
  type Facts,
  type ImageFacts,
  imageFacts,
  notesFacts,
  type RoleDifference,
  type RoleFileFact,
} from '../../src/admission/index.ts';
import {
  type CatalogueRelease,
  type CplEntry,
  decodeImage,
  type EntryId,
  findParty,
  type OtaHeader,
  parseEntryId,
  parseFirmwareVersion,
  parseHardwareVersion,
  parseImageHash,
  parseManufacturerCode,
  parseModelId,
  parseReleaseId,
  type ReleasePredicate,
  type Statement,
  statementFor,
} from '../../src/firmware/index.ts';
import { imageOf, octets } from '../firmware/synthetic.ts';
import { CATALOGUE, CPL_SHARD, REGISTER, STATEMENT } from '../firmware/values.ts';

export const FFF1 = parseManufacturerCode('FFF1');
export const FFF2 = parseManufacturerCode('FFF2');
export const OTHER_HASH = parseImageHash('99'.repeat(32));
const NOTES = new TextEncoder().encode('# ESME 0A01\n## Before you deploy\nRestarts the meter once\n');

export interface Changes {
  readonly header?: Partial<OtaHeader>;
  readonly body?: Uint8Array;
  /** Of the statement, after it was made from the image. */
  readonly predicate?: Partial<ReleasePredicate>;
  readonly statement?: (statement: Statement) => Statement;
  /** Of each claimed entry. */
  readonly entry?: Partial<CplEntry>;
  readonly role?: Partial<RoleDifference>;
  readonly published?: readonly CatalogueRelease[];
  readonly facts?: Partial<Facts>;
}

/** The honest facts, with these changes and everything else still fitting. */
export async function factsWith(changes: Changes = {}): Promise<Facts> {
  const file = imageOf(changes.body ?? octets(300), changes.header);
  const image = await readable(file);
  const statement = await statementOf(file, changes);
  const { code } = statement.predicate;
  const notes = await notesFacts(NOTES);
  const party = findParty(REGISTER, statement.predicate.originator);
  if (party === undefined) throw new Error('the party is not in the register');
  return {
    now: '2026-11-20T09:00:00Z',
    submitted: { code, release: image.release },
    statement,
    evidence: { verified: true, keyId: 'aa'.repeat(32) },
    image,
    notes,
    party,
    library: { sizeLimit: 750_000 },
    cpl: { snapshot: 2, entries: entriesOf(image, changes) },
    published: changes.published ?? [],
    role: { ...ROLE, ...changes.role },
    ...changes.facts,
  };
}

async function readable(file: Uint8Array): Promise<ImageFacts> {
  const image = await imageFacts(file);
  if ('unread' in image) throw new Error(image.unread);
  return image;
}

async function statementOf(file: Uint8Array, changes: Changes): Promise<Statement> {
  const { code: _code, header: _header, ...form } = STATEMENT.predicate;
  const digest = (await notesFacts(NOTES)).text?.sha256;
  if (digest === undefined) throw new Error('the notes have no digest');
  // A dishonest manufacturer may well sign a size that counts the trailer
  const image = { ...decodeImage(file), awaitsTrailer: false };
  const claims = ['0102', '0110'].map((hardware, i) => ({
    entry: parseEntryId(`CPL-00041${2 + i}`),
    model: parseModelId('0A01'),
    hardwareVersion: parseHardwareVersion(hardware),
    firmwareVersion: parseFirmwareVersion('01000203'),
  }));
  const made = await statementFor(image, { ...form, acknowledged: [], claims, notes: digest });
  const changed = { ...made, predicate: { ...made.predicate, ...changes.predicate } };
  return changes.statement?.(changed) ?? changed;
}

function entriesOf(image: ImageFacts, changes: Changes): ReadonlyMap<EntryId, CplEntry> {
  return new Map(
    CPL_SHARD.entries.map((entry, i) => {
      const hardwareVersion = parseHardwareVersion(i === 0 ? '0102' : '0110');
      const active = { ...entry, status: 'Active', hardwareVersion, imageHash: image.hash } as const;
      return [entry.entry, { ...active, ...changes.entry }];
    }),
  );
}

const ROLE: RoleDifference = {
  role: 'm-fff1',
  files: [{ name: 'm-fff1', version: 7, base: 6, current: 6, octets: 20_000, signed: true }],
  bins: { found: 1, expected: 1 },
  foreign: [],
  lacking: [],
  removed: [],
  changed: [],
  misplaced: [],
  delegationsChanged: false,
};

/** The honest role with its one file changed. */
export function fileWith(changes: Partial<RoleFileFact>): Pick<RoleDifference, 'files'> {
  return { files: ROLE.files.map((file) => ({ ...file, ...changes })) };
}

/** A release that is in the library already: of the same model, with other octets and the same range. */
export function publishedRelease(changes: Partial<CatalogueRelease> = {}): CatalogueRelease {
  const [release] = CATALOGUE.releases;
  if (release === undefined) throw new Error('no release');
  return { ...release, release: parseReleaseId('77'.repeat(32)), imageHash: OTHER_HASH, ...changes };
}
