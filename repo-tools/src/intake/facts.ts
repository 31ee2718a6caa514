// What does intake know about a submission? Everything that its decision rests on, computed from the
// submitted files and the published library.
//
// A manufacturer's dry run gathers the same facts in the same way. Two things it cannot have yet, the
// signature of the statement and those of the role file, so it says how it would come by them.

import {
  type EvidenceFact,
  type Facts,
  imageFacts,
  notesFacts,
  type RoleDifference,
} from '@cfl/client/admission';
import { encodeDate, equalOctets, type JsonObject, parseJson } from '@cfl/client/encoding';
import { EvidenceError, type EvidenceTrust, verifyBundle } from '@cfl/client/evidence';
import {
  FormatError,
  findParty,
  imagePath,
  type Party,
  parseReleasePath,
  parseStatement,
  type Statement,
} from '@cfl/client/firmware';
import { statementTrust } from '@cfl/client/library';
import {
  type Delegations,
  type Document,
  encodeDocument,
  type RoleName,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { manufacturerRole } from '../ceremony/roles.ts';
import { periodOf } from '../change/plan.ts';
import type { Published } from '../deploy/state.ts';
import { type LibraryReading, publishedReleases, readLibrary } from './library.ts';
import { delegationOf, isSigned, roleDifference } from './role-difference.ts';
import { payloadOf, type Submission, SubmissionError, type SubmittedRelease } from './submission.ts';

export interface FactsOptions {
  readonly now: Date;
  /** A former version of a role; undefined where the library has none of that number. */
  readonly former: (role: RoleName, version: number) => Promise<Document<Targets> | undefined>;
  readonly dryRun?: DryRun;
}

/** What will stand in the place of signatures that are not made yet. */
export interface DryRun {
  /** The statement key that will sign. */
  readonly keyId: string;
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
  const library = await readLibrary(published);
  const roles = new Map<string, RoleDifference>();
  for (const role of change.metadata.keys())
    roles.set(role, await roleFact(role, submission, published, options));
  const releases = [];
  for (const submitted of submission.releases) {
    const role = roles.get(manufacturerRole(submitted.code));
    if (role === undefined) throw new TypeError('A submission has a role file for each of its releases');
    releases.push({ submitted, facts: await releaseFacts(submitted, { published, library, role, options }) });
  }
  return { library, releases };
}

interface Known {
  readonly published: Published;
  readonly library: LibraryReading;
  readonly role: RoleDifference;
  readonly options: FactsOptions;
}

async function releaseFacts(
  submitted: SubmittedRelease,
  { published, library, role, options }: Known,
): Promise<Facts> {
  const { code, release } = submitted;
  const { statement, evidence } = await evidenceFact(submitted, library, options);
  const { predicate } = statement;
  if (predicate.number !== submitted.number) {
    const reason = `the statement in the place of number ${submitted.number} says that it is number ${predicate.number}`;
    throw new SubmissionError(reason, 'Make the submission again with cfl-publish submit');
  }
  const claimed = predicate.claims.map(({ entry }) => entry);
  const image = submitted.image ?? (await published.read(imagePath(code, release)));
  return {
    now: encodeDate(options.now),
    submitted: { code, release },
    statement,
    evidence,
    image: image === undefined ? { unread: 'it is not there' } : await imageFacts(image),
    notes: submitted.notes === undefined ? undefined : await notesFacts(submitted.notes),
    party: findParty(library.register, predicate.originator),
    library: { sizeLimit: library.sizeLimit },
    cpl: { snapshot: library.cpl.snapshot, entries: await library.cpl.entries(claimed, predicate.code) },
    published: await publishedReleases(published, code),
    role,
  };
}

async function evidenceFact(
  { bundle }: SubmittedRelease,
  { register }: LibraryReading,
  { now, dryRun }: FactsOptions,
): Promise<{ readonly statement: Statement; readonly evidence: EvidenceFact }> {
  if (dryRun !== undefined)
    return { statement: readStatement(bundle), evidence: { verified: true, keyId: dryRun.keyId } };
  try {
    const proven = await verifyBundle(bundle, await everybodysKeys(register.parties), now);
    return { statement: readStatement(proven.statement), evidence: { verified: true, keyId: proven.keyId } };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return {
      statement: readStatement(bundle, payloadOf),
      evidence: { verified: false, reason: error.message },
    };
  }
}

function readStatement(octets: Uint8Array, payload = (all: Uint8Array) => all): Statement {
  try {
    return parseStatement(payload(octets));
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SubmissionError(
      `its statement cannot be read: ${cause.message}`,
      'Make the statement with cfl-publish submit',
      cause,
    );
  }
}

/** Every party's keys: whose it must be is a question for a rule. */
async function everybodysKeys(parties: readonly Party[]): Promise<EvidenceTrust> {
  const trusts = await Promise.all(parties.map(statementTrust));
  return { keys: new Map(trusts.flatMap(({ keys }) => [...keys])) };
}

/** What no signature covers would be published all the same, and every reader would have to fetch it. */
function refuseUnsigned(
  role: RoleName,
  { octets, signatures }: Document<Targets>,
  delegations: Delegations | undefined,
): void {
  const keyIds = delegationOf(delegations, role)?.keyIds ?? [];
  const { signed } = parseJson(octets) as { readonly signed: JsonObject };
  const own = signatures.filter(
    ({ keyId, sig }) => keyIds.some((id) => id === keyId) && sig.length <= MOST_DIGITS,
  );
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
  const submitted = change.metadata.get(role) as Document<Targets>;
  refuseExpiry(role, submitted, options.now);
  const { delegations } = published.trusted.targets.signed;
  const signed =
    options.dryRun === undefined
      ? await isSigned(submitted, role, delegations)
      : options.dryRun.canSign(role);
  // With too few good signatures a rule speaks of them
  if (signed) refuseUnsigned(role, submitted, delegations);
  const present = await published.role(role);
  const base = change.upon.get(role) ?? submitted.signed.version - 1;
  const current = present?.signed.version ?? 0;
  return roleDifference({
    role,
    submitted,
    base,
    former: base === current ? present : ((await options.former(role, base)) ?? present),
    current,
    files: filesOf(role, change.targets),
    signed,
  });
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
