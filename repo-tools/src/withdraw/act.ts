// How does a manufacturer withdraw a release? By a signed statement about it, in a submission of its own.
//
// A submission brings releases or one withdrawal, never both. It is never held: it can only make the library
// stricter, and whoever waits for a person meanwhile deploys what must not be deployed.

import { encodeDate, parseSha256, sha256 } from '@cfl/client/encoding';
import {
  FormatError,
  findParty,
  type ManufacturerCode,
  type Party,
  type PartyId,
  type ReleaseId,
} from '@cfl/client/firmware';
import {
  parseWithdrawalPath,
  WITHDRAWAL_PREDICATE_TYPE,
  type WithdrawalFile,
  type WithdrawalStatement,
  withdrawalFile,
  withdrawalPath,
  withdrawalStatement,
  withdrawalStatementPath,
} from '@cfl/client/library';
import { parseTargetPath } from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import type { Published } from '../deploy/state.ts';
import { publishedReleases, readLibrary } from '../intake/library.ts';
import { payloadOf, SubmissionError } from '../intake/submission.ts';
import { freeNumber, recordOf } from './record.ts';

/** Signs a statement as the manufacturer signs its releases, and returns the bundle. */
export type SignAct = (statement: Uint8Array) => Promise<Uint8Array>;
/** Returns the statement of a bundle that this party signed. Throws where it did not. */
export type VerifyAct = (bundle: Uint8Array, party: Party) => Promise<Uint8Array>;

export interface WithdrawalRequest {
  readonly originator: PartyId;
  readonly code: ManufacturerCode;
  readonly release: ReleaseId;
  readonly reason: string;
}

/** The submission. */
export async function planAct(
  { originator, code, release, reason }: WithdrawalRequest,
  { published, sign, now }: { published: Published; sign: SignAct; now: Date },
): Promise<Change> {
  const statement = withdrawalStatement.encode({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'ota-image', digest: { sha256: parseSha256(release) } }],
    predicateType: WITHDRAWAL_PREDICATE_TYPE,
    predicate: { originator, code, reason, created: encodeDate(now) },
  });
  const path = parseTargetPath(withdrawalStatementPath(release, await freeNumber(published, release)));
  return {
    title: `withdrawal of release ${release.slice(0, 12)}`,
    words: [`withdrawn for good: release ${release}`, `reason: "${reason}"`],
    created: now,
    library: published.library,
    upon: new Map(),
    metadata: new Map(),
    targets: new Map([[path, await sign(statement)]]),
  };
}

/** Whether the folder of these paths withdraws something. */
export function isWithdrawal(paths: readonly string[]): boolean {
  return paths.some((path) => path.startsWith('targets/withdrawn/'));
}

export interface AcceptedAct {
  readonly release: ReleaseId;
  readonly reason: string;
  /** What the gate publishes; empty where it has published this statement already. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Throws SubmissionError where the gate must not act upon it. */
export async function acceptAct(
  change: Change,
  published: Published,
  { verify, now }: { verify: VerifyAct; now: Date },
): Promise<AcceptedAct> {
  if (change.library !== published.library)
    throw refused('it was made for another library', 'Make it again for this library: cfl-publish withdraw');
  const [entry, ...others] = change.targets;
  const path = entry && parseWithdrawalPath(entry[0]);
  if (entry === undefined || others.length > 0 || change.metadata.size > 0 || path?.kind !== 'statement')
    throw refused(
      'it brings more than the statement of one withdrawal',
      'Submit a withdrawal by itself, as cfl-publish withdraw wrote it',
    );
  const [, bundle] = entry;
  const { register } = await readLibrary(published);
  const { statement, party } = await provenAct(bundle, register, verify);
  const { code, reason } = statement.predicate;
  const release = path.release;
  if (statement.subject[0]?.digest.sha256 !== parseSha256(release))
    throw refused(
      `its statement is about another release than ${release.slice(0, 12)}`,
      'Make it again: cfl-publish withdraw',
    );
  if (!party.codes.includes(code))
    throw refused(`${party.name} does not own the code ${code}`, 'Withdraw your own releases only');
  if (!(await publishedReleases(published, code)).some((one) => one.release === release))
    throw refused(
      `${code} has published no release ${release.slice(0, 12)}`,
      'Look for its name with: cfl list',
    );
  if ((await publishedAct(change, published)) !== undefined) return { release, reason, files: new Map() };
  const digest = await sha256(bundle);
  const number = await freeNumber(published, release);
  const record = recordOf({ release, by: party.name, kind: 'manufacturer', reason, now, statement: digest });
  return {
    release,
    reason,
    files: new Map([
      [withdrawalPath(release, number), record],
      [withdrawalStatementPath(release, number), bundle],
    ]),
  };
}

async function provenAct(
  bundle: Uint8Array,
  register: Parameters<typeof findParty>[0],
  verify: VerifyAct,
): Promise<{ readonly statement: WithdrawalStatement; readonly party: Party }> {
  try {
    // Whom it names is read first, and then it must be this party's signature
    const claimed = withdrawalStatement.parse(payloadOf(bundle));
    const party = findParty(register, claimed.predicate.originator);
    if (party === undefined)
      throw refused(`${claimed.predicate.originator} is not in the register`, 'Ask the registrar');
    return { statement: withdrawalStatement.parse(await verify(bundle, party)), party };
  } catch (cause) {
    if (cause instanceof SubmissionError || !(cause instanceof Error)) throw cause;
    if (!(cause instanceof FormatError || 'code' in cause) || 'syscall' in cause) throw cause;
    throw refused(
      `its statement does not hold: ${cause.message}`,
      'Sign it with a key that the registrar has registered for you',
      cause,
    );
  }
}

/** The published record of this submission; undefined where its statement is not published. */
export async function publishedAct(
  { targets }: Change,
  published: Published,
): Promise<WithdrawalFile | undefined> {
  const [entry] = targets;
  const release = entry && parseWithdrawalPath(entry[0])?.release;
  if (entry === undefined || release === undefined) return undefined;
  const digest = await sha256(entry[1]);
  for (let number = (await freeNumber(published, release)) - 1; number > 0; number--) {
    const octets = await published.read(withdrawalPath(release, number));
    const record = octets && withdrawalFile.parse(octets);
    if (record?.statement === digest) return record;
  }
  return undefined;
}

function refused(reason: string, hint: string, cause?: unknown): SubmissionError {
  return new SubmissionError(reason, hint, cause);
}
