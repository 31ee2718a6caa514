// An honest submission that every rule accepts. Each test spoils one thing of it.

import {
  type EvidenceFact,
  type Facts,
  type ImageFacts,
  imageFacts,
  notesFacts,
  type PartyFact,
  type RoleDifference,
  type RoleFileFact,
} from '../../src/admission/index.ts';
import { parseSha256 } from '../../src/encoding/index.ts';
import {
  type CatalogueRelease,
  type CplEntry,
  decodeImage,
  type EntryId,
  imageTypeOf,
  type OtaHeader,
  parseEntryId,
  parseFirmwareVersion,
  parseHardwareVersion,
  parseImageHash,
  parseManufacturerCode,
  parseModelId,
  parsePartyId,
  parseReleaseId,
  type ReleasePredicate,
  type Slice,
  type Statement,
  statementFor,
} from '../../src/firmware/index.ts';
import { imageOf, octets } from '../firmware/synthetic.ts';
import { CATALOGUE, CPL_SHARD, STATEMENT } from '../firmware/values.ts';

export const FFF1 = parseManufacturerCode('FFF1');
export const FFF2 = parseManufacturerCode('FFF2');
export const OTHER_HASH = parseImageHash('99'.repeat(32));
/** The lines of notes that are finished. */
export const NOTES_LINES: readonly string[] = [
  '---',
  'salt: 5f0c9a7be1d24386f2b8470dc3916ea85d17e4b96203fac8719e0b6dd2453c8f',
  'fixes: EXM-2026-014',
  'severity: medium',
  'embargo: none',
  '---',
  '# ESME 0A01 firmware 01000203',
  '## During activation',
  'Restarts the meter once; the supply is not interrupted',
  '## Order and prerequisites',
  'Nothing has to come first',
  '## How to go back',
  'There is no way back',
  '## What is new',
  'Mends the clock after a long outage',
  '## Known issues',
  'None is known',
  '## Test evidence',
  'Tested as report 7 of the test house says',
  '',
];
const NOTES = new TextEncoder().encode(NOTES_LINES.join('\n'));
/** SHA-256 of the certificate that the register gives Example Meters for releases. */
export const CERTIFICATE = parseSha256('aa'.repeat(32));

type Proven = Extract<EvidenceFact, { readonly ok: true }>;

export interface Changes {
  readonly header?: Partial<OtaHeader>;
  readonly body?: Uint8Array;
  /** Of the statement, after it was made from the image. */
  readonly predicate?: Partial<ReleasePredicate>;
  readonly statement?: (statement: Statement) => Statement;
  /** Of each claimed entry. */
  readonly entry?: Partial<CplEntry>;
  /** Of what the bundle's verification proved. */
  readonly evidence?: Partial<Proven>;
  /** Of the originator's entry in the register. */
  readonly party?: Partial<PartyFact>;
  readonly role?: Partial<RoleDifference>;
  readonly published?: readonly CatalogueRelease[];
  readonly facts?: Partial<Facts>;
}

/** The honest facts, with these changes and everything else still fitting. */
export async function factsWith(changes: Changes = {}): Promise<Facts> {
  const file = imageOf(changes.body ?? octets(300), changes.header);
  const slices = changes.predicate?.slices;
  const image = await readable(file, slices);
  const statement = await statementOf(file, changes);
  return {
    now: '2026-11-20T09:00:00Z',
    received: '2026-11-20T09:00:00Z',
    submitted: { code: statement.predicate.code, release: image.release },
    statement,
    evidence: { ...PROVEN, ...changes.evidence },
    endorsements: [{ party: parsePartyId('sample-gas'), kind: 'supplier' }],
    image,
    seals: SEALS,
    notes: await notesFacts(NOTES),
    party: { ...METERS, ...changes.party },
    library: { sizeLimit: 750_000 },
    cpl: { snapshot: 2, newestSeen: 2, entries: entriesOf(image, changes) },
    published: changes.published ?? [],
    together: [],
    role: { ...ROLE, ...changes.role },
    released: [],
    ...changes.facts,
  };
}

const SEALS: Facts['seals'] = (['image', 'notes'] as const).map((file) => ({
  file,
  fault: undefined,
  epoch: 2,
  current: 2,
}));

const PROVEN: Proven = {
  ok: true,
  certificate: CERTIFICATE,
  serial: '021F',
  issuer: 'Example Issuing CA',
  subject: 'Example Meters firmware',
  stampedAt: '2026-11-18T10:02:11Z',
  authority: 'Example Time Authority',
};

const METERS: PartyFact = {
  id: parsePartyId('example-meters'),
  name: 'Example Meters',
  kinds: ['manufacturer'],
  codes: [FFF1],
  certificates: [
    {
      sha256: CERTIFICATE,
      purposes: ['release'],
      from: '2026-01-01T00:00:00Z',
      until: '2029-01-01T00:00:00Z',
    },
  ],
};

async function readable(file: Uint8Array, slices: readonly Slice[] = []): Promise<ImageFacts> {
  const image = await imageFacts(file, slices);
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

/** The two that are claimed, and the one from which they are upgradeable. */
function entriesOf(image: ImageFacts, changes: Changes): ReadonlyMap<EntryId, CplEntry> {
  const [first] = CPL_SHARD.entries;
  if (first === undefined) throw new Error('no entry');
  const former: CplEntry = {
    ...first,
    entry: parseEntryId('CPL-000402'),
    firmwareVersion: parseFirmwareVersion('01000201'),
    status: 'Expired',
    upgradeableFrom: 'N/A',
  };
  const claimed = CPL_SHARD.entries.map((entry, i): CplEntry => {
    const hardwareVersion = parseHardwareVersion(i === 0 ? '0102' : '0110');
    const active = { status: 'Active', smets1: false, hardwareVersion, imageHash: image.hash } as const;
    return { ...entry, ...active, ...changes.entry };
  });
  return new Map([former, ...claimed].map((entry) => [entry.entry, entry]));
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

/** A release that is in the library already: of the same model and range, with other octets and image type. */
export function publishedRelease(changes: Partial<CatalogueRelease> = {}): CatalogueRelease {
  const [release] = CATALOGUE.releases;
  if (release === undefined) throw new Error('no release');
  const other = {
    release: parseReleaseId('77'.repeat(32)),
    imageHash: OTHER_HASH,
    imageType: imageTypeOf(9),
  };
  return { ...release, ...other, ...changes };
}
