// What did the manufacturer say of a release, and did the manufacturer say it?
//
// Rules
// - The image and the newest statement stand in the role of the manufacturer code, `m-fff1` or a bin of it,
//   reached from `targets` and from nowhere else.
// - The code belongs to one party of the register. The statement is signed under a certificate that the
//   register gave this party for releases, at the time of its stamp.
// - The statement names this party, this code, this number, and this very release as its first subject.
// - The snapshot lists the hash of that role file: without it the library accepted a number, and no octets.
// - The row of the catalogue, by which the release was found, says of hash and entries what the statement
//   says: else whoever holds the catalogue's key chooses which release a user gets who named a CPL entry.

import { sha256 } from '../encoding/index.ts';
import { certificateOfBundle, type Evidence, verifyBundle } from '../evidence/index.ts';
import {
  type ImageHash,
  imagePath,
  type ManufacturerCode,
  manufacturerCodeOf,
  notesPath,
  ownerOf,
  type Party,
  parseReleasePath,
  parseStatement,
  type ReleaseId,
  type StatedDigests,
  type Statement,
  statedDigests,
  statementPath,
} from '../firmware/index.ts';
import type { FoundTarget } from '../tuf/index.ts';
import type { Acceptance } from './acceptance.ts';
import { LibraryError } from './errors.ts';
import { type Library, type ListedRelease, parseSigned } from './library.ts';
import { verifyRegistered } from './parties.ts';
import type { Decrypted, ReadAccess } from './read-access.ts';
import { loadTrust, trustSource } from './trust.ts';

export interface VerifiedStatement {
  readonly release: ReleaseId;
  readonly code: ManufacturerCode;
  readonly statement: Statement;
  readonly digests: StatedDigests;
  readonly imageHash: ImageHash;
  /** The owner of the manufacturer code. */
  readonly party: Party;
  /** Under which certificate it was signed, and when. */
  readonly evidence: Omit<Evidence, 'statement'>;
  /** The gate's record of this statement. */
  readonly acceptance: Acceptance;
  readonly bundle: { readonly path: string; readonly octets: Uint8Array };
  /** Where they stand, sealed; the octets are not read yet. Of the notes the newest first. */
  readonly image: FoundTarget;
  readonly notes: readonly FoundTarget[];
}

export async function readStatement(library: Library, row: ListedRelease): Promise<VerifiedStatement> {
  const { release, code } = row;
  const image = await findInRole(library, imagePath(code, release), code);
  await expectAccepted(library, image);
  const party = ownerOf(await library.register(), code);
  if (party === undefined) {
    throw new LibraryError(
      'WRONG_PARTY',
      `Cannot use ${short(release)}: no party of the register owns the manufacturer code ${code}`,
      {
        found: 'nobody',
        expected: code,
        hint: 'Do not use it; tell the operator',
      },
    );
  }
  const number = newestStatement(image, release);
  const path = statementPath(code, release, number);
  const octets = await library.read(await findInRole(library, path, code, image));
  const acceptance = await library.acceptance(release, number);
  const trust = await loadTrust(trustSource(library), certificateOfBundle(octets));
  const proven = await verifyBundle(octets, trust, { at: 'reader' });
  verifyRegistered(party, proven, { purpose: 'release' });
  const { statement: payload, ...evidence } = proven;
  const statement = parseSigned(path, payload, parseStatement);
  const digests = statedDigests(statement);
  const { predicate } = statement;
  expectSame(`the record of acceptance of ${short(release)}`, [
    ['the release', acceptance.release, release],
    ['the manufacturer code', acceptance.code, code],
    ['the party', acceptance.originator, party.id],
    ['the number', acceptance.number, number],
  ]);
  expectSame(`the statement about ${short(release)}`, [
    ['the release', digests.otaImage, release],
    ['the manufacturer code', predicate.code, code],
    ['the manufacturer code of the header', manufacturerCodeOf(predicate.header.manufacturerCode), code],
    ['the party', predicate.originator, party.id],
    ['its number', predicate.number, number],
  ]);
  expectCatalogued(row, statement, digests);
  return {
    release,
    code,
    statement,
    digests,
    imageHash: digests.manufacturerImage,
    party,
    evidence,
    acceptance,
    bundle: { path, octets },
    image,
    notes: await findNotes(library, { release, code, number, image }),
  };
}

/** The first 12 digits, as tables show them. */
export function short(release: string): string {
  return release.slice(0, 12);
}

