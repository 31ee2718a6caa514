// In what does a submitted role file differ from the version that it was signed upon?
//
// Read from the JSON itself, not from what our types keep of it: a member that we do not know is a
// difference too. An entry counts as added if it says of a submitted file exactly its length and SHA-256,
// also where the former version lists the same: bringing a file again is a question for other rules.

import type { RoleDifference } from '@cfl/client/admission';
import { canonicalText, type Json, type JsonObject, parseJson, sha256 } from '@cfl/client/encoding';
import type { DelegatedRole, Delegations, Document, RoleName, TargetPath, Targets } from '@cfl/client/tuf';
import { verifyThreshold } from '@cfl/client/tuf';

export interface RoleFiles {
  readonly role: RoleName;
  readonly submitted: Document<Targets>;
  /** The version that it was signed upon, and that version's file; undefined where the library has none. */
  readonly base: number;
  readonly former: Document<Targets> | undefined;
  /** The newest version; 0 where there is none. */
  readonly current: number;
  /** The files of the submission that this role should list. */
  readonly files: ReadonlyMap<TargetPath, Uint8Array>;
  readonly signed: boolean;
}

export async function roleDifference(files: RoleFiles): Promise<RoleDifference> {
  const { role, submitted, base, former, current, signed } = files;
  const after = partsOf(submitted);
  const before =
    former === undefined ? { entries: new Map<string, string>(), rest: undefined } : partsOf(former);
  const expected = new Map<string, string>();
  for (const [path, octets] of files.files) expected.set(path, await entryFor(octets));
  const added: string[] = [];
  const changed: string[] = [];
  for (const [path, entry] of after.entries) {
    const old = before.entries.get(path);
    const brought = expected.get(path);
    if (brought !== undefined && brought === entry && (old === undefined || old === entry)) added.push(path);
    else if (old === undefined && brought === undefined) added.push(path);
    else if (old !== entry) changed.push(path);
  }
  return {
    role,
    version: submitted.signed.version,
    base,
    current,
    added,
    changed,
    removed: [...before.entries.keys()].filter((path) => !after.entries.has(path)),
    expected: [...expected.keys()],
    delegationsChanged:
      before.rest === undefined ? submitted.signed.delegations !== undefined : after.rest !== before.rest,
    signed,
  };
}

/** The entries, each as canonical text, and everything that is not an entry, the version or the expiry. */
function partsOf(document: Document<Targets>): { entries: ReadonlyMap<string, string>; rest: string } {
  const { signed } = parseJson(document.octets) as { readonly signed: JsonObject };
  const { targets, version, expires, ...rest } = signed;
  const entries = Object.entries(targets as JsonObject).map(
    ([path, entry]) => [path, canonicalText(entry)] as const,
  );
  return { entries: new Map(entries), rest: canonicalText(rest) };
}

async function entryFor(octets: Uint8Array): Promise<string> {
  const entry: Json = { length: octets.length, hashes: { sha256: await sha256(octets) } };
  return canonicalText(entry);
}

export function delegationOf(
  delegations: Delegations | undefined,
  role: RoleName,
): DelegatedRole | undefined {
  return delegations?.roles.find(({ name }) => name === role);
}

/** By as many of the role's keys as the present delegation asks for. */
export async function isSigned(
  document: Document<Targets>,
  role: RoleName,
  delegations: Delegations | undefined,
): Promise<boolean> {
  const delegation = delegationOf(delegations, role);
  if (delegation === undefined || delegations === undefined) return false;
  try {
    await verifyThreshold(document, delegation, delegations.keys, role);
    return true;
  } catch {
    return false;
  }
}
