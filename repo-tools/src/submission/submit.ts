// How does a release become a submission, and how is one that was overtaken mended?
//
// - `submit` signs the statement and the next version of the manufacturer's role, and writes one folder.
// - `sign` puts the same files upon the newest version of the role and signs that; image, notes and
//   statement stay as they are, octet for octet. Upon an unchanged base it only adds a signature.

import { READ_KEY_USES } from '@cfl/client/access';
import type { Decision } from '@cfl/client/admission';
import { sha256 } from '@cfl/client/encoding';
import { encodeStatement, parseReleasePath } from '@cfl/client/firmware';
import type { Signer } from '@cfl/client/keys';
import type { Files } from '@cfl/client/library';
import {
  type DelegatedRole,
  type Document,
  metadataFile,
  type RoleName,
  type Root,
  TARGETS,
  type Targets,
} from '@cfl/client/tuf';
import { currentKeys, epochsNow } from '../access/sealing.ts';
import { manufacturerRole } from '../ceremony/roles.ts';
import { familyOf } from '../change/bins.ts';
import { type Change, writeChange } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { signChange, signDocument } from '../change/sign.ts';
import { type Published, presentOf } from '../deploy/state.ts';
import { ANSWER_FILE, decisive } from '../intake/answer.ts';
import type { SubmissionDecision } from '../intake/decide.ts';
import { delegationOf } from '../intake/role-difference.ts';
import { readSubmission } from '../intake/submission.ts';
import {
  checkSealedDrafts,
  type Draft,
  type DraftFiles,
  draftChange,
  revisedRole,
  type SealedDrafts,
  sealDrafts,
} from './draft.ts';
import { findingLines } from './findings.ts';
import { type KeyRing, openRoleKeys, statementSigner } from './keys.ts';

export interface SignedRole {
  readonly role: RoleName;
  readonly version: number;
  readonly base: number;
  readonly have: number;
  readonly threshold: number;
}

export interface Submitted {
  /** `fff1-7d1a64c20e5b-1` */
  readonly name: string;
  readonly change: Change;
  readonly roles: readonly SignedRole[];
}

export interface SubmitOptions {
  readonly published: Published;
  readonly ring: KeyRing;
  readonly now: Date;
}

/** A refusal of the dry run: the findings are the caller's to show. */
export class NotAdmissibleError extends ChangeError {
  readonly decision: SubmissionDecision;
  readonly lines: readonly string[];

  constructor(decision: SubmissionDecision) {
    super(
      'BAD_INPUT',
      `Cannot submit: the gateway would answer "${decision.outcome}"`,
      'Correct it, and see: cfl-publish check',
    );
    this.decision = decision;
    this.lines = decision.releases.flatMap((one) => findingLines(one.decision.findings));
  }
}

export function submit(draft: Draft, to: Files, options: SubmitOptions): Promise<Submitted> {
  return submitBatch([draft], to, options);
}

/** Checks, signs and writes one folder below `to`. Throws NotAdmissibleError unless each would be accepted, or only waits for the CPL. */
export async function submitBatch(
  drafts: readonly Draft[],
  to: Files,
  options: SubmitOptions,
): Promise<Submitted> {
  const sealed = await sealDrafts(drafts, options.published);
  const decision = await checkSealedDrafts(sealed, options.published, options.ring, options.now);
  if (!decision.releases.every((one) => maySubmit(one.decision))) throw new NotAdmissibleError(decision);
  return submitSealed(sealed, to, options);
}

function maySubmit({ outcome, findings }: Decision): boolean {
  return (
    outcome === 'accepted' ||
    (outcome === 'held' && decisive(findings).every(({ code }) => code === 'WAITS_FOR_CPL'))
  );
}

export function submitUnchecked(draft: Draft, to: Files, options: SubmitOptions): Promise<Submitted> {
  return submitBatchUnchecked([draft], to, options);
}

/** The same without the dry run: for a demo of what the gateway refuses. */
export async function submitBatchUnchecked(
  drafts: readonly Draft[],
  to: Files,
  options: SubmitOptions,
): Promise<Submitted> {
  return submitSealed(await sealDrafts(drafts, options.published), to, options);
}

async function submitSealed(
  { keys, drafts }: SealedDrafts,
  to: Files,
  { published, ring, now }: SubmitOptions,
): Promise<Submitted> {
  const sign = statementSigner(ring);
  const files: DraftFiles[] = [];
  for (const sealed of drafts)
    files.push({ sealed, statementFile: await sign(encodeStatement(sealed.draft.statement)) });
  const planned = await draftChange(files, keys, published, now);
  const { change, roles } = await signRoles(planned, { published, ring, now });
  const name = await freeName(
    to,
    drafts.map(({ draft }) => draft),
  );
  await writeChange(to, name, change);
  return { name, change, roles };
}

