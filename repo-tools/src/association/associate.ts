// What does the Panel do with a communication? It is associated, investigated, or refused.
//
// - Associated: a change of the role cpl is planned, in which the entries get the hash, for the Panel to sign.
// - Investigated: an entry has another hash. The case is recorded, and the CPL stays as it is until the Panel
//   has decided, with a reason. What was decided to be kept stays kept: the same communication asks in vain.
// - Decided: the record is published with the role cpl; `replace` changes the entries with it.
//
// A decision judges the communication as of its first look, with all that is known today about revocations.

import { sha256 } from '@cfl/client/encoding';
import { type CplEntry, entriesOf, type Party, statedDigests } from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import { parseRoleName, parseTargetPath } from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import { revise } from '../change/plan.ts';
import { type PresentCpl, planCplAmendment, readPresentCpl } from '../cpl/index.ts';
import type { Published } from '../deploy/state.ts';
import {
  type Communication,
  type EndorsementFile,
  type Examined,
  endorsementsOf,
  examine,
  publishedPlaces,
  type Verified,
} from '../endorsement/index.ts';
import { type LibraryReading, readLibrary } from '../intake/library.ts';
import { type Conflict, type Fault, faultsOf, judge, type Verdict } from './check.ts';
import { AssociationError } from './errors.ts';
import {
  type Choice,
  entriesInWords,
  type Investigation,
  type KeptInvestigation,
  readInvestigations,
  writeDecision,
  writeInvestigation,
} from './investigation.ts';
import { cplDecisionPath, encodeCplDecision } from './record.ts';
import { clauseLines } from './words.ts';

export interface AssociateOptions {
  readonly published: Published;
  /** The Panel's private folder. */
  readonly files: Files;
  /** Endorsements that are at hand and not published. */
  readonly endorsements: readonly EndorsementFile[];
  readonly now: Date;
}

export type Association =
  | { readonly outcome: 'refused'; readonly lines: readonly string[]; readonly faults: readonly Fault[] }
  | {
      readonly outcome: 'investigated';
      readonly lines: readonly string[];
      readonly numbers: readonly number[];
    }
  | { readonly outcome: 'associated already'; readonly lines: readonly string[] }
  | { readonly outcome: 'planned'; readonly lines: readonly string[]; readonly change: Change };

interface Looked {
  readonly communication: Communication;
  readonly examined: Examined;
  readonly endorsed: readonly Verified[];
  readonly verdict: Verdict;
}

/** All of a submission: one that is refused or investigated holds the others back. */
export async function associate(
  communications: readonly Communication[],
  options: AssociateOptions,
): Promise<Association> {
  const library = await readLibrary(options.published);
  const looked: Looked[] = [];
  for (const one of communications) looked.push(await look(one, library, options.now, options));
  const faults = looked.flatMap(({ verdict }) => faultsOf(verdict));
  if (faults.length > 0) return { outcome: 'refused', lines: looked.flatMap((one) => linesOf(one)), faults };
  if (looked.some(({ verdict }) => verdict.conflicts.length > 0)) return investigate(looked, options);
  const lines = looked.flatMap((one) => linesOf(one));
  const entries = looked.flatMap(({ verdict }) => verdict.free);
  if (entries.length === 0) return { outcome: 'associated already', lines };
  refuseTwoHashes(entries);
  const [first] = looked;
  if (first === undefined) throw new TypeError('A submission has a release');
  const { change } = await planCplAmendment(
    options.published,
    entries,
    {
      source: await sourceOf(first),
      title: `hash of ${entries.map(({ entry }) => entry).join(', ')}`,
      words: lines,
      files: new Map(),
    },
    options.now,
  );
  return { outcome: 'planned', lines, change };
}

async function look(
  communication: Communication,
  library: LibraryReading,
  received: Date,
  { published, endorsements, now }: Omit<AssociateOptions, 'files'>,
): Promise<Looked> {
  const { register, trust } = library;
  const examined = await examine(communication, library, { now, received });
  const waiting = { endorsements, now: received };
  const places = await publishedPlaces(published, communication.release);
  const gather = { published, register, trust, places, waiting };
  const endorsed = await endorsementsOf(communication, communication.bundle, gather);
  return { communication, examined, endorsed, verdict: judge(examined, endorsersOf(endorsed)) };
}

function endorsersOf(endorsed: readonly Verified[]): readonly Party[] {
  return endorsed.map(({ endorser }) => endorser);
}

function linesOf(
  { examined, endorsed, verdict }: Looked,
  investigation?: Parameters<typeof clauseLines>[0]['investigation'],
) {
  return clauseLines({ examined, endorsers: endorsersOf(endorsed), verdict, investigation });
}

