// Applying: may this change be published upon what is there, and what becomes visible then?
//
// Rules
// - It is a change of this library, made upon the versions that are there now, one version further.
// - Every role file is signed by as many keys as its delegator asks for.
// - Nothing published is taken away or replaced. What may be replaced are the few files that say what is
//   true today: the register, the CPL's index, the catalogue and the recipients.
// - No delegation is taken away, nor what it covers, and none comes before those that were there: targets
//   delegates and lists no file, the others list files and delegate to nobody.

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
import type { Change } from './change.ts';
import { differenceOf } from './difference.ts';
import { ChangeError } from './errors.ts';
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
  for (const [role, document] of change.metadata) {
    const before = role === ROOT ? published?.trusted.root : await published?.role(role);
    refuseMoved(change, role, document, before);
    if (role !== ROOT) {
      const lost = lossOf(role, document.signed as Targets, before?.signed as Targets | undefined);
      if (lost !== undefined) throw notAChange(change, `${role} ${lost}`);
    }
    roles.set(role, document);
  }
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

/** What the next version of a role must not do, as the end of a sentence; undefined where it does nothing of it. */
function lossOf(role: RoleName, after: Targets, before: Targets | undefined): string | undefined {
  const { changed, gone } = differenceOf(before, after);
  if (gone[0] !== undefined) return `no longer lists ${gone[0]}`;
  const replaced = changed.find((path) => !REPLACEABLE.test(path));
  if (replaced !== undefined) return `replaces ${replaced}`;
  if (role === TARGETS) {
    const [listed] = after.targets.keys();
    if (listed !== undefined) return `lists ${listed}, expected delegations alone`;
    return lossOfDelegations(after.delegations?.roles ?? [], before?.delegations?.roles ?? []);
  }
  const delegated = after.delegations?.roles[0];
  return delegated && `delegates to ${delegated.name}, expected files alone`;
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