/** `fff1-7d1a64c20e5b-1`, with `-and-999` where 999 more come with it. */
async function freeName(to: Files, [first, ...others]: readonly Draft[]): Promise<string> {
  if (first === undefined)
    throw new ChangeError('BAD_INPUT', 'Cannot submit: there is no release', 'Begin with: cfl-publish new');
  const { code, release, statement } = first;
  const more = others.length === 0 ? '' : `-and-${others.length}`;
  for (let number = statement.predicate.number; ; number++) {
    const name = `${code.toLowerCase()}-${release.slice(0, 12)}-${number}${more}`;
    if ((await to.list(name)).length === 0) return name;
  }
}

/** A role and its bins are signed by the same keys, which are opened once. */
async function signRoles(
  change: Change,
  { published, ring }: SubmitOptions,
): Promise<Pick<Submitted, 'change' | 'roles'>> {
  const { delegations } = published.trusted.targets.signed;
  const metadata = new Map(change.metadata);
  const roles: SignedRole[] = [];
  const opened = new Map<RoleName, readonly Signer[]>();
  for (const [role, unsigned] of change.metadata) {
    const family = familyOf(role);
    const delegation = delegationOf(delegations, family);
    if (delegation === undefined) throw notDelegated(role);
    const signers = opened.get(family) ?? (await openRoleKeys(delegation, ring));
    opened.set(family, signers);
    let document = unsigned as Document<Targets>;
    for (const signer of signers) document = await signDocument(role, document, signer);
    metadata.set(role, document);
    roles.push(await signedRole(role, document, delegation, change));
  }
  return { change: { ...change, metadata }, roles };
}

async function signedRole(
  role: RoleName,
  document: Document<Targets>,
  delegation: DelegatedRole,
  change: Change,
): Promise<SignedRole> {
  const have = document.signatures.filter(({ keyId }) => delegation.keyIds.some((id) => id === keyId)).length;
  return {
    role,
    version: document.signed.version,
    base: change.upon.get(role) ?? 0,
    have,
    threshold: delegation.threshold,
  };
}

function notDelegated(role: RoleName): ChangeError {
  return new ChangeError(
    'NOT_A_SIGNER',
    `Cannot sign ${role}: the library has no such role`,
    'Ask the registrar whether your party was added',
  );
}

/** Whether the folder brings releases; else it may be the change by which a party is added. */
export async function isSubmission({ files, base }: { files: Files; base: string }): Promise<boolean> {
  return (await files.list(base)).some((path) => path.startsWith('targets/firmware/'));
}

function refuseOtherLibrary({ library }: Change, base: string, { published }: SubmitOptions): void {
  if (library === published.library) return;
  throw new ChangeError(
    'OTHER_LIBRARY',
    `Cannot sign "${base}": it was made for another library`,
    'Use the publish.json of that library',
  );
}

/** Signs a submission again where it lies, and writes it to `to` (or back). */
export async function signAgain(
  from: { files: Files; base: string },
  to: { files: Files; base: string },
  options: SubmitOptions,
): Promise<Submitted> {
  const { change } = await readSubmission(from.files, from.base);
  refuseOtherLibrary(change, from.base, options);
  await refuseOldSeal(change, from.base, options);
  const rebased = await rebase(change, options, isUponPresent);
  return write(await signRoles(rebased, options), to, change.metadata.keys());
}

export interface Resealed {
  readonly change: Change;
  /** Of the submission before. */
  readonly formerRoles: Iterable<RoleName>;
}

/** Signs other target files in the place of those before, upon the newest versions of the roles. */
export async function signAnew(
  { change, formerRoles }: Resealed,
  to: { files: Files; base: string },
  options: SubmitOptions,
): Promise<Submitted> {
  refuseOtherLibrary(change, to.base, options);
  const rebased = await rebase(change, options, async () => false);
  return write(await signRoles(rebased, options), to, formerRoles);
}

async function write(
  signed: Pick<Submitted, 'change' | 'roles'>,
  to: { files: Files; base: string },
  formerRoles: Iterable<RoleName>,
): Promise<Submitted> {
  await writeChange(to.files, to.base, signed.change);
  // Upon another number of bins it has other role files
  for (const role of formerRoles)
    if (!signed.change.metadata.has(role)) await to.files.remove(`${to.base}/metadata/${metadataFile(role)}`);
  await to.files.remove(`${to.base}/${ANSWER_FILE}`);
  return { name: to.base, ...signed };
}

