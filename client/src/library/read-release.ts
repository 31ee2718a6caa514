// May this release be used, and are these its octets? Everything is verified again, and each check is said.
//
//   manufacturer  its role lists image and statement, and the snapshot lists the role: the acceptance
//   state         not withdrawn; an entry that it claims is Active, with this hash, in the newest CPL
//   statement     signed by the manufacturer, about this release
//   decrypted     with a key that the reader's ring holds
//   image         its SHA-256 is its name, and its manufacturer image has the hash of statement and CPL
//   header        every field as the manufacturer signed it
//
// A superseded release may be used: an upgrade in two steps needs it. A suspended one may not. A withdrawn
// one only where the caller says so. Notes are read by those who may: without them the image is good all the same.

import { type AccessCode, AccessError, READ_KEY_USES } from '../access/index.ts';
import { parseDate } from '../encoding/index.ts';
import {
  decodeImage,
  headerDifferences,
  manufacturerImageHash,
  OtaError,
  type OtaImage,
  referenceFileName,
  releaseIdOf,
  STATED_HEADER_FIELDS,
  type StateWithReason,
} from '../firmware/index.ts';
import { LibraryError } from './errors.ts';
import type { CplView, Library, ListedRelease } from './library.ts';
import type { Decrypted, ReadAccess } from './read-access.ts';
import { readNotes, readStatement, short, type VerifiedStatement } from './read-statement.ts';

export interface Check {
  readonly what: string;
  readonly text: string;
  /** Passed, but a person should look. */
  readonly warns?: true;
}

export interface ReadOptions {
  readonly withdrawn: 'refuse' | 'read';
  /** Asked once everything that is public was verified: it may ask a person for a passphrase. */
  readonly access: () => Promise<ReadAccess>;
  readonly onCheck?: (check: Check) => void;
}

export interface VerifiedRelease {
  readonly about: VerifiedStatement;
  readonly state: StateWithReason;
  readonly cpl: CplView;
  readonly image: OtaImage;
  readonly octets: Uint8Array;
  readonly notes: Uint8Array | LeftOut;
  readonly fileName: string;
  readonly checks: readonly Check[];
}

/** Notes that this reader may not read, and why. */
export interface LeftOut {
  readonly leftOut: string;
}

/** Days after which a snapshot of the Central Products List is called old. */
const OLD_CPL = 30;

export async function readRelease(
  library: Library,
  listed: ListedRelease,
  { withdrawn, access: openAccess, onCheck }: ReadOptions,
): Promise<VerifiedRelease> {
  const { checks, say } = gathering(onCheck);
  const { about, state, cpl } = await readOpenPart(library, listed, withdrawn, say);
  const access = await openAccess();
  for (const check of grantChecks(access)) say(check);
  const { plaintext: octets, epoch } = await access.decrypt(
    await library.read(about.image),
    'images',
    `the image of ${short(about.release)}`,
  );
  say({ what: 'decrypted', text: `images key, epoch ${epoch}` });
  const image = await readImage(octets, about, state, say);
  const notes = await notesOrReason(library, about, access);
  if (!('leftOut' in notes))
    say({ what: 'notes', text: `notes key, epoch ${notes.epoch}; as the manufacturer signed them` });
  return {
    about,
    state,
    cpl,
    image,
    octets,
    notes: 'leftOut' in notes ? notes : notes.plaintext,
    fileName: referenceFileName(image.header, about.imageHash),
    checks,
  };
}

type Say = (check: Check) => void;

export function gathering(onCheck: Say | undefined): {
  readonly checks: readonly Check[];
  readonly say: Say;
} {
  const checks: Check[] = [];
  const say = (check: Check) => {
    checks.push(check);
    onCheck?.(check);
  };
  return { checks, say };
}

/** What can be said of a release without any of its plaintext. */
export interface OpenPart {
  readonly about: VerifiedStatement;
  readonly state: StateWithReason;
  readonly cpl: CplView;
}

