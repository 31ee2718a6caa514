// Renewal: the same again, signed anew, before it ends.
//
//   renewHere   what is due among the roles whose keys lie on this machine: gate and catalogue with their bins,
//               the snapshot, and every day the timestamp. For a scheduler: it asks nobody.
//   planRenewal a change that signs roles of people again, for their holders to sign
//
// Nothing is added or taken away in either. A key that is not on this machine is passed over: the timestamp's
// may live alone, with its daily job.

import type { Signer } from '@cfl/client/keys';
import {
  type Document,
  encodeDocument,
  encodeRoot,
  parseRoot,
  ROOT,
  type RoleName,
  type Root,
  SNAPSHOT,
  TARGETS,
  type Targets,
  TIMESTAMP,
} from '@cfl/client/tuf';
import { binsIn, filesOf } from '../change/bins.ts';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { expiry, revise } from '../change/plan.ts';
import { signDocument } from '../change/sign.ts';
import { type Place, type Published, publish, renewTimestamp } from '../deploy/index.ts';
import { DELEGATED_HERE, isDue, isRenewedHere } from './due.ts';

export interface Renewed {
  readonly role: RoleName;
  readonly version: number;
  readonly expires: Date;
}

export interface RenewHereOptions {
  readonly place: Place;
  readonly published: Published;
  /** The signer of a role, where its key lies here. */
  readonly signer: (role: RoleName) => Promise<Signer | undefined>;
  readonly now: Date;
}

/** What was renewed; nothing where nothing was due. The lock is held. */
export async function renewHere(options: RenewHereOptions): Promise<readonly Renewed[]> {
  const { published, now, place } = options;
  const { snapshot, timestamp } = published.trusted;
  const roles = await dueRoles(options);
  const isSnapshotDue = roles.size > 0 || isDue(SNAPSHOT, snapshot.signed.expires, now);
  if (!isSnapshotDue && !isDue(TIMESTAMP, timestamp.signed.expires, now)) return [];
  const stamping = await options.signer(TIMESTAMP);
  if (stamping === undefined) return [];
  const listing = isSnapshotDue ? await options.signer(SNAPSHOT) : undefined;
  if (listing === undefined) await renewTimestamp({ place, published, online: { timestamp: stamping }, now });
  else
    await publish(
      { roles, targets: new Map() },
      { place, published, online: { snapshot: listing, timestamp: stamping }, now },
    );
  return [
    ...(listing === undefined ? [] : [...roles].map(([role, { signed }]) => renewed(role, signed))),
    ...(listing === undefined ? [] : [next(SNAPSHOT, snapshot.signed.version, now)]),
    next(TIMESTAMP, timestamp.signed.version, now),
  ];
}

function renewed(role: RoleName, { version, expires }: Targets): Renewed {
  return { role, version, expires };
}

function next(role: RoleName, version: number, now: Date): Renewed {
  return { role, version: version + 1, expires: expiry(role, now) };
}

async function dueRoles({
  published,
  signer,
  now,
}: RenewHereOptions): Promise<ReadonlyMap<RoleName, Document<Targets>>> {
  const roles = new Map<RoleName, Document<Targets>>();
  for (const family of DELEGATED_HERE) {
    const due = (await familyFiles(published, family)).filter(([role, { signed }]) =>
      isDue(role, signed.expires, now),
    );
    if (due.length === 0) continue;
    const key = await signer(family);
    if (key === undefined) continue;
    for (const [role, present] of due)
      roles.set(role, await signDocument(role, await revise(role, present, {}, now), key));
  }
  return roles;
}

/** A role and its bins, as far as they are published. */
export async function familyFiles(
  published: Published,
  family: RoleName,
): Promise<readonly (readonly [RoleName, Document<Targets>])[]> {
  const head = await published.role(family);
  const files: [RoleName, Document<Targets>][] = [];
  for (const role of head === undefined ? [] : filesOf(family, binsIn(head.signed))) {
    const document = role === family ? head : await published.role(role);
    if (document !== undefined) files.push([role, document]);
  }
  return files;
}

/** Throws BAD_INPUT for a role that nobody needs to be asked about, or that is not there. */
export async function planRenewal(
  roles: readonly RoleName[],
  published: Published,
  now: Date,
): Promise<Change> {
  const metadata = new Map<RoleName, Document<Root | Targets>>();
  const upon = new Map<RoleName, number>();
  for (const family of roles) {
    for (const [role, present] of await presentFiles(published, family)) {
      const after = role === ROOT ? await nextRoot(present as Document<Root>, now) : undefined;
      metadata.set(role, after ?? (await revise(role, present as Document<Targets>, {}, now)));
      upon.set(role, present.signed.version);
    }
  }
  return {
    title: `renewal of ${roles.join(', ')}`,
    words: [...metadata].map(
      ([role, { signed }]) => `${role} is signed again, until ${signed.expires.toISOString().slice(0, 10)}`,
    ),
    created: now,
    library: published.library,
    upon,
    metadata,
    targets: new Map(),
  };
}

async function presentFiles(
  published: Published,
  family: RoleName,
): Promise<readonly (readonly [RoleName, Document<Root | Targets>])[]> {
  if (family === ROOT) return [[ROOT, published.trusted.root]];
  if (family === TARGETS) return [[TARGETS, published.trusted.targets]];
  const files = isRenewedHere(family) ? [] : await familyFiles(published, family);
  if (files.length > 0) return files;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot plan the renewal of "${family}": ${isRenewedHere(family) ? 'it is signed here' : 'the library has no such role'}`,
    isRenewedHere(family) ? 'Run: cfl-repo renew' : 'Name one that cfl-repo status lists',
  );
}

async function nextRoot({ signed }: Document<Root>, now: Date): Promise<Document<Root>> {
  const next = { ...signed, version: signed.version + 1, expires: expiry(ROOT, now) };
  return parseRoot(encodeDocument(encodeRoot(next), []), ROOT);
}
