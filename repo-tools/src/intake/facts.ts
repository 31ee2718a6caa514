// What does intake know about a submission? Everything that its decision rests on, computed from the
// submitted files and the published library.
//
// A manufacturer's dry run gathers the same facts in the same way. Two things it cannot have yet, the
// signature of the statement and those of the role file, so it says how it would come by them.

import {
  type Facts,
  imageFacts,
  type NotesFacts,
  notesFacts,
  type ReleasedHold,
  type ReleaseIdentity,
  type RoleDifference,
} from '@cfl/client/admission';
import { canonicalText, encodeDate, equalOctets, type JsonObject, parseJson } from '@cfl/client/encoding';
import type { SigningCertificate } from '@cfl/client/evidence';
import {
  type CatalogueRelease,
  type EndorsementPlace,
  findParty,
  firmwareVersionOf,
  hardwareVersionOf,
  imagePath,
  imageTypeOf,
  type ManufacturerCode,
  parseReleasePath,
  parseStatement,
  type ReleaseId,
  type Statement,
  statedDigests,
  statementPath,
} from '@cfl/client/firmware';
import {
  type Authority,
  type Document,
  encodeDocument,
  type RoleName,
  type TargetPath,
  type Targets,
  verifyThreshold,
} from '@cfl/client/tuf';
import { type CurrentKeys, currentKeys, type Opener, readSeal, type SealReading } from '../access/sealing.ts';
import { manufacturerRole } from '../ceremony/roles.ts';
import { authorityOf, familyOf } from '../change/bins.ts';
import { ChangeError } from '../change/errors.ts';
import { periodOf } from '../change/plan.ts';
import type { Published } from '../deploy/state.ts';
import { endorsementsOf, factsFrom } from '../endorsement/gather.ts';
import { draftFacts, statementFacts } from './evidence.ts';
import { type LibraryReading, publishedReleases, readLibrary } from './library.ts';
import { roleDifference, type SubmittedRole } from './role-difference.ts';
import { payloadOf, type Submission, SubmissionError, type SubmittedRelease } from './submission.ts';

export interface FactsOptions {
  readonly now: Date;
  /** A former version of a role; undefined where the library has none of that number. */
  readonly former: (role: RoleName, version: number) => Promise<Document<Targets> | undefined>;
  /** How sealed files are read; without it, they are not. */
  readonly opener?: Opener;
  readonly dryRun?: DryRun;
  /** When the gateway first received it; `now` where that is not said. */
  readonly received?: Date;
  /** Holds that the operator lifted. */
  readonly released?: readonly ReleasedHold[];
  /** Where the endorsements of a release lie; none where that is not said. */
  readonly endorsements?: (release: ReleaseId) => Promise<readonly EndorsementPlace[]>;
}

/** What will stand in the place of signatures that are not made yet. */
export interface DryRun {
  /** The one under which the statement will be signed; else one that the register gives its originator. */
  readonly certificate?: SigningCertificate;
  /** Whether enough of the role's keys are at hand. */
  canSign(role: RoleName): boolean;
}

export interface GatheredFacts {
  readonly library: LibraryReading;
  readonly releases: readonly { readonly submitted: SubmittedRelease; readonly facts: Facts }[];
}

/** Throws SubmissionError where the submission belongs elsewhere or nothing can be decided about it. */
export async function factsOf(
  submission: Submission,
  published: Published,
  options: FactsOptions,
): Promise<GatheredFacts> {
  const { change } = submission;
  if (change.library !== published.library) {
    const found = change.library === undefined ? 'no library' : `library ${change.library.slice(0, 12)}`;
    throw new SubmissionError(
      `it was made for ${found}, this is ${published.library.slice(0, 12)}`,
      'Submit it to the library that it was made for',
    );
  }
  const keys = await keysFor(published);
  const library = await readLibrary(published);
  const roles = new Map<string, RoleDifference>();
  for (const role of new Set([...change.metadata.keys()].map(familyOf)))
    roles.set(role, await roleFact(role, submission, published, options));
  const rows = new Map<string, readonly CatalogueRelease[]>();
  for (const code of new Set(submission.releases.map((one) => one.code)))
    rows.set(code, await publishedReleases(published, code));
  const releases: Gathered[] = [];
  for (const submitted of submission.releases) {
    const role = roles.get(manufacturerRole(submitted.code));
    if (role === undefined) throw new TypeError('A submission has a role file for each of its releases');
    const { sealedTo } = change;
    const known = { published, library, keys, sealedTo, role, options, rows: rows.get(submitted.code) ?? [] };
    releases.push({ submitted, facts: await releaseFacts(submitted, known) });
  }
  return { library, releases: withNeighbours(releases) };
}