export async function readOpenPart(
  library: Library,
  listed: ListedRelease,
  withdrawn: ReadOptions['withdrawn'],
  say: Say,
): Promise<OpenPart> {
  const rows = await library.withSuccessors(listed);
  // Before the statement, which a withdrawn release may no longer have; the catalogue may not list the release
  const catalogued = (await library.states(listed.code, rows)).get(listed.release);
  if (withdrawn === 'refuse' && catalogued?.state === 'withdrawn')
    throw isWithdrawn(listed, catalogued, rows);
  const about = await readStatement(library, listed);
  say(await manufacturerCheck(library, about));
  const state = await stateOf(library, about, rows);
  if (withdrawn === 'refuse' && state.state === 'withdrawn') throw isWithdrawn(listed, state, rows);
  if (state.state === 'suspended') throw isSuspended(about, state);
  const cpl = await library.cpl(listed.code);
  for (const check of stateChecks(library, state, cpl)) say(check);
  say({ what: 'statement', text: `${about.party.name}, ${about.statement.predicate.created.slice(0, 10)}` });
  return { about, state, cpl };
}

/** The plaintext against what was signed. */
export async function readImage(
  octets: Uint8Array,
  about: VerifiedStatement,
  state: StateWithReason,
  say: Say,
): Promise<OtaImage> {
  const image = await verifyImage(octets, about);
  say({
    what: 'image',
    text:
      state.state === 'withdrawn'
        ? 'its SHA-256 is the one in the statement'
        : "its SHA-256 is the CPL's hash",
  });
  verifyHeader(image, about);
  say({
    what: 'header',
    text: `${STATED_HEADER_FIELDS.length} of ${STATED_HEADER_FIELDS.length} fields as the manufacturer signed them`,
  });
  return image;
}

/** Who may not read notes gets the image alone; whatever else is wrong with them is refused. */
async function notesOrReason(
  library: Library,
  about: VerifiedStatement,
  access: ReadAccess,
): Promise<Decrypted | LeftOut> {
  try {
    return await readNotes(library, about, access);
  } catch (error) {
    if (error instanceof AccessError && WITHOUT_GRANT.has(error.code)) return { leftOut: error.message };
    throw error;
  }
}

const WITHOUT_GRANT: ReadonlySet<AccessCode> = new Set(['NO_GRANT', 'GRANT_REVOKED', 'ROLE_LAPSED']);

export function grantChecks({ holder, state }: ReadAccess): readonly Check[] {
  if (!READ_KEY_USES.some((use) => state(use).state === 'lapsing')) return [];
  const text = `no User Role IS or GS of ${holder} is current; send the registrar dated evidence, its grants end at the next renewal`;
  return [{ what: 'access', text, warns: true }];
}

/** From what the manufacturer signed, where the catalogue only repeats it. */
export async function stateOf(
  library: Library,
  about: VerifiedStatement,
  rows: readonly ListedRelease[],
): Promise<StateWithReason> {
  const { release, code, imageHash, statement } = about;
  const { claims, supersedes } = statement.predicate;
  const stated = { release, code, imageHash, supersedes, entries: claims.map(({ entry }) => entry) };
  const others = rows.filter((row) => row.release !== release);
  const state = (await library.states(code, [stated, ...others])).get(release);
  if (state === undefined) throw new TypeError(`Cannot derive a state for ${release}`);
  return state;
}

async function manufacturerCheck(library: Library, { image, party }: VerifiedStatement): Promise<Check> {
  const { snapshot } = await library.refresh();
  const { version } = image.document.signed;
  return {
    what: 'manufacturer',
    text: `role ${image.role} version ${version}, signed by ${party.name}, listed in snapshot ${snapshot.signed.version}`,
  };
}

