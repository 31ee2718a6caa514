// Is what stands in the library about one release signed by those who may, from the pinned root on?
//
//   root          has the SHA-256 that is pinned; each newer one is signed by the one before
//   timestamp     signed, not older than what was seen, not expired; so snapshot and targets, which it leads to
//   manufacturer  its own role lists image and statement, and the snapshot lists the role's SHA-256
//   statement     signed under a certificate that the register gave this party for releases, when the gate
//                 received it; about this release, by this party
//   acceptance    the gate's record names the same statement
//   endorsement   signed under a certificate that the register gave that supplier
//   state         derived from withdrawals, the newest Central Products List and successors
//
// Shared by the pages and by the verifier file. What it leaves out stands in envelope.ts.

import { sha256 } from '@cfl/client/encoding';
import {
  certificateAt,
  decisionPath,
  endorsedDigests,
  endorsementStatement,
  findParty,
  imagePath,
  type ManufacturerCode,
  ownerOf,
  type Party,
  type Purpose,
  parseEndorsementPath,
  parseStatement,
  type ReleaseId,
  type Statement,
  statedDigests,
  statementPath,
} from '@cfl/client/firmware';
import type { Acceptance } from '@cfl/client/library/reading';
import { type FoundTarget, LIMITS, metadataFile, PathClient, ROOT } from '@cfl/client/tuf';
import { openEnvelope } from './envelope.ts';
import type { SignedRelease } from './facts.ts';
import { type PageFloors, pageMemory } from './memory.ts';
import { webRepository } from './repository.ts';
import { SignedFiles } from './signed-files.ts';
import { type CheckedStep, type Say, telling } from './steps.ts';

export interface CheckRequest {
  /** Above `metadata/` and `targets/`. */
  readonly library: URL;
  readonly root: { readonly version: number; readonly sha256: string };
  readonly floors: PageFloors;
  readonly code: ManufacturerCode;
  readonly release: ReleaseId;
  readonly now: Date;
}

export async function checkRelease(
  request: CheckRequest,
  onStep: (step: CheckedStep) => void,
): Promise<SignedRelease> {
  const { say, onRole, onFile } = telling(onStep);
  const repository = webRepository(request.library, onFile);
  const pinned = metadataFile(ROOT, request.root.version);
  const root = await repository.metadata(pinned, LIMITS.root);
  if (root === undefined) throw refused(pinned, 'nothing', 'the root');
  const digest = await sha256(root);
  expectSame(`SHA-256 of ${pinned}`, digest, request.root.sha256);
  const client = new PathClient({
    root,
    repository,
    cache: pageMemory(digest, request.floors),
    now: request.now,
    onStep: onRole,
  });
  await client.refresh();
  return checkStatement(new SignedFiles(client, request.code), request.release, say);
}

/** From the register to the state, by the signed files of the code. */
export async function checkStatement(
  files: SignedFiles,
  release: ReleaseId,
  say: Say,
): Promise<SignedRelease> {
  const { code, client } = files;
  const party = ownerOf(await files.register(), code);
  if (party === undefined) throw refused('the register', `nobody for ${code}`, 'the owner of the code');
  const image = await findOwn(files, imagePath(code, release));
  const number = numberOfNewest(image, code, release);
  const place = await findOwn(files, statementPath(code, release, number));
  expectSame('role of the statement', place.role, image.role);
  const acceptance = await files.acceptance(release, number);
  const bundle = await client.read(place);
  const { payload, certificate } = await openEnvelope(bundle, 'the statement');
  expectRegistered(certificate, { party, purpose: 'release', at: acceptance.received });
  const statement = parseStatement(payload);
  expectAbout(statement, { code, release, number, party: party.id, acceptance });
  say('statement', `good signature under certificate ${certificate}, registered for ${party.name}`);
  const { decided: published } = await files.acceptance(release, 1);
  say('acceptance', `decision ${acceptance.sequence}, signed by the gate`);
  const endorsers = await checkEndorsements(files, statement, await sha256(bundle), say);
  const entries = await files.entries();
  const { claims, supersedes } = statement.predicate;
  const imageHash = statedDigests(statement).manufacturerImage;
  const stated = { release, code, imageHash, supersedes, entries: claims.map(({ entry }) => entry) };
  const state = await files.stateOf(stated, entries);
  say('state', `${state.state}: ${state.reason}`);
  return { statement, party: party.name, state, published, acceptance, entries, certificate, endorsers };
}

