// What can have happened to a change on its way between people? Told before a key signs it, and before it shows.
//
// Rules
// - It belongs to this library, and every role file of it is the next version of what is published now. One
//   that is published already came too late, which is another thing than one that was overtaken.
// - Every signature in it of a key that may sign is good: one that is not says that the file was changed after
//   it was signed. Every file that it brings is the one that a role file of it lists.
// - Two copies that were signed apart are joined if what is signed in them is the same, octet by octet.

import { equalOctets, sha256 } from '@cfl/client/encoding';
import {
  type Document,
  parseRoot,
  parseTargets,
  ROOT,
  type RoleName,
  type Root,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import type { Published } from '../deploy/state.ts';
import type { Change } from './change.ts';
import { ChangeError } from './errors.ts';
import { brokenSignatures, type Present, withSignatures } from './sign.ts';

/** What somebody is about to do with it. */
export type Verb = 'apply' | 'sign' | 'join';

/** The published file of a role's version, as far as it is at hand. */
export type Past = (role: RoleName, version: number) => Promise<Uint8Array | undefined>;

export const NO_PAST: Past = async () => undefined;

export interface Meeting {
  readonly verb: Verb;
  readonly past: Past;
}

/** Throws OTHER_LIBRARY, ALREADY_APPLIED or BASE_MOVED. */
export async function refuseStale(
  change: Change,
  published: Published | undefined,
  { verb, past }: Meeting,
): Promise<void> {
  if (change.library !== published?.library) {
    if (change.library === undefined && (await isPublished(change, ROOT, past)))
      throw alreadyApplied(change, ROOT, verb);
    throw new ChangeError(
      'OTHER_LIBRARY',
      `Cannot ${verb} "${change.title}": it belongs to ${libraryInWords(change.library)}, this is ${libraryInWords(published?.library)}`,
      verb === 'apply' ? 'Apply it where it was planned' : 'Name the folder of its library: --at DIR',
    );
  }
  for (const [role, document] of change.metadata) {
    const before = role === ROOT ? published?.trusted.root : await published?.role(role);
    const present = before?.signed.version ?? 0;
    const upon = change.upon.get(role);
    if (upon === present && document.signed.version === present + 1) continue;
    const isHere = before !== undefined && equalOctets(document.signedOctets, before.signedOctets);
    if (isHere || (await isPublished(change, role, past))) throw alreadyApplied(change, role, verb);
    throw new ChangeError(
      'BASE_MOVED',
      `Cannot ${verb} "${change.title}": ${role} is at version ${present}, this change was made upon version ${upon ?? 'none'} and brings ${document.signed.version}`,
      'Plan the change again upon what is there now, and have it signed again',
    );
  }
}

async function isPublished({ metadata }: Change, role: RoleName, past: Past): Promise<boolean> {
  const document = metadata.get(role);
  const octets = document && (await past(role, document.signed.version));
  if (document === undefined || octets === undefined) return false;
  const there: Document<Root | Targets> =
    role === ROOT ? await parseRoot(octets, role) : await parseTargets(octets, role);
  return equalOctets(there.signedOctets, document.signedOctets);
}

function alreadyApplied({ title, metadata }: Change, role: RoleName, verb: Verb): ChangeError {
  return new ChangeError(
    'ALREADY_APPLIED',
    `Cannot ${verb} "${title}": ${role} version ${metadata.get(role)?.signed.version} of it is published already`,
    'Nothing to do, unless another part of it is missing: then plan that again',
  );
}

export interface Witnessing {
  readonly verb: Verb;
  /** What people call a key. */
  readonly nameOf: (id: string) => string;
}

/** Throws TAMPERED. */
export async function refuseTampered(
  change: Change,
  present: Present,
  { verb, nameOf }: Witnessing,
): Promise<void> {
  const [broken] = await brokenSignatures(change, present);
  if (broken !== undefined) {
    const { role, keyId } = broken;
    throw tampered(
      change,
      verb,
      `the signature of ${nameOf(keyId)} does not fit ${role} version ${change.metadata.get(role)?.signed.version} as it is here`,
    );
  }
  for (const [path, octets] of change.targets)
    if (!(await isListed(path, octets, change)))
      throw tampered(change, verb, `no role file of it lists ${path} as it is here`);
}

async function isListed(path: TargetPath, octets: Uint8Array, { metadata }: Change): Promise<boolean> {
  const digest = await sha256(octets);
  return [...metadata].some(([role, { signed }]) => {
    const file = role === ROOT ? undefined : (signed as Targets).targets.get(path);
    return file?.length === octets.length && file.hashes.get('sha256') === digest;
  });
}

function tampered({ title }: Change, verb: Verb, found: string): ChangeError {
  return new ChangeError(
    'TAMPERED',
    `Cannot ${verb} "${title}": ${found}, so it was changed on its way`,
    'Get the change again from where it was planned; if it stays so, treat it as an attack',
  );
}

/** One change with the signatures of both copies. Throws NOT_THE_SAME. */
export async function joinCopies(one: Change, other: Change): Promise<Change> {
  const roles = new Set([...one.metadata.keys(), ...other.metadata.keys()]);
  const metadata = new Map<RoleName, Document<Root | Targets>>();
  for (const role of roles) {
    const [mine, theirs] = [one.metadata.get(role), other.metadata.get(role)];
    if (mine === undefined || theirs === undefined || !equalOctets(mine.signedOctets, theirs.signedOctets))
      throw notTheSame(one, `what is signed as ${role} is not the same in both`);
    const known = new Set(mine.signatures.map(({ keyId }) => keyId));
    const further = theirs.signatures.filter(({ keyId }) => !known.has(keyId));
    metadata.set(
      role,
      further.length === 0 ? mine : await withSignatures(role, mine, [...mine.signatures, ...further]),
    );
  }
  if (one.library !== other.library) throw notTheSame(one, 'they name different libraries');
  return { ...one, metadata, targets: new Map([...other.targets, ...one.targets]) };
}

function notTheSame({ title }: Change, reason: string): ChangeError {
  return new ChangeError(
    'NOT_THE_SAME',
    `Cannot join the two copies of "${title}": ${reason}`,
    'Have one of them signed again by the holders who signed the other',
  );
}

function libraryInWords(library: string | undefined): string {
  return library === undefined ? 'no library yet' : `library ${library.slice(0, 12)}`;
}
