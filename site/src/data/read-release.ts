// What is to be shown of one release? Statement, evidence, acceptance, endorsements and state, each verified.

import { encodeDate } from '@cfl/client/encoding';
import {
  decisionPath,
  endorsementPath,
  type ManufacturerCode,
  parseEndorsementPath,
  type ReleaseId,
  type StateWithReason,
} from '@cfl/client/firmware';
import {
  type CplView,
  type Library,
  type ListedRelease,
  readEndorsements,
  readStatement,
  type VerifiedStatement,
  withdrawalFile,
  withdrawalPath,
} from '@cfl/client/library';
import type { Endorser, Release, SignedFile } from './types.ts';

/** All of one manufacturer code, whose states depend on one another. */
export async function readReleases(library: Library, code: ManufacturerCode): Promise<readonly Release[]> {
  const about: VerifiedStatement[] = [];
  const endorsers = new Map<ReleaseId, readonly Endorser[]>();
  for (const row of await library.releases(code)) {
    const one = await readOne(library, row);
    about.push(one.statement);
    endorsers.set(row.release, one.endorsers);
  }
  const states = await library.states(code, about.map(statedOf));
  const cpl = await library.cpl(code);
  const releases: Release[] = [];
  for (const one of about) {
    const state = states.get(one.release);
    if (state === undefined) throw new TypeError(`Cannot derive a state for ${one.release}`);
    const known = { state, cpl, endorsers: endorsers.get(one.release) ?? [] };
    releases.push(await releaseOf(library, one, known));
  }
  return releases;
}

async function readOne(library: Library, row: ListedRelease) {
  const statement = await readStatement(library, row);
  const endorsements = await readEndorsements(library, statement);
  const endorsers = endorsements.map(({ party, stampedAt }) => ({
    name: party.name,
    stamped: encodeDate(stampedAt),
  }));
  return { statement, endorsers };
}

function statedOf({ release, code, imageHash, statement }: VerifiedStatement) {
  const { supersedes, claims } = statement.predicate;
  return { release, code, imageHash, supersedes, entries: claims.map(({ entry }) => entry) };
}

interface Known {
  readonly state: StateWithReason;
  readonly cpl: CplView;
  readonly endorsers: readonly Endorser[];
}

async function releaseOf(
  library: Library,
  about: VerifiedStatement,
  { state, cpl, endorsers }: Known,
): Promise<Release> {
  const { release, code, imageHash, party, statement, evidence, acceptance } = about;
  const { sha256, serial, issuer, keyType } = evidence.certificate;
  const withdrawn = state.state === 'withdrawn' ? await library.find(withdrawalPath(release, 1)) : undefined;
  return {
    release,
    code,
    imageHash,
    manufacturer: party.name,
    statement,
    state,
    withdrawal: withdrawn && withdrawalFile.parse(await library.read(withdrawn)),
    // What was read for the decision is no fact of the page, and long
    acceptance: { ...acceptance, digests: [] },
    accepted: await acceptedDates(library, about),
    signed: {
      certificate: sha256,
      serial,
      issuer,
      keyType,
      stamped: encodeDate(evidence.stampedAt),
      authority: evidence.authority,
    },
    endorsers,
    rows: new Map(
      statement.predicate.claims.flatMap(({ entry }) => {
        const row = cpl.entries.get(entry);
        return row === undefined ? [] : [[entry, row]];
      }),
    ),
    files: await filesOf(library, about),
  };
}

async function acceptedDates(library: Library, { release, statement }: VerifiedStatement): Promise<string[]> {
  const dates: string[] = [];
  for (let number = 1; number <= statement.predicate.number; number++)
    dates.push((await library.acceptance(release, number)).decided);
  return dates;
}

/** Those that anybody may read: neither image nor notes. */
async function filesOf(library: Library, { release, bundle, statement }: VerifiedStatement) {
  const { number } = statement.predicate;
  const decision = decisionPath(release, number);
  const record = await library.find(decision);
  const endorsements = [...(record?.document.signed.targets.keys() ?? [])]
    .flatMap((path) => parseEndorsementPath(path) ?? [])
    .filter((place) => place.release === release && place.number === number)
    .map(endorsementPath);
  const paths = [bundle.path, decision, ...endorsements, withdrawalPath(release, 1)];
  const found = await Promise.all(paths.map((path) => library.find(path)));
  return found.flatMap((one): SignedFile[] => {
    const sha256 = one?.file.hashes.get('sha256');
    return one === undefined || sha256 === undefined ? [] : [{ path: one.path, sha256, role: one.role }];
  });
}