/** In the manufacturer's role or a bin of it, of which the snapshot has accepted the octets. */
async function findOwn(files: SignedFiles, path: string): Promise<FoundTarget> {
  const found = await files.find(path);
  const role = `m-${files.code.toLowerCase()}`;
  const [top, own, ...bins] = found === undefined ? [] : [...found.by, found.role];
  const isOwn = top === 'targets' && own === role && bins.every((bin) => bin.startsWith(`${role}-`));
  if (found === undefined || !isOwn) throw refused(path, 'it elsewhere', `it in the role ${role}`);
  const { snapshot } = await files.client.refresh();
  if (snapshot.signed.meta.get(found.role)?.hashes.has('sha256')) return found;
  throw refused(`the role ${found.role}`, 'its version alone', 'its sha256');
}

/** To whom a certificate must belong, for what and when. */
interface Registered {
  readonly party: Party;
  readonly purpose: Purpose;
  readonly at: string;
}

export function expectRegistered(certificate: string, { party, purpose, at }: Registered): void {
  if (certificateAt(party, { sha256: certificate, purpose, at }) !== undefined) return;
  const expected = `one of ${party.id} for ${purpose} at ${at}`;
  throw refused('the signature', `certificate ${certificate}`, expected);
}

interface About {
  readonly code: ManufacturerCode;
  readonly release: ReleaseId;
  readonly number: number;
  readonly party: string;
  readonly acceptance: Acceptance;
}

function expectAbout(statement: Statement, { acceptance, ...about }: About): void {
  const { code, originator, number } = statement.predicate;
  const stated = { code, release: statedDigests(statement).otaImage, number, party: originator };
  const accepted = { ...acceptance, party: acceptance.originator };
  for (const name of ['code', 'release', 'number', 'party'] as const) {
    expectSame(`${name} of the statement`, stated[name], about[name]);
    expectSame(`${name} of the acceptance`, accepted[name], about[name]);
  }
}

/** The names of those who endorsed this very bundle. */
async function checkEndorsements(
  files: SignedFiles,
  statement: Statement,
  bundle: string,
  say: Say,
): Promise<readonly string[]> {
  const { number } = statement.predicate;
  const release = statedDigests(statement).otaImage;
  const record = await files.find(decisionPath(release, number));
  const register = await files.register();
  const names: string[] = [];
  for (const path of record?.document.signed.targets.keys() ?? []) {
    const place = parseEndorsementPath(path);
    if (place?.release !== release || place.number !== number) continue;
    const found = await files.find(path);
    const party = findParty(register, place.party);
    if (found === undefined || !party?.kinds.includes('supplier'))
      throw refused(path, place.party, 'a supplier of the register');
    const { payload, certificate } = await openEnvelope(await files.client.read(found), path);
    const endorsement = endorsementStatement.parse(payload);
    const at = endorsement.predicate.created;
    expectRegistered(certificate, { party, purpose: 'endorsement', at });
    const endorsed = endorsedDigests(endorsement);
    expectSame(`bundle of ${path}`, endorsed.bundle, bundle);
    expectSame(`image of ${path}`, endorsed.otaImage, release);
    say('endorsement', `good signature under certificate ${certificate}, registered for ${party.name}`);
    names.push(party.name);
  }
  return names;
}

function numberOfNewest(image: FoundTarget, code: ManufacturerCode, release: ReleaseId): number {
  const numbers = [...image.document.signed.targets.keys()].flatMap((path) => {
    const number = Number(/statement-(\d+)/.exec(path)?.[1]);
    return path === statementPath(code, release, number) ? number : [];
  });
  return Math.max(0, ...numbers);
}

export function expectSame(what: string, found: string | number, expected: string | number): void {
  if (found !== expected) throw refused(`the ${what}`, String(found), String(expected));
}

export function refused(what: string, found: string, expected: string): TypeError {
  return new TypeError(`Cannot accept ${what}: found ${found}, expected ${expected}`);
}
