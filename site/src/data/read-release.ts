// What is to be shown of one release? Statement, evidence, acceptance and endorsements, each verified; and the
// state, which depends on the other releases of its code.

import { encodeDate } from '@cfl/client/encoding';
import {
  decisionPath,
  endorsementPath,
  type ManufacturerCode,
  parseEndorsementPath,
} from '@cfl/client/firmware';
import {
  type Endorsements,
  type Library,
  type ListedRelease,
  readEndorsements,
  readStatement,
  type VerifiedStatement,
  withdrawalFile,
  withdrawalPath,
} from '@cfl/client/library';
import type { Endorser, Release, SignedFile } from './types.ts';

/** A release by itself: what takes the time, and can be read in any order. */
export type ReadRelease = Omit<Release, 'state' | 'withdrawal' | 'rows'>;

export async function readOne(library: Library, row: ListedRelease): Promise<ReadRelease> {
  const about = await readStatement(library, row);
  const { release, code, imageHash, party, statement, evidence, acceptance } = about;
  const { sha256, serial, issuer, keyType } = evidence.certificate;
  const endorsements = await readEndorsements(library, about);
  return {
    release,
    code,
    imageHash,
    manufacturer: party.name,
    statement,
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
    endorsers: endorsersOf(endorsements),
    files: await filesOf(library, about),
  };
}

/** In the order of their ids, as the check in the browser finds them. */
function endorsersOf({ standing, revoked }: Endorsements): readonly Endorser[] {
  return [
    ...standing.map(({ party, stampedAt }) => ({ party, stamped: encodeDate(stampedAt) })),
    ...revoked.map((party) => ({ party, stamped: null })),
  ]
    .sort((a, b) => (a.party.id < b.party.id ? -1 : 1))
    .map(({ party, stamped }) => ({ name: party.name, stamped }));
}

/** `read`: all of one manufacturer code, whose states depend on one another. */
export async function withStates(
  library: Library,
  code: ManufacturerCode,
  read: readonly ReadRelease[],
): Promise<readonly Release[]> {
  const states = await library.states(code, read.map(statedOf));
  const { entries } = await library.cpl(code);
  const releases: Release[] = [];
  for (const one of read) {
    const state = states.get(one.release);
    if (state === undefined) throw new TypeError(`Cannot derive a state for ${one.release}`);
    const path = withdrawalPath(one.release, 1);
    const found = state.state === 'withdrawn' ? await library.find(path) : undefined;
    const withdrawal = found && withdrawalFile.parse(await library.read(found));
    const rows = new Map(
      one.statement.predicate.claims.flatMap(({ entry }) => {
        const row = entries.get(entry);
        return row === undefined ? [] : [[entry, row]];
      }),
    );
    releases.push({ ...one, state, withdrawal, rows });
  }
  return releases;
}

function statedOf({ release, code, imageHash, statement }: ReadRelease) {
  const { supersedes, claims } = statement.predicate;
  return {
    release,
    code,
    imageHash: imageHash as ListedRelease['imageHash'],
    supersedes,
    entries: claims.map(({ entry }) => entry),
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
    .filter((path) => path.includes(release))
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