type Gathered = GatheredFacts['releases'][number];

/** Each release with those of its code in the same submission. */
function withNeighbours(releases: readonly Gathered[]): readonly Gathered[] {
  const identities = new Map<string, ReleaseIdentity[]>();
  for (const { submitted, facts } of releases) {
    const known = identities.get(submitted.code) ?? [];
    known.push(identityOf(facts));
    identities.set(submitted.code, known);
  }
  return releases.map(({ submitted, facts }) => ({
    submitted,
    facts: { ...facts, together: identities.get(submitted.code) ?? [] },
  }));
}

function identityOf({ statement, submitted }: Facts): ReleaseIdentity {
  const { header } = statement.predicate;
  return {
    release: submitted.release,
    imageHash: statedDigests(statement).manufacturerImage,
    imageType: imageTypeOf(header.imageType),
    firmwareVersion: firmwareVersionOf(header.fileVersion),
    hardware: [hardwareVersionOf(header.minHardwareVersion), hardwareVersionOf(header.maxHardwareVersion)],
  };
}

interface Known {
  readonly published: Published;
  readonly library: LibraryReading;
  readonly keys: CurrentKeys;
  readonly sealedTo: Submission['change']['sealedTo'];
  readonly role: RoleDifference;
  readonly options: FactsOptions;
  /** Every published release of the code. */
  readonly rows: readonly CatalogueRelease[];
}

async function releaseFacts(submitted: SubmittedRelease, known: Known): Promise<Facts> {
  const { published, library, role, options, rows } = known;
  const { code, release } = submitted;
  const { now, received = now, dryRun, released = [] } = options;
  const { statement, evidence } =
    dryRun === undefined
      ? await statementFacts(submitted.bundle, library.trust, received)
      : draftFacts(submitted.bundle, library.register, { now, certificate: dryRun.certificate });
  const { predicate } = statement;
  if (predicate.number !== submitted.number) {
    const reason = `the statement in the place of number ${submitted.number} says that it is number ${predicate.number}`;
    throw new SubmissionError(reason, 'Make the submission again with cfl-publish submit');
  }
  const claimed = predicate.claims.map(({ entry }) => entry);
  const { register, trust } = library;
  const places = (await options.endorsements?.(release)) ?? [];
  const gather = { published, register, trust, places };
  const seals = await readSeals(submitted, known);
  const notes = seals.notes && (await notesOf(seals.notes));
  return {
    now: encodeDate(now),
    received: encodeDate(received),
    submitted: { code, release },
    statement,
    evidence,
    endorsements: factsFrom(await endorsementsOf(submitted, submitted.bundle, gather)),
    seals: [seals.image, seals.notes].flatMap((one) => one?.fact ?? []),
    image:
      seals.image === undefined
        ? await publishedImage(statement, { code, release, published })
        : await imageOf(seals.image, predicate.slices),
    notes,
    party: findParty(library.register, predicate.originator),
    library: library.settings,
    cpl: {
      snapshot: library.cpl.snapshot,
      newestSeen: library.newestSeen,
      entries: await library.cpl.entries(claimed, code),
    },
    published: rows,
    together: [],
    role,
    released,
  };
}

interface Seals {
  readonly image: SealReading | undefined;
  readonly notes: SealReading | undefined;
}

async function readSeals(
  { image, notes }: SubmittedRelease,
  { keys, sealedTo, options: { opener = {} } }: Known,
): Promise<Seals> {
  const read = (file: 'image' | 'notes', octets: Uint8Array | undefined) => {
    const use = file === 'image' ? 'images' : 'notes';
    return octets && readSeal(file, octets, { opener, current: keys[use], stated: sealedTo?.[use] });
  };
  return { image: await read('image', image), notes: await read('notes', notes) };
}

async function imageOf(
  { plaintext }: SealReading,
  slices: Statement['predicate']['slices'],
): Promise<Facts['image']> {
  return 'unread' in plaintext ? plaintext : imageFacts(plaintext, slices);
}

async function notesOf({ plaintext, length }: SealReading): Promise<NotesFacts> {
  return 'unread' in plaintext ? { length, form: 'sealed' } : notesFacts(plaintext);
}

/**
 * Of an image that is published already. It was opened when it came, and is named by its own digest; so it is what
 * the first statement about it says. It may be sealed to an epoch that the gateway no longer has.
 */