/** `beside`: a target that must stand in the same role. */
async function findInRole(
  library: Library,
  path: string,
  code: ManufacturerCode,
  beside?: FoundTarget,
): Promise<FoundTarget> {
  const found = await library.find(path);
  if (found === undefined) {
    throw new LibraryError('INCOMPLETE', `Cannot use ${path}: the manufacturer's role does not list it`, {
      hint: 'The library is not whole; tell the operator',
    });
  }
  const role = `m-${code.toLowerCase()}`;
  const [first, second, ...bins] = [...found.by, found.role];
  const isBin = (name: string) => name.startsWith(`${role}-`) && /^\d+$/.test(name.slice(role.length + 1));
  const isOwn = first === 'targets' && second === role && bins.every(isBin);
  if (isOwn && (beside === undefined || beside.role === found.role)) return found;
  const way = [...found.by, found.role].join(' → ');
  const expected = beside === undefined ? `targets → ${role}` : [...beside.by, beside.role].join(' → ');
  throw new LibraryError(
    'WRONG_ROLE',
    `Cannot accept ${path}: it is signed by ${way}, expected ${expected}`,
    {
      found: way,
      expected,
      hint: 'Somebody else than its manufacturer published it. Do not use it; tell the operator',
    },
  );
}

async function expectAccepted(library: Library, { role }: FoundTarget): Promise<void> {
  const { snapshot } = await library.refresh();
  if (snapshot.signed.meta.get(role)?.hashes.has('sha256')) return;
  throw new LibraryError(
    'NOT_ACCEPTED',
    `Cannot use the role ${role}: snapshot version ${snapshot.signed.version} lists ${role} without a SHA-256`,
    {
      found: 'a version alone',
      expected: 'the SHA-256 of the role file',
      hint: 'The library has accepted no octets of it. Do not use it; tell the operator',
    },
  );
}

function expectCatalogued(row: ListedRelease, { predicate }: Statement, digests: StatedDigests): void {
  const entries = (all: readonly string[]) => all.toSorted().join(', ');
  const signed = predicate.claims.map(({ entry }) => entry);
  for (const [what, found, expected] of [
    ['the manufacturer image hash is', row.imageHash, digests.manufacturerImage],
    ['the entries are', entries(row.entries), entries(signed)],
  ] as const) {
    if (found === expected) continue;
    throw new LibraryError(
      'WRONG_CATALOGUE',
      `Cannot accept the catalogue's row of ${short(row.release)}: ${what} ${found}, the manufacturer signed ${expected}`,
      {
        found,
        expected,
        hint: 'The catalogue may lead to another release than you named; tell the operator',
      },
    );
  }
}

/** By the signed list of the manufacturer, so that nobody can hide the newest. */
function newestStatement(image: FoundTarget, release: ReleaseId): number {
  const newest = numbered(image, 'statement', release).at(-1);
  if (newest !== undefined) return newest.number;
  throw new LibraryError(
    'INCOMPLETE',
    `Cannot use ${short(release)}: its manufacturer's role lists no statement about it`,
    {
      hint: 'Do not use it; tell the operator',
    },
  );
}

function expectSame(
  document: string,
  members: readonly (readonly [string, string | number, string | number])[],
): void {
  for (const [what, found, expected] of members) {
    if (found === expected) continue;
    throw new LibraryError(
      'WRONG_STATEMENT',
      `Cannot accept ${document}: ${what} is ${found}, expected ${expected}`,
      {
        found,
        expected,
        hint: 'It was signed for something else. Do not use it; tell the operator and the manufacturer',
      },
    );
  }
}

interface NotesOf {
  readonly release: ReleaseId;
  readonly code: ManufacturerCode;
  readonly number: number;
  readonly image: FoundTarget;
}

/** Those up to the statement's number: a later statement may leave the notes as they were. */
async function findNotes(
  library: Library,
  { release, code, number, image }: NotesOf,
): Promise<readonly FoundTarget[]> {
  const named = numbered(image, 'notes', release).filter((notes) => notes.number <= number);
  if (named.length > 0)
    return Promise.all(
      named
        .toReversed()
        .map((notes) => findInRole(library, notesPath(code, release, notes.number), code, image)),
    );
  throw new LibraryError(
    'INCOMPLETE',
    `Cannot use ${short(release)}: its manufacturer's role lists no notes with its statement`,
    { hint: 'Do not use it; tell the operator' },
  );
}

/** What the role that lists the image lists of one kind about its release, lowest number first. */
function numbered(image: FoundTarget, kind: 'statement' | 'notes', release: ReleaseId) {
  return [...image.document.signed.targets.keys()]
    .filter((path) => path.includes(release))
    .flatMap((path) => {
      const file = parseReleasePath(path);
      return file?.kind === kind && file.release === release ? [{ path, number: file.number }] : [];
    })
    .sort((a, b) => a.number - b.number);
}

/** The newest that the statement names; only plaintext tells which ones these are. */
export async function readNotes(
  library: Library,
  { release, notes, digests }: VerifiedStatement,
  access: ReadAccess,
): Promise<Decrypted> {
  let found = '';
  for (const one of notes) {
    const what = `the notes of ${short(release)}`;
    const decrypted = await access.decrypt(await library.read(one), 'notes', what);
    found = await sha256(decrypted.plaintext);
    if (found === digests.notes) return decrypted;
  }
  throw new LibraryError(
    'WRONG_NOTES',
    `Cannot accept the notes of ${short(release)}: their SHA-256 is ${found}, expected ${digests.notes}`,
    {
      found,
      expected: digests.notes,
      hint: 'Do not use it; tell the operator and the manufacturer',
    },
  );
}
