// Applying: may this change be published upon what is there, and what becomes visible then?
//
// Rules
// - It is a change of this library, made upon the versions that are there now, one version further.
// - Every role file is signed by as many keys as its delegator asks for.
// - Nothing published is taken away or replaced. What may be replaced are the few files that say what is
//   true today: the register, the CPL's index, the catalogue and the recipients. The register keeps what it
//   said (register.ts), recipients and grants keep what they said, and rings fit them (access.ts).
// - No delegation is taken away, nor what it covers, and none comes before those that were there: targets
//   delegates and lists no file, the others list files and delegate to nobody but their own bins. An entry
//   moves from a role or bin to another bin only as it is, and only into the one where readers look for it.

import { canonicalText, equalOctets } from '@cfl/client/encoding';
import {
  type DelegatedRole,
  type Document,
  ROOT,
  type RoleName,
  type Root,
  TARGETS,
  type Targets,
} from '@cfl/client/tuf';
import type { Publication } from '../deploy/publish.ts';
import { type Published, presentOf } from '../deploy/state.ts';
import { accessFault } from './access.ts';
import { binsIn, delegatesToBins, familyOf, filesOf, placeOf } from './bins.ts';
import type { Change } from './change.ts';
import { differenceOf, isSame } from './difference.ts';
import { ChangeError } from './errors.ts';
import { registerLoss } from './register.ts';
import { verifyFullySigned } from './sign.ts';

const REPLACEABLE = /^(register\/[^/]+|cpl\/index\.json|catalogue\/[^/]+|access\/[^/]+)$/;

export async function planPublication(
  change: Change,
  published: Published | undefined,
): Promise<Publication> {
  if (change.library !== published?.library) {
    throw new ChangeError(
      'OTHER_LIBRARY',
      `Cannot apply "${change.title}": it belongs to ${describe(change.library)}, this is ${describe(published?.library)}`,
      'Apply it where it was planned',
    );
  }
  if (change.metadata.size === 0) throw notAChange(change, 'it brings no role file');
  const roles = new Map<RoleName, Document<Root | Targets>>();
  const before = new Map<RoleName, Document<Root | Targets> | undefined>();
  for (const [role, document] of change.metadata) {
    before.set(role, role === ROOT ? published?.trusted.root : await published?.role(role));
    refuseMoved(change, role, document, before.get(role));
    roles.set(role, document);
  }
  const targets = (change.metadata.get(TARGETS) ?? published?.trusted.targets)?.signed as Targets | undefined;
  const families = new Set([...change.metadata.keys()].map(familyOf));
  families.delete(ROOT);
  for (const family of families) {
    const files = [...change.metadata].flatMap(([role, { signed }]) =>
      familyOf(role) === family
        ? [{ role, after: signed as Targets, before: before.get(role)?.signed as Targets | undefined }]
        : [],
    );
    const head = files.find(({ role }) => role === family)?.after ?? (await published?.role(family))?.signed;
    const lost = lossOf({ family, head, files, targets });
    if (lost !== undefined) throw notAChange(change, lost);
    if (family === TARGETS) continue;
    for (const name of filesOf(family, binsIn(head)))
      if (!change.metadata.has(name) && published?.trusted.snapshot.signed.meta.has(name) !== true)
        throw notAChange(change, `${family} delegates to ${name}, which has no file`);
  }
  const unregistered = (await registerLoss(change, published)) ?? (await accessFault(change, published));
  if (unregistered !== undefined) throw notAChange(change, unregistered);
  await verifyFullySigned(change, presentOf(published));
  return { roles, targets: change.targets };
}

