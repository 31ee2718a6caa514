// The gateway: what becomes of everything that lies in the inbox, and of what was held?
//
// Rules
// - What was held is decided again first, then the inbox in the order of its names. Each is decided upon
//   the library with all that this run accepted before it.
// - Everything accepted becomes visible in one publication. Folders move only after it. A submission upon a
//   role that the run has a new version of already is decided after that is published: each version of a
//   role is public, so that each decision can be made again.
// - A withdrawal is never held, and is decided after what might bring its release; so is an endorsement,
//   which waits as long as its release does, and counts for it meanwhile.
// - A submission in the inbox takes the place of the held one of the same name. If that had other files, it
//   goes to the refused ones: nothing is lost.
// - What a person rejected is refused whenever it comes; what a person released passes the rules named.
// - A submission that is published already, by itself, was left by a crash: it is cleared away.
// - Run again after a crash at any moment, it ends as if there had been none, audit log included.

import type { Credential } from '@cfl/client/access';
import { RULES_VERSION, sealedNotesCodes } from '@cfl/client/admission';
import { canonicalText, encodeDate, type JsonObject, type Sha256 } from '@cfl/client/encoding';
import { type Document, metadataFile, parseTargets, type RoleName, type Targets } from '@cfl/client/tuf';
import { gatewayOpener, type Opener, readAccess } from '../access/index.ts';
import { type Act, type AuditLog, openAudit } from '../audit/log.ts';
import { publish } from '../deploy/publish.ts';
import { loadState, type Place, type Published } from '../deploy/state.ts';
import { writingUpon } from '../deploy/writing.ts';
import {
  decideEndorsement,
  isEndorsement,
  type Offered,
  offeredEndorsements,
  placesIn,
  publishedPlaces,
} from '../endorsement/index.ts';
import { acceptAct, isWithdrawal } from '../withdraw/act.ts';
import { verifyAct } from '../withdraw/verify.ts';
import { type Answer, type AnswerFinding, decisive, encodeAnswer } from './answer.ts';
import {
  type Box,
  clear,
  contentsOf,
  finishLeaving,
  isSameSubmission,
  moveWithAnswer,
  readAnswer,
  submissionsIn,
} from './boxes.ts';
import { answerOf, decideSubmission, refusalOf } from './decide.ts';
import { readDecision } from './decision.ts';
import { contentOf, keepReception, type Rejection, readJudgement } from './judgement.ts';
import { readLibrary } from './library.ts';
import { type IntakeSigners, PlannedLibrary } from './planned.ts';
import { readSubmission, readSubmittedChange, type Submission, SubmissionError } from './submission.ts';

export interface IntakeOptions {
  readonly place: Place;
  readonly online: IntakeSigners;
  /** The credential that the gateway opens images with; asked for when something is to be opened. */
  readonly gateway: () => Promise<Credential>;
  readonly now: Date;
}

export interface IntakeResult {
  readonly name: string;
  /** Where it lay. */
  readonly from: Box;
  /** `published`: it was published before this run, and only its folder was left. */
  readonly outcome: Answer['outcome'] | 'published';
  readonly answer: Answer | undefined;
  /** Of the submission; null where it is none. */
  readonly digest: Sha256 | null;
  readonly withdrawn?: string;
}

export interface IntakeReport {
  readonly results: readonly IntakeResult[];
  /** Undefined where nothing was accepted; of several publications the last version, and all files. */
  readonly published: PublishedBatch | undefined;
}

export interface PublishedBatch {
  /** Of the library. */
  readonly version: number;
  readonly files: number;
  readonly roles: ReadonlyMap<RoleName, number>;
}

export function intake(options: IntakeOptions): Promise<IntakeReport> {
  const { place, now } = options;
  return writingUpon(place, now, async (published) => {
    await finishLeaving(place.private);
    const audit = await openAudit(place.private, now);
    const inbox = await submissionsIn(place.private, 'inbox');
    const held = (await submissionsIn(place.private, 'held')).filter((name) => !inbox.includes(name));
    let waiting = await actsLast(place, [
      ...held.map((name) => ({ name, box: 'held' as const })),
      ...inbox.map((name) => ({ name, box: 'inbox' as const })),
    ]);
    let report: IntakeReport = { results: [], published: undefined };
    let upon = published;
    while (waiting.length > 0) {
      const round = await decideRound(waiting, upon, audit, options);
      report = together(report, round.report);
      waiting = round.later;
      if (waiting.length > 0) upon = await loadState(place);
    }
    return report;
  });
}

