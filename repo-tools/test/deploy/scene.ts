// What these tests publish, and how they read it: keys that may come from files, changes signed in full, and a
// reader that starts at the first root and reads every file of the library.

import { sha256 } from '@cfl/client/encoding';
import { parseManufacturerCode, parsePartyId } from '@cfl/client/firmware';
import type { Signer } from '@cfl/client/keys';
import { folderRepository, memoryCache } from '@cfl/client/library';
import {
  type Cache,
  Client,
  parseRoleName,
  parseTargetPath,
  type RoleName,
  type TargetPath,
  UnreachableError,
} from '@cfl/client/tuf';
import { planFirstRoot } from '../../src/ceremony/found.ts';
import { planParty } from '../../src/ceremony/party.ts';
import { CEREMONY_ROLES, type CeremonyRole, type RoleHolders } from '../../src/ceremony/roles.ts';
import { planPublication } from '../../src/change/apply.ts';
import type { Change } from '../../src/change/change.ts';
import { revise } from '../../src/change/plan.ts';
import { authoritiesOf, type Present, signChange } from '../../src/change/sign.ts';
import {
  type OnlineSigners,
  type Place,
  type Published,
  presentOf,
  publish,
  writing,
} from '../../src/deploy/index.ts';
import { NOW, signersOf } from '../fixture.ts';

export type Keys = Readonly<Record<CeremonyRole, readonly Signer[]>>;

const THREE: readonly string[] = ['root', 'targets', 'registrar'];

/** Three keys for the roles that need two signatures, one for the others. */
export async function keys(make: (role: string) => Promise<Signer> = oneInMemory): Promise<Keys> {
  const made: Record<string, readonly Signer[]> = {};
  for (const role of CEREMONY_ROLES) {
    const names = THREE.includes(role) ? [`${role}-1`, `${role}-2`, `${role}-3`] : [role];
    made[role] = await Promise.all(names.map(make));
  }
  return made as Keys;
}

async function oneInMemory(): Promise<Signer> {
  const [signer] = await signersOf(1);
  return signer as Signer;
}

export function onlineOf(held: Keys): OnlineSigners {
  return { snapshot: held.snapshot[0] as Signer, timestamp: held.timestamp[0] as Signer };
}

export function holdersOf(held: Keys): Readonly<Record<CeremonyRole, RoleHolders>> {
  const holders: Record<string, RoleHolders> = {};
  for (const role of CEREMONY_ROLES)
    holders[role] = { keys: held[role].map(({ key }) => key), threshold: THREE.includes(role) ? 2 : 1 };
  return holders as Record<CeremonyRole, RoleHolders>;
}

export async function founding(held: Keys): Promise<Change> {
  const change = await planFirstRoot(
    { name: 'Example Firmware Library', trial: true, holders: holdersOf(held) },
    NOW,
  );
  return signed(change, Object.values(held).flat(), presentOf(undefined));
}

/** With each of the signers that may sign anything of it. */
export async function signed(
  change: Change,
  signers: readonly Signer[],
  present: Present | Published | undefined,
): Promise<Change> {
  const judged = present !== undefined && 'root' in present ? present : presentOf(present);
  let result = change;
  for (const signer of signers) {
    const may = [...change.metadata.keys()].some((role) =>
      authoritiesOf(role, change, judged).some(({ role: { keyIds } }) => keyIds.includes(signer.key.id)),
    );
    if (may) result = (await signChange(result, signer, judged)).change;
  }
  return result;
}

/** Example Meters with the code FFF1, under one of two keys. */
export async function meters(published: Published, held: Keys, own: readonly Signer[]): Promise<Change> {
  const party = {
    id: parsePartyId('example-meters'),
    name: 'Example Meters',
    kinds: ['manufacturer'] as const,
    codes: [parseManufacturerCode('FFF1')],
    role: { keys: own.map(({ key }) => key), threshold: 1 },
    userRoles: [],
    certificates: [],
    eui64: undefined,
    mailbox: undefined,
  };
  const change = await planParty(party, published, NOW);
  return signed(change, [...Object.values(held).flat(), ...own], published);
}

/** New files of one role, signed with these keys. */
export async function listing(
  published: Published,
  text: string,
  files: ReadonlyMap<string, Uint8Array>,
  signers: readonly Signer[],
): Promise<Change> {
  const role = parseRoleName(text);
  const document = await revise(role, await published.role(role), { add: files }, NOW);
  const change: Change = {
    title: `files of ${role}`,
    words: [...files.keys()],
    created: NOW,
    library: published.library,
    upon: new Map([[role, document.signed.version - 1]]),
    metadata: new Map([[role, document]]),
    targets: new Map([...files].map(([path, octets]) => [parseTargetPath(path), octets])),
  };
  return signed(change, signers, published);
}

export function octets(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The files of a made-up release, under their target paths. */
export async function releaseFiles(text: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const release = `firmware/FFF1/${await sha256(octets(text))}`;
  return new Map([
    [`${release}/image.ota`, octets(text)],
    [`${release}/statement-1.sigstore.json`, octets('{}')],
    [`${release}/notes-1.md`, octets(`# ${text}`)],
  ]);
}

/** What `cfl-repo apply` does: one writer's turn. */
export function apply(change: Change, place: Place, online: OnlineSigners, now = NOW): Promise<number> {
  return writing(place, now, async (published) =>
    publish(await planPublication(change, published), { place, published, online, now }),
  );
}

export interface Reading {
  readonly version: number;
  readonly roles: ReadonlyMap<RoleName, number>;
  readonly files: ReadonlyMap<TargetPath, Uint8Array>;
}

/** Every role and every file, verified from the first root; undefined where no library shows yet. */
export async function readWhole(
  place: Place,
  root: Uint8Array,
  cache: Cache = memoryCache(),
): Promise<Reading | undefined> {
  const repository = folderRepository(place.metadata, place.targets);
  const client = new Client({ root, repository, cache, now: NOW });
  const trusted = await client.refresh().catch((error: unknown) => {
    if (error instanceof UnreachableError && error.message.includes('timestamp.json')) return undefined;
    throw error;
  });
  if (trusted === undefined) return undefined;
  const roles = new Map<RoleName, number>();
  const files = new Map<TargetPath, Uint8Array>();
  for (const { name } of trusted.targets.signed.delegations?.roles ?? []) {
    const document = await client.role(name);
    roles.set(name, document.signed.version);
    for (const path of document.signed.targets.keys()) {
      const found = await client.find(path);
      if (found === undefined) throw new Error(`${path} is listed and not found`);
      files.set(path, await client.read(found));
    }
  }
  return { version: trusted.snapshot.signed.version, roles, files };
}
