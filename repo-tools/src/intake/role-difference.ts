// In what do the submitted files of a manufacturer's role differ from the versions that they were signed upon?
//
// The role and its bins are looked at together, since an entry may stand in any of them and, when the role is
// split, moves from one to another. What counts is that together they list what they listed before and what
// was submitted, each path in the file where readers look for it, under delegations that follow from the
// number of bins alone.
//
// Read from the JSON itself, not from what our types keep of it: a member that we do not know is a
// difference too. An entry counts as added if it says of a submitted file exactly its length and SHA-256,
// also where the former version lists the same: bringing a file again is a question for other rules.

import type { RoleDifference, RoleFileFact } from '@cfl/client/admission';
import { canonicalText, type Json, type JsonObject, parseJson, sha256 } from '@cfl/client/encoding';
import {
  type Authority,
  type DelegatedRole,
  type Delegations,
  type Document,
  type RoleName,
  type TargetPath,
  type Targets,
  verifyThreshold,
} from '@cfl/client/tuf';
import { binsIn, binsNeeded, delegatesToBins, delegationsText, filesOf, placeOf } from '../change/bins.ts';

export interface RoleFiles {
  /** The role of the manufacturer code. */
  readonly role: RoleName;
  /** Its keys, as the library delegates to it; undefined where it does not. */
  readonly authority: Authority | undefined;
  /** The role and the bins that were submitted. */
  readonly submitted: readonly SubmittedRole[];
  /** The role itself as the library has it; for the number of bins where it was not submitted. */
  readonly head: Document<Targets> | undefined;
  /** The files of the submission that this role should list. */
  readonly files: ReadonlyMap<TargetPath, Uint8Array>;
  /** Where signatures are yet to be made: whether they will. */
  readonly willSign?: boolean;
}

export interface SubmittedRole {
  readonly name: RoleName;
  readonly document: Document<Targets>;
  /** The version that it was signed upon, and that version's file; undefined where the library has none. */
  readonly base: number;
  readonly former: Document<Targets> | undefined;
  /** The newest version; 0 where there is none. */
  readonly current: number;
}

export async function roleDifference(given: RoleFiles): Promise<RoleDifference> {
  const { role, authority, submitted, files } = given;
  const own = submitted.find(({ name }) => name === role);
  const [formerHead, head] = [own === undefined ? given.head : own.former, own?.document ?? given.head];
  const [before, after] = [binsIn(formerHead?.signed), binsIn(head?.signed)];
  const parts = submitted.map((one) => ({ ...one, ...partsOf(one.document) }));
  const formerEntries = entriesOf(
    submitted.flatMap(({ former }) => (former === undefined ? [] : [partsOf(former)])),
  );
  const entries = entriesOf(parts);
  const rest = formerHead === undefined ? undefined : partsOf(formerHead).rest;
  const complete =
    before === after || filesOf(role, after).every((name) => submitted.some((one) => one.name === name));
  const listed = submitted.flatMap(({ document }) => [...document.signed.targets]);
  return {
    role,
    files: await Promise.all(submitted.map((one) => fileFact(one, given))),
    bins: { found: after, expected: binsNeeded(role, listed, before) },
    ...(await differences(formerEntries, entries, files)),
    misplaced: parts.flatMap(({ name, entries: own }) =>
      [...own.keys()].filter((path) => placeOf(path, role, after) !== name),
    ),
    delegationsChanged:
      !complete ||
      !parts.every((one) => one.rest === (rest ?? one.rest)) ||
      !parts.every(({ name, document: { signed }, delegations }) =>
        name === role && authority !== undefined
          ? delegatesToBins(role, signed.delegations, authority) && isPlain(delegations, signed)
          : delegations === undefined,
      ),
  };
}

type Lists = Pick<RoleDifference, 'foreign' | 'lacking' | 'removed' | 'changed'>;

async function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  files: ReadonlyMap<TargetPath, Uint8Array>,
): Promise<Lists> {
  const brought = new Map<string, string>();
  for (const [path, octets] of files) brought.set(path, await entryFor(octets));
  const foreign: string[] = [];
  const changed: string[] = [];
  for (const [path, entry] of after) {
    const old = before.get(path);
    if (old === undefined && !brought.has(path)) foreign.push(path);
    else if (old !== undefined && old !== entry) changed.push(path);
  }
  return {
    foreign,
    changed,
    lacking: [...brought].filter(([path, entry]) => after.get(path) !== entry).map(([path]) => path),
    removed: [...before.keys()].filter((path) => !after.has(path)),
  };
}

/** All entries, by path; one that stands twice is noticed as misplaced. */
function entriesOf(parts: readonly Pick<Parts, 'entries'>[]): ReadonlyMap<string, string> {
  return new Map(parts.flatMap(({ entries }) => [...entries]));
}

interface Parts {
  /** Each as canonical text. */
  readonly entries: ReadonlyMap<string, string>;
  readonly delegations: Json | undefined;
  /** Everything else but the version and the expiry. */
  readonly rest: string;
}

function partsOf(document: Document<Targets>): Parts {
  const { signed } = parseJson(document.octets) as { readonly signed: JsonObject };
  const { targets, version, expires, delegations, ...rest } = signed;
  const entries = Object.entries(targets as JsonObject).map(
    ([path, entry]) => [path, canonicalText(entry)] as const,
  );
  return { entries: new Map(entries), delegations, rest: canonicalText(rest) };
}

/** Whether the delegations say nothing that our types leave out. */
function isPlain(delegations: Json | undefined, signed: Targets): boolean {
  return delegations === undefined || canonicalText(delegations) === delegationsText(signed.delegations);
}

async function entryFor(octets: Uint8Array): Promise<string> {
  const entry: Json = { length: octets.length, hashes: { sha256: await sha256(octets) } };
  return canonicalText(entry);
}

async function fileFact(
  { name, document, base, current }: SubmittedRole,
  { authority, willSign }: RoleFiles,
): Promise<RoleFileFact> {
  return {
    name,
    version: document.signed.version,
    base,
    current,
    octets: document.octets.length,
    signed: willSign ?? (await isSigned(document, name, authority)),
  };
}

export function delegationOf(
  delegations: Delegations | undefined,
  role: RoleName,
): DelegatedRole | undefined {
  return delegations?.roles.find(({ name }) => name === role);
}

/** By as many of the role's keys as the present delegation asks for. */
async function isSigned(
  document: Document<Targets>,
  role: RoleName,
  authority: Authority | undefined,
): Promise<boolean> {
  if (authority === undefined) return false;
  try {
    await verifyThreshold(document, authority.role, authority.keys, role);
    return true;
  } catch {
    return false;
  }
}