interface Waiting {
  readonly name: string;
  readonly box: Box;
}

/** Withdrawals, then endorsements. */
async function actsLast(place: Place, all: readonly Waiting[]): Promise<readonly Waiting[]> {
  const turns: Waiting[][] = [[], [], []];
  for (const one of all) {
    const paths = await place.private.list(`${one.box}/${one.name}`);
    turns[isEndorsement(paths) ? 2 : isWithdrawal(paths) ? 1 : 0]?.push(one);
  }
  return turns.flat();
}

interface Round {
  readonly report: IntakeReport;
  /** What must see this round published first. */
  readonly later: readonly Waiting[];
}

async function decideRound(
  waiting: readonly Waiting[],
  published: Published,
  audit: AuditLog,
  options: IntakeOptions,
): Promise<Round> {
  const planned = new PlannedLibrary(published);
  const offered = await offeredEndorsements(options.place, published, options.now);
  const results: IntakeResult[] = [];
  const later: Waiting[] = [];
  const opener = gateOpener(published, options);
  for (const one of waiting) {
    const result = await decideOne(one, { planned, published, opener, audit, offered, later }, options);
    if (result === 'later') later.push(one);
    else results.push(result);
  }
  for (const result of results)
    if (result.outcome === 'accepted') await audit.record(actOf(result, published));
  const batch = planned.isEmpty ? undefined : await publishPlanned(planned, published, options);
  for (const result of results) await putAway(result, published, audit, options);
  return { report: { results, published: batch }, later };
}

/** Opened once, for the first submission that needs it. Without read keys there is nothing that it could open. */
function gateOpener(published: Published, { gateway }: IntakeOptions): () => Promise<Opener> {
  const open = async () =>
    (await readAccess(published)) === undefined ? {} : gatewayOpener(published, await gateway());
  let opened: Promise<Opener> | undefined;
  return () => {
    opened ??= open();
    return opened;
  };
}

interface Upon {
  readonly planned: PlannedLibrary;
  readonly published: Published;
  readonly opener: () => Promise<Opener>;
  readonly audit: AuditLog;
  /** Endorsements that would hold, and what they may be about. */
  readonly offered: Offered;
  /** What is decided in a later round. */
  readonly later: readonly Waiting[];
}

async function decideOne(
  { name, box }: Waiting,
  upon: Upon,
  options: IntakeOptions,
): Promise<IntakeResult | 'later'> {
  const { private: files } = options.place;
  const base = `${box}/${name}`;
  let known: Pick<IntakeResult, 'name' | 'from' | 'digest'> = { name, from: box, digest: null };
  try {
    if (isWithdrawal(await contentsOf(files, base)))
      return { ...known, ...(await decideWithdrawal(name, base, upon, options)) };
    if (isEndorsement(await contentsOf(files, base))) {
      const decided = await endorsementResult(name, base, upon, options);
      return decided === 'later' ? decided : { ...known, ...decided };
    }
    const submission = await readSubmission(files, base);
    known = { ...known, digest: submission.digest };
    return await decideReleases(submission, known, upon, options);
  } catch (error) {
    if (!(error instanceof SubmissionError)) throw error;
    return { ...known, outcome: 'refused', answer: refusalOf(name, error, options.now) };
  }
}

