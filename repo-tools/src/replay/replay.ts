// Was every release rightly let in? Each published admission is decided again, from public files alone.
//
// - The chain of decisions is verified whole before anything else.
// - A submission is put together again from the role files and the release's files; it is the one that was
//   decided upon only if its SHA-256 is the recorded one.
// - It is decided by the gate's own function, at the recorded moment, upon the files that the decision names.
// - Rules that need plaintext may be left out by name. Then the others are compared.
// - A decision of another version of the rules is not compared: the program of that version does that.
// - Of one release alone, only the submissions that brought it are decided. What was published before is then
//   taken from the catalogue of that time, and not from the decisions before it.

import {
  type Decision,
  decide,
  type Facts,
  RULES_VERSION,
  type RuleCode,
  rules,
} from '@cfl/client/admission';
import { parseDate } from '@cfl/client/encoding';
import { parseReleasePath } from '@cfl/client/firmware';
import { type Acceptance, type ChainedDecision, type ChainHead, HEAD_PATH } from '@cfl/client/library';
import {
  type Document,
  metadataFile,
  parseRoleName,
  parseTargetPath,
  parseTargets,
  type RoleName,
  type Root,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import type { Published } from '../deploy/state.ts';
import { placesIn } from '../endorsement/offer.ts';
import { catalogueWith } from '../intake/catalogue.ts';
import { encodeHead } from '../intake/decision.ts';
import { factsOf } from '../intake/facts.ts';
import { type Submission, SubmissionError, submissionOf } from '../intake/submission.ts';
import { CannotReplay, PastLibrary } from './past.ts';
import { publishedChain, type ReplaySource } from './source.ts';

export interface Replayed {
  readonly acceptance: Acceptance;
  /** `other rules`: of another version, not compared. */
  readonly outcome: 'same' | 'differs' | 'other rules';
  /** `IMAGE_HASH: recorded passed, now "…"` */
  readonly differences: readonly string[];
}

export interface ReplayReport {
  readonly replayed: readonly Replayed[];
  readonly head: ChainHead | undefined;
}

export interface ReplayOptions {
  readonly without?: ReadonlySet<RuleCode>;
  /** The beginning of a release's name: this one alone. */
  readonly release?: string | undefined;
  /** The head of the chain that was seen before. */
  readonly known?: ChainHead | undefined;
  readonly onDecision?: (count: number, of: number) => void;
}

/** Throws LibraryError where the chain of decisions is not whole. */
export async function replay(source: ReplaySource, options: ReplayOptions = {}): Promise<ReplayReport> {
  const { head, decisions } = await publishedChain(source.published, options.known);
  const without = options.without ?? new Set<RuleCode>();
  if (options.release !== undefined)
    return { replayed: await replayRelease(options.release, decisions, { source, without }), head };
  const derived = new Map<string, Uint8Array>();
  const replayed: Replayed[] = [];
  for (const group of submissionsOf(decisions)) {
    options.onDecision?.(replayed.length + 1, decisions.length);
    replayed.push(...(await replaySubmission(group, source, derived, without)));
    for (const one of group) await take(one, source, derived);
  }
  return { replayed, head };
}

async function replayRelease(
  name: string,
  decisions: readonly ChainedDecision[],
  { source, without }: { readonly source: ReplaySource; readonly without: ReadonlySet<RuleCode> },
): Promise<readonly Replayed[]> {
  const isNamed = ({ acceptance }: Pick<Replayed, 'acceptance'>) => acceptance.release.startsWith(name);
  const replayed: Replayed[] = [];
  for (const group of submissionsOf(decisions))
    if (group.some(isNamed)) replayed.push(...(await replaySubmission(group, source, undefined, without)));
  return replayed.filter(isNamed);
}

/** Decisions about one submission follow one another. */
function submissionsOf(decisions: readonly ChainedDecision[]): readonly (readonly ChainedDecision[])[] {
  const groups: ChainedDecision[][] = [];
  for (const one of decisions) {
    const last = groups.at(-1);
    if (last?.[0]?.acceptance.submission === one.acceptance.submission) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

async function take(
  { path, sha256, acceptance }: ChainedDecision,
  { published }: ReplaySource,
  derived: Map<string, Uint8Array>,
): Promise<void> {
  const octets = await published.read(path);
  if (octets !== undefined) derived.set(path, octets);
  derived.set(HEAD_PATH, encodeHead({ sequence: acceptance.sequence, path, sha256 }));
}

async function replaySubmission(
  group: readonly ChainedDecision[],
  source: ReplaySource,
  derived: Map<string, Uint8Array> | undefined,
  without: ReadonlySet<RuleCode>,
): Promise<readonly Replayed[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { acceptance } = first;
  try {
    const all = group.map((one) => one.acceptance);
    const past = await PastLibrary.of(all, source, derived && { files: derived });
    const { submission, former } = await submissionAgain(group, past, source);
    const { releases } = await factsOf(submission, past, {
      now: parseDate(acceptance.decided),
      received: parseDate(acceptance.received),
      released: acceptance.released,
      former,
      endorsements: async (release) =>
        placesIn(acceptance.digests.map(({ path }) => path)).filter((one) => one.release === release),
    });
    const results = group.map((one): Replayed => {
      const { release, number } = one.acceptance;
      const again = releases.find(
        ({ submitted }) => submitted.release === release && submitted.number === number,
      );
      if (again === undefined)
        return differing(one.acceptance, ['it is not in the submission that it names']);
      const found = [
        ...otherFacts(one.acceptance, again.facts),
        ...differencesOf(one.acceptance, decide(again.facts, { without }), without),
      ];
      const disputed = [...past.disputed].map(
        (path) => `${path}: the gate read something else than the decisions before it make`,
      );
      return differing(one.acceptance, [...found, ...disputed]);
    });
    if (derived === undefined) return results;
    const after = accepted(past, submission);
    const facts = releases.map((one) => one.facts);
    for (const [path, octets] of await catalogueWith(facts, after)) derived.set(path, octets);
    return results;
  } catch (error) {
    if (!(error instanceof CannotReplay || error instanceof SubmissionError)) throw error;
    return group.map((one) => differing(one.acceptance, [`cannot be decided again: ${error.message}`]));
  }
}

/** The library as it was then, with the role files of the submission. */
function accepted(past: PastLibrary, { change }: Submission): Published {
  return {
    library: past.library,
    trusted: past.trusted,
    role: async (name) => (change.metadata.get(name) as Document<Targets> | undefined) ?? past.role(name),
    read: (path) => past.read(path),
  };
}

function differing(acceptance: Acceptance, differences: readonly string[]): Replayed {
  if (acceptance.rules !== RULES_VERSION) return { acceptance, outcome: 'other rules', differences: [] };
  return { acceptance, outcome: differences.length === 0 ? 'same' : 'differs', differences };
}

/** What the record says beside the rules; the gate refuses an older CPL than the newest record names. */
function otherFacts(acceptance: Acceptance, { cpl, statement }: Facts): readonly string[] {
  const { originator } = statement.predicate;
  const again = { cpl: cpl.snapshot, originator };
  return (['cpl', 'originator'] as const)
    .filter((name) => acceptance[name] !== again[name])
    .map((name) => `${name}: recorded ${acceptance[name]}, now ${again[name]}`);
}

/** Rule by rule. */
function differencesOf(
  { findings, passed }: Acceptance,
  again: Decision,
  without: ReadonlySet<RuleCode>,
): readonly string[] {
  const differences: string[] = [];
  if (again.outcome !== 'accepted') differences.push(`accepted then, ${again.outcome} now`);
  for (const { code } of rules) {
    if (without.has(code)) continue;
    const said = findings.filter((one) => one.code === code).map(inWords);
    const then = said.length > 0 ? said : passed.includes(code) ? ['passed'] : ['was not asked'];
    const found = again.findings.filter((one) => one.code === code).map(inWords);
    const now = found.length > 0 ? found : ['passed'];
    if (then.join('; ') !== now.join('; '))
      differences.push(`${code}: recorded ${then.join('; ')}, now ${now.join('; ')}`);
  }
  return differences;
}

function inWords({ severity, message }: { readonly severity: string; readonly message: string }): string {
  return `${severity} "${message}"`;
}

interface SubmissionAgain {
  readonly submission: Submission;
  readonly former: (role: RoleName, version: number) => Promise<Document<Targets> | undefined>;
}

async function submissionAgain(
  group: readonly ChainedDecision[],
  past: PastLibrary,
  source: ReplaySource,
): Promise<SubmissionAgain> {
  const [first] = group as readonly [ChainedDecision];
  const { roles, submission: expected } = first.acceptance;
  const metadata = new Map<RoleName, Document<Root | Targets>>();
  const upon = new Map<RoleName, number>();
  const formerly = new Set<string>();
  for (const { name, version } of roles) {
    const role = parseRoleName(name);
    metadata.set(role, await roleFile(role, version, source));
    const former = await past.role(role);
    upon.set(role, former?.signed.version ?? version - 1);
    for (const path of former?.signed.targets.keys() ?? []) formerly.add(path);
  }
  const listed = [...metadata.values()].flatMap(({ signed }) => [...(signed as Targets).targets]);
  const own = listed.filter(([path]) => group.some((one) => isOf(path, one.acceptance)));
  // What was published before was brought again by some tools, and not by others
  for (const brought of [own.filter(([path]) => !formerly.has(path)), own]) {
    const targets = new Map<TargetPath, Uint8Array>();
    for (const [path, { hashes }] of brought)
      targets.set(path, await releaseFile(path, hashes.get('sha256') ?? '', source));
    const submission = await submissionOf(changeOf(past, { metadata, upon, targets }));
    if (submission.digest === expected)
      return { submission, former: (role, version) => roleFile(role, version, source) };
  }
  throw new CannotReplay(
    `the files of the library do not make the submission ${expected.slice(0, 12)} that it was decided upon`,
  );
}

function isOf(path: string, { release, code, number }: Acceptance): boolean {
  const file = parseReleasePath(path);
  if (file === undefined || file.kind === 'decision' || file.release !== release || file.code !== code)
    return false;
  return file.kind === 'image' || file.number === number;
}

function changeOf(past: PastLibrary, parts: Pick<Change, 'metadata' | 'upon' | 'targets'>): Change {
  return { title: 'replayed', words: [], created: new Date(0), library: past.library, ...parts };
}

async function roleFile(role: RoleName, version: number, source: ReplaySource): Promise<Document<Targets>> {
  const file = metadataFile(role, version);
  const octets = await source.metadata(file);
  if (octets === undefined) throw new CannotReplay(`${file} is not in the library any more`);
  return parseTargets(octets, role);
}

async function releaseFile(path: TargetPath, digest: string, source: ReplaySource): Promise<Uint8Array> {
  const octets = await source.target(parseTargetPath(path), digest);
  if (octets === undefined) throw new CannotReplay(`${path} is not in the library any more`);
  return octets;
}