/** Two releases of one submission may not ask for the same entry. */
function refuseTwoHashes(entries: readonly CplEntry[]): void {
  const seen = new Map<string, string | undefined>();
  for (const { entry, imageHash } of entries) {
    if (seen.has(entry) && seen.get(entry) !== imageHash)
      throw new AssociationError(
        'NOT_ASSOCIATED',
        `Cannot associate ${entry}: two releases of this submission ask for it with different hashes`,
        'Ask the manufacturer which of them is meant',
      );
    seen.set(entry, imageHash);
  }
}

async function sourceOf({ communication, examined: { facts } }: Looked) {
  const { claims } = facts.statement.predicate;
  const more = claims.length > 1 ? ` and ${claims.length - 1} more` : '';
  return {
    name: `hash of ${claims[0]?.entry}${more}, statement ${communication.number} about release ${communication.release.slice(0, 12)}`,
    octets: communication.bundle,
  };
}

async function investigate(
  looked: readonly Looked[],
  { files, now, published }: AssociateOptions,
): Promise<Association> {
  const lines: string[] = [];
  const numbers: number[] = [];
  for (const one of looked) {
    const { conflicts } = one.verdict;
    if (conflicts.length === 0) {
      lines.push(...linesOf(one));
      continue;
    }
    const kept = await readInvestigations(files);
    const known = await sameAsked(kept, one);
    if (known?.decision !== undefined) throw decidedBefore(known);
    const number = known?.investigation.number ?? (await open(one, kept, { files, now, published }));
    numbers.push(number);
    lines.push(...linesOf(one, { number, opened: known === undefined ? 'now' : 'before' }));
  }
  return { outcome: 'investigated', lines, numbers };
}

async function open(
  { communication, verdict, endorsed }: Looked,
  kept: readonly KeptInvestigation[],
  { files, now, published }: Pick<AssociateOptions, 'files' | 'now' | 'published'>,
): Promise<number> {
  const { code, release, bundle } = communication;
  const number = kept.length + 1;
  if ((await published.read(cplDecisionPath(number))) !== undefined)
    throw new AssociationError(
      'BROKEN_INVESTIGATIONS',
      `Cannot open investigation ${number}: the library has a decision of that number, and private/investigations has not`,
      'Bring the folder back from its last copy',
    );
  await writeInvestigation(files, {
    number,
    opened: now,
    code,
    release,
    statement: communication.number,
    conflicts: verdict.conflicts,
    bundle,
    endorsements: endorsed.map(({ file }) => file),
    before: kept.at(-1)?.sha256 ?? null,
  });
  return number;
}

/** The newest investigation of the same communication about the same hashes. */
async function sameAsked(
  kept: readonly KeptInvestigation[],
  { communication, verdict }: Looked,
): Promise<KeptInvestigation | undefined> {
  const digest = await sha256(communication.bundle);
  for (const one of kept.toReversed()) {
    const { bundle, conflicts } = one.investigation;
    if ((await sha256(bundle)) === digest && JSON.stringify(conflicts) === JSON.stringify(verdict.conflicts))
      return one;
  }
  return undefined;
}

function decidedBefore({ investigation, decision }: KeptInvestigation): AssociationError {
  const { number, conflicts } = investigation;
  const what = decision?.choice === 'keep' ? 'the hash is kept' : 'the hash is replaced';
  return new AssociationError(
    'DECIDED_ALREADY',
    `Cannot associate ${entriesInWords(conflicts)}: investigation ${number} has decided that ${what}, "${decision?.reason}"`,
    decision?.choice === 'keep'
      ? 'Tell the manufacturer; another statement of it opens a new investigation'
      : 'Sign and apply the change that the decision planned, then ask again',
  );
}

export interface DecideOptions {
  readonly choice: Choice;
  /** One line. */
  readonly reason: string;
  readonly published: Published;
  readonly files: Files;
  readonly now: Date;
}

export interface Decided {
  readonly lines: readonly string[];
  readonly change: Change;
  /** Records the decision, once its change is kept. Throws AssociationError DECIDED_ALREADY. */
  record(): Promise<void>;
}