async function decideReleases(
  submission: Submission,
  known: Pick<IntakeResult, 'name' | 'from' | 'digest'>,
  { planned, published, opener, audit, offered }: Upon,
  { place, now }: IntakeOptions,
): Promise<IntakeResult | 'later'> {
  const { name } = known;
  const content = await contentOf(submission.change);
  const judgement = await readJudgement(place.private, content, { submission: name, now });
  if (await isPublished(submission, published)) return { ...known, outcome: 'published', answer: undefined };
  if (judgement.rejected !== undefined)
    return { ...known, outcome: 'refused', answer: rejectionOf(name, judgement.rejected, now) };
  if ([...submission.change.metadata.keys()].some((role) => planned.brings(role))) return 'later';
  const { received, released } = judgement;
  await planned.beginDecision(offered.files);
  const decision = await decideSubmission(submission, planned, {
    now,
    received,
    released,
    opener: await opener(),
    without: sealedNotesCodes,
    former: (role, version) => formerRole(place, role, version),
    endorsements: async (release) => [
      ...(await publishedPlaces(published, release)),
      ...placesIn(offered.files.keys()).filter((one) => one.release === release),
    ],
  });
  if (decision.outcome === 'accepted')
    await planned.accept(submission, decision, { now, received, released, audit: audit.head });
  if (decision.outcome === 'held') await keepReception(place.private, content, judgement);
  return { ...known, outcome: decision.outcome, answer: answerOf(name, decision, now) };
}

async function decideWithdrawal(
  name: string,
  base: string,
  { planned }: Upon,
  { place, now }: IntakeOptions,
): Promise<Pick<IntakeResult, 'outcome' | 'answer' | 'digest' | 'withdrawn'>> {
  const change = await readSubmittedChange(place.private, base);
  const digest = await contentOf(change);
  const act = await acceptAct(change, planned, { verify: verifyAct(planned, now), now });
  if (act.files.size === 0) return { outcome: 'published', answer: undefined, digest };
  await planned.withdraw(act.files);
  const answer: Answer = {
    submission: name,
    outcome: 'accepted',
    since: encodeDate(now),
    rules: RULES_VERSION,
    cpl: 0,
    findings: [],
  };
  return { outcome: 'accepted', answer, digest, withdrawn: act.release };
}

async function endorsementResult(
  name: string,
  base: string,
  { planned, later, offered: { waiting } }: Upon,
  { place, now }: IntakeOptions,
): Promise<Pick<IntakeResult, 'outcome' | 'answer' | 'digest'> | 'later'> {
  const change = await readSubmittedChange(place.private, base);
  const digest = await contentOf(change);
  const judgement = await readJudgement(place.private, digest, { submission: name, now });
  if (judgement.rejected !== undefined)
    return { outcome: 'refused', answer: rejectionOf(name, judgement.rejected, now), digest };
  await planned.beginDecision();
  const { register, trust } = await readLibrary(planned);
  const { received } = judgement;
  const decided = await decideEndorsement(change, {
    published: planned,
    register,
    trust,
    waiting,
    now,
    received,
  });
  const { outcome, findings } = decided;
  // Its release may be published in a later round
  if (outcome === 'held' && later.length > 0) return 'later';
  if (outcome === 'published') return { outcome, answer: undefined, digest };
  if (outcome === 'accepted') await planned.endorse(decided.path, decided.bundle);
  if (outcome === 'held') await keepReception(place.private, digest, judgement);
  const since = encodeDate(now);
  return {
    outcome,
    answer: { submission: name, outcome, since, rules: RULES_VERSION, cpl: 0, findings },
    digest,
  };
}

/** What is said about a submission that a person rejected. */
export function rejectionOf(name: string, { by, reason }: Rejection, now: Date): Answer {
  const finding: AnswerFinding = {
    code: 'REJECTED',
    severity: 'refuse',
    at: 'submission',
    expected: 'a submission that was not rejected',
    found: reason,
    message: `rejected by ${by}: "${reason}"`,
    hint: 'This is final for these files. Ask the operator what would have to be different',
  };
  return {
    submission: name,
    outcome: 'refused',
    since: encodeDate(now),
    rules: RULES_VERSION,
    cpl: 0,
    findings: [finding],
  };
}

/** Whether each of its releases was accepted from this very submission. */
async function isPublished({ releases, digest }: Submission, published: Published): Promise<boolean> {
  for (const { release, number } of releases) {
    if ((await readDecision(published, release, number))?.submission !== digest) return false;
  }
  return true;
}