async function publishedImage(
  { predicate }: Statement,
  { code, release, published }: { code: ManufacturerCode; release: ReleaseId; published: Published },
): Promise<Facts['image']> {
  const sealed = await published.read(imagePath(code, release));
  const bundle = await published.read(statementPath(code, release, 1));
  if (sealed === undefined || bundle === undefined) return { unread: 'it is not there' };
  const first = parseStatement(payloadOf(bundle));
  const { header, slices } = first.predicate;
  if (canonicalText(predicate.slices ?? null) !== canonicalText(slices ?? null))
    return { unread: 'it is published already, in other slices than this statement names' };
  return {
    header: { ...header, securityCredentialVersion: null, upgradeFileDestination: null },
    length: header.totalImageSize,
    release,
    hash: statedDigests(first).manufacturerImage,
    hashWithoutTrailer: undefined,
    awaitsTrailer: false,
    slices: (slices ?? []).map(({ sha256 }) => sha256),
  };
}

async function keysFor(published: Published): Promise<CurrentKeys> {
  try {
    return await currentKeys(published);
  } catch (cause) {
    if (!(cause instanceof ChangeError && cause.code === 'NO_READ_KEYS')) throw cause;
    throw new SubmissionError('the library has no read keys yet', cause.hint, cause);
  }
}

/** What no signature covers would be published all the same, and every reader would have to fetch it. */
async function refuseUnsigned(
  role: RoleName,
  document: Document<Targets>,
  authority: Authority,
): Promise<void> {
  // With too few good signatures a rule speaks of them
  const isSigned = await verifyThreshold(document, authority.role, authority.keys, role).catch(
    () => undefined,
  );
  if (isSigned === undefined) return;
  const { signed } = parseJson(document.octets) as { readonly signed: JsonObject };
  const own = document.signatures.filter(
    ({ keyId, sig }) => authority.role.keyIds.some((id) => id === keyId) && sig.length <= MOST_DIGITS,
  );
  const { octets, signatures } = document;
  if (own.length === signatures.length && equalOctets(octets, encodeDocument(signed, own))) return;
  throw new SubmissionError(
    `role ${role} holds more than what is signed: expected canonical JSON with "signed", and signatures of the role's own keys`,
    'Make the submission again with cfl-publish submit',
  );
}

/** Of a signature in hexadecimal: RSA of 8192 bits. */
const MOST_DIGITS = 2048;

const DAY = 86_400_000;

async function roleFact(
  role: RoleName,
  submission: Submission,
  published: Published,
  options: FactsOptions,
): Promise<RoleDifference> {
  const { change } = submission;
  const authority = authorityOf(published.trusted.targets.signed.delegations, role);
  const submitted: SubmittedRole[] = [];
  for (const [name, metadata] of change.metadata) {
    if (familyOf(name) !== role) continue;
    const document = metadata as Document<Targets>;
    refuseExpiry(name, document, options.now);
    if (options.dryRun === undefined && authority !== undefined)
      await refuseUnsigned(name, document, authority);
    const base = change.upon.get(name) ?? document.signed.version - 1;
    const { former, current } = await formerOf(name, base, published, options);
    submitted.push({ name, document, base, former, current });
  }
  return roleDifference({
    role,
    authority,
    submitted,
    head: (await formerOf(role, change.upon.get(role), published, options)).former,
    files: filesOf(role, change.targets),
    ...(options.dryRun === undefined ? {} : { willSign: options.dryRun.canSign(role) }),
  });
}

/** The version of a role that the submission was signed upon, and the number of the newest. */
async function formerOf(
  name: RoleName,
  base: number | undefined,
  published: Published,
  { former }: FactsOptions,
): Promise<{ readonly former: Document<Targets> | undefined; readonly current: number }> {
  const present = await published.role(name);
  const current = present?.signed.version ?? 0;
  if (base === undefined || base === current) return { former: present, current };
  return { former: (await former(name, base)) ?? present, current };
}

function filesOf(
  role: RoleName,
  targets: ReadonlyMap<TargetPath, Uint8Array>,
): ReadonlyMap<TargetPath, Uint8Array> {
  return new Map(
    [...targets].filter(([path]) => {
      const file = parseReleasePath(path);
      return file !== undefined && file.kind !== 'decision' && manufacturerRole(file.code) === role;
    }),
  );
}

/** A role that ends soon would stop its manufacturer, one without end would never come up for renewal. */
function refuseExpiry(role: RoleName, { signed }: Document<Targets>, now: Date): void {
  const { expires, due } = periodOf(role);
  const earliest = new Date(now.getTime() + (expires - due) * DAY);
  const latest = new Date(now.getTime() + (expires + 1) * DAY);
  if (signed.expires >= earliest && signed.expires <= latest) return;
  throw new SubmissionError(
    `role ${role} version ${signed.version} expires on ${encodeDate(signed.expires)}, expected a date between ${encodeDate(earliest)} and ${encodeDate(latest)}`,
    'Sign it again: cfl-publish sign, and check the clock of that machine',
  );
}