function refuseMoved(
  change: Change,
  role: RoleName,
  document: Document<Root | Targets>,
  before: Document<Root | Targets> | undefined,
): void {
  const present = before?.signed.version ?? 0;
  const upon = change.upon.get(role);
  if (upon === present && document.signed.version === present + 1) return;
  if (before !== undefined && equalOctets(document.octets, before.octets)) {
    throw new ChangeError(
      'BASE_MOVED',
      `Cannot apply "${change.title}": ${role} version ${present} of it is published already`,
      'Nothing to do, unless another part of it is missing: then plan that again',
    );
  }
  throw new ChangeError(
    'BASE_MOVED',
    `Cannot apply "${change.title}": ${role} is at version ${present}, this change was made upon version ${upon ?? 'none'} and brings ${document.signed.version}`,
    'Plan the change again upon what is there now, and have it signed again',
  );
}

interface FamilyChange {
  readonly family: RoleName;
  /** The role itself as it will be. */
  readonly head: Targets | undefined;
  readonly files: readonly RoleChange[];
  /** The delegations as they will be. */
  readonly targets: Targets | undefined;
}

interface RoleChange {
  readonly role: RoleName;
  readonly after: Targets;
  readonly before: Targets | undefined;
}

/** What the next versions of a role and its bins must not do, as a sentence; undefined where they do nothing of it. */
function lossOf({ family, head, files, targets }: FamilyChange): string | undefined {
  const bins = family === TARGETS ? 1 : binsIn(head);
  const listed = new Map(files.flatMap(({ after }) => [...after.targets]));
  for (const { role, after, before } of files) {
    const { added, changed, gone } = differenceOf(before, after);
    const lost = gone.find((path) => !isSame(before?.targets.get(path), listed.get(path)));
    if (lost !== undefined) return `${role} no longer lists ${lost}`;
    const replaced = changed.find((path) => !REPLACEABLE.test(path));
    if (replaced !== undefined) return `${role} replaces ${replaced}`;
    const elsewhere = added.find((path) => placeOf(path, family, bins) !== role);
    if (elsewhere !== undefined)
      return `${role} lists ${elsewhere}, expected in ${placeOf(elsewhere, family, bins)}`;
    const delegated = role === TARGETS ? undefined : lossOfBins(role, after, before, targets);
    if (delegated !== undefined) return `${role} ${delegated}`;
    if (role !== TARGETS) continue;
    const [own] = after.targets.keys();
    if (own !== undefined) return `${role} lists ${own}, expected delegations alone`;
    const loss = lossOfDelegations(after.delegations?.roles ?? [], before?.delegations?.roles ?? []);
    if (loss !== undefined) return `${role} ${loss}`;
  }
  return undefined;
}

function lossOfBins(
  role: RoleName,
  after: Targets,
  before: Targets | undefined,
  targets: Targets | undefined,
): string | undefined {
  const delegation = targets?.delegations?.roles.find(({ name }) => name === role);
  const authority = {
    role: delegation ?? { keyIds: [], threshold: 1 },
    keys: targets?.delegations?.keys ?? new Map(),
  };
  if (!delegatesToBins(role, after.delegations, authority))
    return `delegates to ${after.delegations?.roles[0]?.name}, expected files alone, or its bins under its own keys`;
  if (binsIn(after) < binsIn(before)) return `has ${binsIn(after)} bins, it had ${binsIn(before)}`;
  return undefined;
}

function lossOfDelegations(
  after: readonly DelegatedRole[],
  before: readonly DelegatedRole[],
): string | undefined {
  const gone = before.find(({ name }) => !after.some((one) => one.name === name));
  if (gone !== undefined) return `no longer delegates to ${gone.name}`;
  for (const [i, { name, covers, terminating }] of before.entries()) {
    const now = after[i];
    if (now?.name !== name) return `sends a reader to ${now?.name} before ${name}`;
    if (now.terminating !== terminating || canonicalText(now.covers) !== canonicalText(covers))
      return `changes which files ${name} may list`;
  }
  return undefined;
}

function notAChange({ title }: Change, reason: string): ChangeError {
  return new ChangeError(
    'NOT_A_CHANGE',
    `Cannot apply "${title}": ${reason}`,
    'Nothing published is taken away or replaced. Plan the change again',
  );
}

function describe(library: string | undefined): string {
  return library === undefined ? 'no library yet' : `library ${library.slice(0, 12)}`;
}