function stateChecks(library: Library, { state, reason }: StateWithReason, { index }: CplView): Check[] {
  if (state === 'withdrawn')
    return [{ what: 'state', text: `${reason}; read because it was asked for`, warns: true }];
  const snapshot = `snapshot ${index?.snapshot ?? 0}`;
  const text =
    state === 'current'
      ? `current; ${reason} in ${snapshot}`
      : `${reason}; a CPL entry is Active in ${snapshot}`;
  const days =
    index === undefined
      ? 0
      : Math.floor((library.now.getTime() - parseDate(index.date).getTime()) / 86_400_000);
  if (days <= OLD_CPL) return [{ what: 'state', text }];
  const old = `snapshot ${index?.snapshot} is ${days} days old, expected ${OLD_CPL} at most; ask the operator for a newer one`;
  return [
    { what: 'state', text },
    { what: 'CPL', text: old, warns: true },
  ];
}

function isWithdrawn(
  { release }: ListedRelease,
  { reason }: StateWithReason,
  rows: readonly ListedRelease[],
): LibraryError {
  const successors = rows
    .filter(({ supersedes }) => supersedes.includes(release))
    .map((row) => short(row.release));
  const instead =
    successors.length === 0 ? 'Nothing replaces it yet.' : `It is replaced by ${successors.join(' and ')}.`;
  return new LibraryError('WITHDRAWN', `Cannot fetch ${short(release)}: ${reason}`, {
    hint: `${instead} To fetch it all the same: --withdrawn`,
  });
}

function isSuspended({ release, statement }: VerifiedStatement, { reason }: StateWithReason): LibraryError {
  return new LibraryError('SUSPENDED', `Cannot fetch ${short(release)}: suspended, ${reason}`, {
    found: reason,
    expected: 'an Active CPL entry with its hash',
    hint: `It may not be used until the CPL carries it again. Ask ${statement.predicate.contact.mailbox}`,
  });
}

async function verifyImage(octets: Uint8Array, { release, digests }: VerifiedStatement): Promise<OtaImage> {
  const id = await releaseIdOf(octets);
  if (id !== release) throw wrongImage(release, `its SHA-256 is ${id}`, { found: id, expected: release });
  const image = decoded(octets, release);
  if (image.awaitsTrailer) {
    throw wrongImage(
      release,
      "its size counts a supplier's trailer that is not there, expected the library form",
      { found: 'another size', expected: 'its length' },
    );
  }
  const found = await manufacturerImageHash(image, 'whole');
  const expected = digests.manufacturerImage;
  if (found !== expected)
    throw wrongImage(
      release,
      `its manufacturer image has the SHA-256 ${found}, the manufacturer signed ${expected}`,
      { found, expected },
    );
  return image;
}

function decoded(octets: Uint8Array, release: string): OtaImage {
  try {
    return decodeImage(octets);
  } catch (cause) {
    if (!(cause instanceof OtaError)) throw cause;
    throw wrongImage(release, cause.message, { found: cause.found, expected: cause.expected, cause });
  }
}

function wrongImage(
  release: string,
  reason: string,
  detail: { found: string; expected: string; cause?: unknown },
): LibraryError {
  return new LibraryError('WRONG_IMAGE', `Cannot accept the image of ${short(release)}: ${reason}`, {
    ...detail,
    hint: 'Do not use it; tell the operator and the manufacturer',
  });
}

function verifyHeader(image: OtaImage, { release, statement }: VerifiedStatement): void {
  const [first, ...others] = headerDifferences(statement.predicate.header, image.header);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `, and ${others.length} more fields differ`;
  throw new LibraryError(
    'WRONG_HEADER',
    `Cannot accept the header of ${short(release)}: ${first.field} is ${first.found}, the manufacturer signed ${first.expected}${more}`,
    {
      found: first.found ?? 'nothing',
      expected: first.expected ?? 'nothing',
      hint: 'Somebody may have changed which meters take the image. Do not use it; tell the operator and the manufacturer',
    },
  );
}