/** The gateway would refuse it, however it is signed. */
async function refuseOldSeal(
  { sealedTo }: Change,
  base: string,
  { published }: SubmitOptions,
): Promise<void> {
  const current = epochsNow(await currentKeys(published));
  const old = READ_KEY_USES.find((use) => sealedTo?.[use] !== current[use]);
  if (old === undefined) return;
  throw new ChangeError(
    'SEALED_TO_OLD_EPOCH',
    `Cannot sign "${base}": it is sealed to epoch ${sealedTo?.[old] ?? 'none'} of ${old}, epoch ${current[old]} is current`,
    `Seal it again from image and notes: cfl-publish seal ${base} DIR`,
  );
}

async function rebase(
  change: Change,
  { published, now }: SubmitOptions,
  mayStay: typeof isUponPresent,
): Promise<Change> {
  const metadata = new Map<RoleName, Document<Root | Targets>>();
  const upon = new Map<RoleName, number>();
  for (const family of new Set([...change.metadata.keys()].map(familyOf))) {
    const names = [...change.metadata.keys()].filter((role) => familyOf(role) === family);
    if (await mayStay(change, names, published)) {
      for (const role of names) metadata.set(role, change.metadata.get(role) as Document<Targets>);
      for (const [role, version] of change.upon) if (familyOf(role) === family) upon.set(role, version);
      continue;
    }
    const add = new Map([...change.targets].filter(([path]) => isOfRole(path, family)));
    const revised = await revisedRole({ family, add }, published, now);
    for (const role of revised.metadata.keys()) await refusePublished(await published.role(role), add);
    for (const [role, document] of revised.metadata) metadata.set(role, document);
    for (const [role, version] of revised.upon) upon.set(role, version);
  }
  return { ...change, metadata, upon };
}

async function isUponPresent(
  { upon }: Change,
  names: readonly RoleName[],
  published: Published,
): Promise<boolean> {
  for (const role of names)
    if (upon.get(role) !== ((await published.role(role))?.signed.version ?? 0)) return false;
  return true;
}

async function refusePublished(
  present: Document<Targets> | undefined,
  add: Change['targets'],
): Promise<void> {
  for (const [path, octets] of add) {
    const published = present?.signed.targets.get(path)?.hashes.get('sha256');
    if (published === undefined || published === (await sha256(octets))) continue;
    throw new ChangeError(
      'EXISTS',
      `Cannot sign this submission: "${path}" is published already, with other octets`,
      'Nothing published is replaced. To say more about a release, submit its next statement: cfl-publish new',
    );
  }
}

function isOfRole(path: string, role: RoleName): boolean {
  const file = parseReleasePath(path);
  return file !== undefined && file.kind !== 'decision' && role === manufacturerRole(file.code);
}

/** Signs the empty first version of this party's roles in a change of the registrar. Throws where it says more than that. */
export async function signFirstVersions(
  change: Change,
  { published, ring }: SubmitOptions,
): Promise<Pick<Submitted, 'change' | 'roles'>> {
  const delegations = (change.metadata.get(TARGETS) as Document<Targets> | undefined)?.signed.delegations;
  const roles: SignedRole[] = [];
  let signed = change;
  for (const role of ring.keys.roles.keys()) {
    const document = change.metadata.get(role) as Document<Targets> | undefined;
    const delegation = delegationOf(delegations, role);
    if (document === undefined || delegation === undefined) continue;
    refuseMoreThanEmpty(role, document.signed);
    for (const signer of await openRoleKeys(delegation, ring))
      signed = (await signChange(signed, signer, presentOf(published))).change;
    roles.push(await signedRole(role, signed.metadata.get(role) as Document<Targets>, delegation, change));
  }
  if (roles.length > 0) return { change: signed, roles };
  throw new ChangeError(
    'NOT_A_SIGNER',
    `Cannot sign "${change.title}": it brings no role of yours`,
    'Give a submission, or the change by which your party is added',
  );
}

function refuseMoreThanEmpty(role: RoleName, { version, targets, delegations }: Targets): void {
  if (version === 1 && targets.size === 0 && delegations === undefined) return;
  throw new ChangeError(
    'NOT_A_CHANGE',
    `Cannot sign ${role} version ${version}: expected version 1 and nothing in it`,
    'Ask the registrar what this change is for',
  );
}
