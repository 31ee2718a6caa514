// Applying: may this change be published upon what is there, and what becomes visible then?
//
// Rules
// - It is a change of this library, made upon the versions that are there now, one version further.
// - Every role file is signed by as many keys as its delegator asks for.
// - Nothing published is taken away or replaced. What may be replaced are the few files that say what is
//   true today: the register, the CPL's index, the catalogue and the recipients.
// - No delegation is taken away.

import { type Document, ROOT, type RoleName, type Root, type Targets } from '@cfl/client/tuf';
import type { Publication } from '../deploy/publish.ts';
import { type Published, presentOf } from '../deploy/state.ts';
import type { Change } from './change.ts';
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
  const roles = new Map<RoleName, Document<Root | Targets>>();
  for (const [role, document] of change.metadata) {
    const before = role === ROOT ? published?.trusted.root : await published?.role(role);
    refuseMoved(change, role, document, before);
    if (role !== ROOT)
      refuseLoss(change, role, document as Document<Targets>, before as Document<Targets> | undefined);
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
  throw new ChangeError(
    'BASE_MOVED',
    `Cannot apply "${change.title}": ${role} is at version ${present}, this change was made upon version ${upon ?? 'none'} and brings ${document.signed.version}`,
    'Plan the change again upon what is there now, and have it signed again',
  );
}

function refuseLoss(
  change: Change,
  role: RoleName,
  document: Document<Targets>,
  before: Document<Targets> | undefined,
): void {
  for (const [path, file] of before?.signed.targets ?? []) {
    const after = document.signed.targets.get(path);
    if (
      after !== undefined &&
      (after.hashes.get('sha256') === file.hashes.get('sha256') || REPLACEABLE.test(path))
    )
      continue;
    throw new ChangeError(
      'NOT_A_CHANGE',
      `Cannot apply "${change.title}": ${role} ${after === undefined ? 'no longer lists' : 'replaces'} ${path}`,
      'Nothing published is taken away or replaced. Plan the change again',
    );
  }
  const names = new Set(document.signed.delegations?.roles.map(({ name }) => name));
  const gone = before?.signed.delegations?.roles.find(({ name }) => !names.has(name));
  if (gone === undefined) return;
  throw new ChangeError(
    'NOT_A_CHANGE',
    `Cannot apply "${change.title}": ${role} no longer delegates to ${gone.name}`,
    'No role ever leaves the library. Plan the change again',
  );
}

function describe(library: string | undefined): string {
  return library === undefined ? 'no library yet' : `library ${library.slice(0, 12)}`;
}