/** Plans; nothing is written before `record`. Throws AssociationError. */
export async function decideInvestigation(number: number, options: DecideOptions): Promise<Decided> {
  const { choice, reason, published, files, now } = options;
  const kept = (await readInvestigations(files)).find(({ investigation }) => investigation.number === number);
  if (kept === undefined)
    throw new AssociationError(
      'NO_INVESTIGATION',
      `Cannot decide investigation ${number}: there is none`,
      'They lie in private/investigations, one file each',
    );
  const { investigation } = kept;
  if (kept.decision !== undefined) throw decidedTwice(kept);
  const present = await readPresentCpl(published);
  refuseMoved(investigation, present);
  const { code, release, statement, bundle, endorsements, opened, conflicts } = investigation;
  const library = await readLibrary(published);
  const communication = { code, release, number: statement, bundle };
  const looked = await look(communication, library, opened, { published, endorsements, now });
  const record = encodeCplDecision({
    number,
    decided: now,
    choice,
    reason,
    code,
    release,
    originator: looked.examined.facts.statement.predicate.originator,
    endorsers: endorsersOf(looked.endorsed).map(({ id }) => id),
    bundle: await sha256(bundle),
    conflicts,
  });
  const publicFiles = new Map([[cplDecisionPath(number), record]]);
  const lines = [`Investigation ${number}: ${choiceInWords(choice, conflicts)}; reason: "${reason}"`];
  const change =
    choice === 'keep'
      ? await recordAlone(lines, publicFiles, { number, published, now })
      : await replacing(looked, { number, lines, files: publicFiles, published, now });
  return {
    lines: [...lines, ...linesOf(looked)],
    change,
    record: () => writeDecision(files, { number, decided: now, choice, reason, investigation: kept.sha256 }),
  };
}

interface Planning {
  readonly number: number;
  readonly published: Published;
  readonly now: Date;
}

async function replacing(
  looked: Looked,
  {
    number,
    lines,
    files,
    published,
    now,
  }: Planning & { lines: readonly string[]; files: ReadonlyMap<string, Uint8Array> },
): Promise<Change> {
  const { facts } = looked.examined;
  const [fault] = faultsOf(looked.verdict);
  if (fault !== undefined)
    throw new AssociationError(
      'NOT_ASSOCIATED',
      `Cannot replace the hash of ${entriesInWords(looked.verdict.conflicts)}: ${fault.message}`,
      `${fault.hint}. To leave the CPL as it is: cfl-repo cpl decide ${number} --keep`,
    );
  const asked = statedDigests(facts.statement).manufacturerImage;
  const entries = entriesOf(facts.statement).flatMap((id) => {
    const entry = facts.cpl.entries.get(id);
    return entry === undefined || entry.imageHash === asked ? [] : [{ ...entry, imageHash: asked }];
  });
  const { change } = await planCplAmendment(
    published,
    entries,
    {
      source: await sourceOf(looked),
      title: `investigation ${number}, the hash of ${entries.map(({ entry }) => entry).join(', ')} is replaced`,
      words: [...lines, ...linesOf(looked)],
      files,
    },
    now,
  );
  return change;
}

const CPL = parseRoleName('cpl');

async function recordAlone(
  lines: readonly string[],
  files: ReadonlyMap<string, Uint8Array>,
  { number, published, now }: Planning,
): Promise<Change> {
  const role = await published.role(CPL);
  if (role === undefined) throw new TypeError('A library with a CPL has the role that signs it');
  return {
    title: `CPL: investigation ${number}, the hash is kept`,
    words: lines,
    created: now,
    library: published.library,
    upon: new Map([[CPL, role.signed.version]]),
    metadata: new Map([[CPL, await revise(CPL, role, { add: files }, now)]]),
    targets: new Map([...files].map(([path, octets]) => [parseTargetPath(path), octets])),
  };
}

function choiceInWords(choice: Choice, conflicts: readonly Conflict[]): string {
  return conflicts
    .map(({ entry, present, asked }) =>
      choice === 'keep'
        ? `${entry} keeps the hash ${present.slice(0, 12)}, ${asked.slice(0, 12)} is not associated`
        : `${entry} gets the hash ${asked.slice(0, 12)} instead of ${present.slice(0, 12)}`,
    )
    .join('; ');
}

function decidedTwice({ investigation: { number }, decision }: KeptInvestigation): AssociationError {
  return new AssociationError(
    'DECIDED_ALREADY',
    `Cannot decide investigation ${number}: it was decided on ${decision?.decided.toISOString().slice(0, 10)}, ${decision?.choice}, "${decision?.reason}"`,
    'A decision stands. If it was wrong, a new communication opens a new investigation',
  );
}

/** What was investigated must still be so. */
function refuseMoved({ number, conflicts }: Investigation, { entries, index }: PresentCpl): void {
  const moved = conflicts.find(({ entry, present }) => entries.get(entry)?.imageHash !== present);
  if (moved === undefined) return;
  const now = entries.get(moved.entry)?.imageHash?.slice(0, 12) ?? 'none';
  throw new AssociationError(
    'CPL_MOVED',
    `Cannot decide investigation ${number}: ${moved.entry} has the hash ${now} in snapshot ${index?.snapshot ?? 0}, it had ${moved.present.slice(0, 12)}`,
    'Look at the submission again: cfl-repo cpl associate',
  );
}
