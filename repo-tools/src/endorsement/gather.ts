// Which endorsements does a statement have? Those that are published, and those that wait with it at the gateway.

import type { EndorsementFact } from '@cfl/client/admission';
import type { EvidenceTrust, Judge } from '@cfl/client/evidence';
import {
  type EndorsementPlace,
  endorsementPath,
  FormatError,
  type ManufacturerCode,
  type Party,
  parseEndorsementPath,
  type Register,
  type ReleaseId,
  statementPath,
} from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import { type Document, parseRoleName, type Targets } from '@cfl/client/tuf';
import { binsIn, placeOf } from '../change/bins.ts';
import type { Published } from '../deploy/state.ts';
import { type Box, contentsOf, submissionsIn } from '../intake/boxes.ts';
import { readSubmission, readSubmittedChange, SubmissionError } from '../intake/submission.ts';
import type { Endorsable } from './judge.ts';
import { type EndorsementFile, endorsable, judgeFile } from './proven.ts';

const GATE = parseRoleName('gate');

/** Which statement. */
export interface StatementPlace {
  readonly code: ManufacturerCode;
  readonly release: ReleaseId;
  readonly number: number;
}

/** What waits at the gateway: endorsements, and the statements of submissions. */
export interface Waiting {
  readonly endorsements: readonly EndorsementFile[];
  readonly statements: readonly (StatementPlace & { readonly bundle: Uint8Array })[];
}

export const NOTHING_WAITS: Waiting = { endorsements: [], statements: [] };

/** Whether the folder of these paths endorses something. */
export function isEndorsement(paths: readonly string[]): boolean {
  return paths.some((path) => /^targets\/intake\/[^/]+\/endorsement-/.test(path));
}

/** Everything in the inbox and among the held ones. A folder that cannot be read says nothing here. */
export async function readWaiting(files: Files): Promise<Waiting> {
  const endorsements: EndorsementFile[] = [];
  const statements: Waiting['statements'][number][] = [];
  for (const box of ['inbox', 'held'] as const satisfies readonly Box[]) {
    for (const name of await submissionsIn(files, box)) {
      const base = `${box}/${name}`;
      try {
        if (isEndorsement(await contentsOf(files, base)))
          endorsements.push(...endorsementsIn((await readSubmittedChange(files, base)).targets));
        else statements.push(...(await readSubmission(files, base)).releases);
      } catch (error) {
        if (!(error instanceof SubmissionError)) throw error;
      }
    }
  }
  return { endorsements, statements };
}

export function endorsementsIn(targets: ReadonlyMap<string, Uint8Array>): readonly EndorsementFile[] {
  return [...targets].flatMap(([path, bundle]) => {
    const place = parseEndorsementPath(path);
    return place === undefined ? [] : [{ place, bundle }];
  });
}

/** Every statement of that number about that release, as far as it can be read. */
export async function endorsables(
  { release, number, code }: StatementPlace,
  published: Pick<Published, 'read'>,
  { statements }: Waiting,
): Promise<readonly Endorsable[]> {
  const found: Endorsable[] = [];
  const octets = await published.read(statementPath(code, release, number));
  if (octets !== undefined) found.push(await endorsable(octets, 'published'));
  for (const one of statements) {
    if (one.release !== release || one.number !== number || one.code !== code) continue;
    try {
      found.push(await endorsable(one.bundle, 'waiting'));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return found;
}

export interface Verified {
  readonly endorser: Party;
  readonly file: EndorsementFile;
}

export interface GatherOptions {
  readonly published: Pick<Published, 'read'>;
  readonly register: Register;
  readonly trust: EvidenceTrust | undefined;
  /** Where published ones lie. */
  readonly places: readonly EndorsementPlace[];
  /** The Panel asks for what waits too; then it must be good at this moment. */
  readonly waiting?: { readonly endorsements: readonly EndorsementFile[]; readonly now: Date };
}

/** The endorsements of this very bundle that hold, one a party. */
export async function endorsementsOf(
  place: Pick<StatementPlace, 'release' | 'number'>,
  bundle: Uint8Array,
  { published, register, trust, places, waiting }: GatherOptions,
): Promise<readonly Verified[]> {
  const verified = new Map<string, Verified>();
  const add = async (file: EndorsementFile, judge: Judge) => {
    if (verified.has(file.place.party)) return;
    const statements = [await endorsable(bundle, 'published')];
    const against = { register, trust, judge, statements, published: undefined };
    const { endorser, findings } = await judgeFile(file, against);
    if (endorser !== undefined && findings.length === 0) verified.set(endorser.id, { endorser, file });
  };
  for (const one of places.filter((other) => isAbout(other, place))) {
    const octets = await published.read(endorsementPath(one));
    if (octets !== undefined) await add({ place: one, bundle: octets }, { at: 'reader' });
  }
  for (const file of waiting?.endorsements ?? [])
    if (isAbout(file.place, place) && waiting !== undefined)
      await add(file, { at: 'intake', now: waiting.now });
  return [...verified.values()];
}

/** As the rules of admission look at them. */
export function factsFrom(verified: readonly Verified[]): readonly EndorsementFact[] {
  return verified.map(({ endorser }) => ({ party: endorser.id, kind: 'supplier' }));
}

function isAbout(one: EndorsementPlace, { release, number }: Pick<StatementPlace, 'release' | 'number'>) {
  return one.release === release && one.number === number;
}

const indexed = new WeakMap<Document<Targets>, ReadonlyMap<string, readonly EndorsementPlace[]>>();

/** Where the published endorsements of a release lie, by the gate's role. */
export async function publishedPlaces(
  published: Pick<Published, 'role'>,
  release: ReleaseId,
): Promise<readonly EndorsementPlace[]> {
  const gate = await published.role(GATE);
  const bin = placeOf(`intake/${release}/`, GATE, binsIn(gate?.signed));
  const role = bin === GATE ? gate : await published.role(bin);
  if (role === undefined) return [];
  const index = indexed.get(role) ?? indexOf(role);
  indexed.set(role, index);
  return index.get(release) ?? [];
}

/** Once for each of its files: a batch asks for a thousand releases. */
function indexOf({ signed }: Document<Targets>): ReadonlyMap<string, readonly EndorsementPlace[]> {
  const places = [...signed.targets.keys()].flatMap((path) => parseEndorsementPath(path) ?? []);
  return Map.groupBy(places, ({ release }) => release as string);
}