/** Not verified again: it only says upon what a submission was signed. */
async function formerRole(
  place: Place,
  role: RoleName,
  version: number,
): Promise<Document<Targets> | undefined> {
  if (version < 1) return undefined;
  const octets = await place.metadata.read(metadataFile(role, version));
  return octets && parseTargets(octets, role);
}

async function publishPlanned(
  planned: PlannedLibrary,
  published: Published,
  { place, online, now }: IntakeOptions,
): Promise<PublishedBatch> {
  const publication = await planned.publication(online, now);
  const version = await publish(publication, { place, published, online, now });
  const roles = new Map([...publication.roles].map(([role, { signed }]) => [role, signed.version] as const));
  return { version, files: publication.targets.size, roles };
}

/** Its folder goes where it belongs, after the audit log says so. */
async function putAway(
  result: IntakeResult,
  published: Published,
  audit: AuditLog,
  { place: { private: files }, online }: IntakeOptions,
): Promise<void> {
  const { name, from, outcome, answer, digest } = result;
  const sign = (one: Answer, of: Sha256 | null) =>
    encodeAnswer(one, { library: published.library, digest: of }, online.gate);
  // The older one first: found alone after a crash, it would look like a duplicate
  if (from === 'inbox') await retire(name, files, sign);
  if (outcome === 'accepted' || outcome === 'published' || answer === undefined)
    return clear(files, from, name);
  const to = outcome === 'held' ? 'held' : 'refused';
  const before = from === 'held' && to === 'held' ? await readAnswer(files, `held/${name}`) : undefined;
  if (before !== undefined && isSame(before, answer)) return;
  await audit.record(actOf(result, published));
  const told = { ...answer, since: before?.since ?? answer.since };
  await moveWithAnswer(files, name, { from, to }, await sign(told, digest));
}

type SignAnswer = (answer: Answer, digest: Sha256 | null) => Promise<Uint8Array>;

/** The held submission whose name another one has now. With other files it is kept among the refused ones. */
async function retire(name: string, files: Place['private'], sign: SignAnswer): Promise<void> {
  const answer = await readAnswer(files, `held/${name}`);
  if (answer === undefined || (await isSameSubmission(files, `held/${name}`, `inbox/${name}`)))
    return clear(files, 'held', name);
  const finding: AnswerFinding = {
    code: 'REPLACED',
    severity: 'refuse',
    at: 'submission',
    expected: 'a name of its own',
    found: name,
    message: `another submission of the name ${name} came after it`,
    hint: 'Submit it again under another name, if it is still wanted',
  };
  const replaced: Answer = { ...answer, outcome: 'refused', findings: [finding] };
  const digest = isEndorsement(await contentsOf(files, `held/${name}`))
    ? await contentOf(await readSubmittedChange(files, `held/${name}`))
    : (await readSubmission(files, `held/${name}`)).digest;
  await moveWithAnswer(files, name, { from: 'held', to: 'refused' }, await sign(replaced, digest));
}

function actOf({ name, outcome, answer, digest, withdrawn }: IntakeResult, { trusted }: Published): Act {
  const says = decisive(answer?.findings ?? []).map(({ code, message }) => `${code}: ${message}`);
  const library = outcome === 'accepted' ? trusted.snapshot.signed.version + 1 : null;
  if (withdrawn !== undefined)
    return { act: 'withdrawn', what: withdrawn, digest, library, says: [`submission ${name}`] };
  return { act: outcome === 'published' ? 'accepted' : outcome, what: name, digest, library, says };
}

/** But for the time since when. */
function isSame(before: Answer, after: Answer): boolean {
  const told = ({ since: _, findings, ...rest }: Answer) =>
    canonicalText({ ...rest, findings: findings.map((finding): JsonObject => ({ ...finding })) });
  return told(before) === told(after);
}

function together(one: IntakeReport, next: IntakeReport): IntakeReport {
  const [a, b] = [one.published, next.published];
  return {
    results: [...one.results, ...next.results],
    published:
      a === undefined || b === undefined
        ? (a ?? b)
        : { version: b.version, files: a.files + b.files, roles: new Map([...a.roles, ...b.roles]) },
  };
}
