// What does the library say about who may read it, and what may a holder's ring hold?
//
// Rules
// - A party's ring holds, for each grant, every epoch of its use; a grant that has ended, those until its last.
// - The gateway's holds the current epoch of `images` and nothing else.
// - The escrow ring holds every epoch of both uses: from it every other ring is made.

import {
  CREDENTIALS_PATH,
  type Credentials,
  credentialsFile,
  currentKey,
  GATEWAY,
  GRANTS_PATH,
  type Granted,
  type Grants,
  grantsFile,
  type PublishedReadKey,
  RECIPIENTS_PATH,
  type ReadKeyUse,
  type Recipients,
  recipientsFile,
} from '@cfl/client/access';
import { PARTIES_PATH, partyRegister, type Register } from '@cfl/client/firmware';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';

export interface Access {
  readonly recipients: Recipients;
  readonly grants: Grants;
  readonly credentials: Credentials;
}

/** Undefined before read access has begun. */
export async function readAccess(published: Pick<Published, 'read'>): Promise<Access | undefined> {
  const octets = await published.read(RECIPIENTS_PATH);
  if (octets === undefined) return undefined;
  return {
    recipients: recipientsFile.parse(octets),
    grants: grantsFile.parse(await there(published, GRANTS_PATH)),
    credentials: credentialsFile.parse(await there(published, CREDENTIALS_PATH)),
  };
}

/** Throws ChangeError NO_READ_KEYS before read access has begun. */
export async function readAccessBegun(published: Pick<Published, 'read'>): Promise<Access> {
  const access = await readAccess(published);
  if (access === undefined) throw noReadKeys();
  return access;
}

export function noReadKeys(): ChangeError {
  return new ChangeError(
    'NO_READ_KEYS',
    'Cannot go on: the library has no read keys yet',
    'The registrar begins read access: cfl-repo party keys --escrow FILE --gateway FILE',
  );
}

async function there(published: Pick<Published, 'read'>, path: string): Promise<Uint8Array> {
  const octets = await published.read(path);
  if (octets !== undefined) return octets;
  throw new ChangeError(
    'NO_READ_KEYS',
    `Cannot go on: the library has read keys and no ${path}`,
    'Tell the registrar: the last change of read access was not whole',
  );
}

export async function readRegister(published: Pick<Published, 'read'>): Promise<Register> {
  const octets = await published.read(PARTIES_PATH);
  return octets === undefined ? { format: 'cfl/register/1', parties: [] } : partyRegister.parse(octets);
}

/** Which epochs the ring of this holder holds, in the order of the recipients. */
export function epochsOf(holder: Granted, { keys }: Recipients): readonly PublishedReadKey[] {
  return keys.filter(({ use, epoch, until }) => {
    if (holder.holder === GATEWAY) return use === 'images' && until === undefined;
    return holder.grants.some(
      (grant) => grant.use === use && (grant.lastEpoch === undefined || epoch <= grant.lastEpoch),
    );
  });
}

export function currentEpoch(recipients: Recipients, use: ReadKeyUse): PublishedReadKey {
  const current = currentKey(recipients, use);
  if (current === undefined) throw new TypeError(`There is a current epoch of ${use}`);
  return current;
}

/** The uses that a holder may read today. */
export function openUses(holder: Granted | undefined): readonly ReadKeyUse[] {
  return (holder?.grants ?? []).filter(({ until }) => until === undefined).map(({ use }) => use);
}
