// The gateway: what becomes of everything that lies in the inbox, and of what was held?
//
// Rules
// - What was held is decided again first, then the inbox in the order of its names. Each is decided upon
//   the library with all that this run accepted before it.
// - Everything accepted becomes visible in one publication. Folders move only after it.
// - A submission in the inbox takes the place of the held one of the same name.
// - A submission that is published already, by itself, was left by a crash: it is cleared away.
// - Run again after a crash at any moment, it ends as if there had been none.

import { type Document, metadataFile, parseTargets, type RoleName, type Targets } from '@cfl/client/tuf';
import { publish } from '../deploy/publish.ts';
import type { Place, Published } from '../deploy/state.ts';
import { writingUpon } from '../deploy/writing.ts';
import type { Answer } from './answer.ts';
import { type Box, clear, finishLeaving, moveWithAnswer, readAnswer, submissionsIn } from './boxes.ts';
import { answerOf, decideSubmission, refusalOf } from './decide.ts';
import { readDecision } from './decision.ts';
import { type IntakeSigners, PlannedLibrary } from './planned.ts';
import { readSubmission, type Submission, SubmissionError } from './submission.ts';

export interface IntakeOptions {
  readonly place: Place;
  readonly online: IntakeSigners;
  readonly now: Date;
}

export interface IntakeResult {
  readonly name: string;
  /** Where it lay. */
  readonly from: Box;
  /** `published`: it was published before this run, and only its folder was left. */
  readonly outcome: Answer['outcome'] | 'published';
  readonly answer: Answer | undefined;
}

export interface IntakeReport {
  readonly results: readonly IntakeResult[];
  /** Undefined where nothing was accepted. */
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
    const files = place.private;
    await finishLeaving(files);
    const planned = new PlannedLibrary(published);
    const inbox = await submissionsIn(files, 'inbox');
    const held = (await submissionsIn(files, 'held')).filter((name) => !inbox.includes(name));
    const results: IntakeResult[] = [];
    for (const name of held)
      results.push(await decideOne({ name, box: 'held', planned, published }, options));
    for (const name of inbox)
      results.push(await decideOne({ name, box: 'inbox', planned, published }, options));
    const batch = planned.isEmpty ? undefined : await publishPlanned(planned, published, options);
    for (const result of results) await putAway(result, place);
    return { results, published: batch };
  });
}

interface Waiting {
  readonly name: string;
  readonly box: Box;
  readonly planned: PlannedLibrary;
  readonly published: Published;
}

async function decideOne(
  { name, box, planned, published }: Waiting,
  { place, now }: IntakeOptions,
): Promise<IntakeResult> {
  try {
    const submission = await readSubmission(place.private, `${box}/${name}`);
    if (await isPublished(submission, published))
      return { name, from: box, outcome: 'published', answer: undefined };
    const decision = await decideSubmission(submission, planned, {
      now,
      former: (role, version) => formerRole(place, role, version),
    });
    if (decision.outcome === 'accepted') await planned.accept(submission, decision, now);
    return { name, from: box, outcome: decision.outcome, answer: answerOf(name, decision, now) };
  } catch (error) {
    if (!(error instanceof SubmissionError)) throw error;
    return { name, from: box, outcome: 'refused', answer: refusalOf(name, error, now) };
  }
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

async function putAway(
  { name, from, outcome, answer }: IntakeResult,
  { private: files }: Place,
): Promise<void> {
  if (outcome === 'accepted' || outcome === 'published' || answer === undefined) {
    // The older one first: found alone after a crash, it would look like a duplicate
    if (from === 'inbox') await clear(files, 'held', name);
    return clear(files, from, name);
  }
  const to = outcome === 'held' ? 'held' : 'refused';
  const before = from === 'held' && to === 'held' ? await readAnswer(files, `held/${name}`) : undefined;
  if (before !== undefined && isSame(before, answer)) return;
  await moveWithAnswer(files, name, { from, to }, { ...answer, since: before?.since ?? answer.since });
  if (from === 'inbox' && to === 'refused') await clear(files, 'held', name);
}

function isSame(before: Answer, { since, ...after }: Answer): boolean {
  const { since: _, ...rest } = before;
  return JSON.stringify(rest) === JSON.stringify(after);
}
