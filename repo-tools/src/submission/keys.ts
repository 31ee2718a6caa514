// Which of a party's keys are at hand? Of a role's keys as many are opened as it needs, so a lost one is no obstacle.

import { readFile } from 'node:fs/promises';
import {
  readCertificateFile,
  type SignOptions,
  signStatement,
  timestampAuthority,
} from '@cfl/client/evidence';
import {
  KeyError,
  keyFileOf,
  nameOfKey,
  type OpenSignerOptions,
  openSigner,
  publicPath,
  readPublicKey,
  type Signer,
} from '@cfl/client/keys';
import type { DelegatedRole, PublicKey, RoleName } from '@cfl/client/tuf';
import { ChangeError } from '../change/errors.ts';
import type { PublishSettings } from './settings.ts';

/** Asks for the passphrase of a key, named as the settings name it. */
export type AskFor = (uri: string) => Promise<string>;

export interface KeyRing {
  readonly base: string;
  readonly keys: PublishSettings['keys'];
  readonly ask: AskFor;
}

/** Relative paths are relative to the settings, not to where the program runs. */
export function openKey(
  uri: string,
  { base, ask }: Pick<KeyRing, 'base' | 'ask'>,
  options: Pick<OpenSignerOptions, 'use'> = {},
): Promise<Signer> {
  return openSigner(uri, { base, passphrase: () => ask(uri), ...options });
}

/** Signs a statement as this party, and returns the bundle. */
export type SignStatement = (statement: Uint8Array) => Promise<Uint8Array>;

/** With the key and the certificate that the settings name, stamped by their time authority. Opens the key once. */
export function statementSigner(ring: KeyRing): SignStatement {
  let opened: Promise<SignOptions> | undefined;
  return async (statement) => {
    opened ??= openForStatements(ring);
    return signStatement(statement, await opened);
  };
}

async function openForStatements(ring: KeyRing): Promise<SignOptions> {
  const { statement, certificate, timeAuthority } = ring.keys;
  if (certificate === undefined || timeAuthority === undefined)
    throw new ChangeError(
      'NOT_A_SIGNER',
      `Cannot sign a statement: publish.json, "keys", names no "${certificate === undefined ? 'certificate' : 'timeAuthority'}"`,
      'Say there where the certificate of your statement key is, and the address of a time authority',
    );
  const octets = await readFile(keyFileOf(certificate, ring.base) ?? certificate);
  return {
    signer: await openKey(statement, ring, { use: 'evidence' }),
    certificate: new Uint8Array(readCertificateFile(octets).x509.raw),
    witness: timestampAuthority(timeAuthority),
  };
}

/** The public part of a key, from the file beside it where there is one. */
export async function publicPart(uri: string, ring: KeyRing): Promise<PublicKey> {
  const path = keyFileOf(uri, ring.base);
  if (path === undefined) return (await openKey(uri, ring)).key;
  try {
    return await readPublicKey(publicPath(path));
  } catch (error) {
    if (error instanceof KeyError && error.code === 'NOT_FOUND') return (await openKey(uri, ring)).key;
    throw error;
  }
}

/** How many of the role's keys this party seems to have, without opening any. */
export async function keysAtHand(role: DelegatedRole | undefined, ring: KeyRing): Promise<number> {
  let count = 0;
  for (const uri of urisOf(role?.name, ring)) {
    const key = await publicPart(uri, ring).catch(undefinedIfLost);
    if (key !== undefined && role?.keyIds.includes(key.id)) count++;
  }
  return count;
}

/** Opened signers of the role, as many as its threshold where there are so many; at least one. */
export async function openRoleKeys(role: DelegatedRole, ring: KeyRing): Promise<readonly Signer[]> {
  const signers: Signer[] = [];
  const without: string[] = [];
  for (const uri of urisOf(role.name, ring)) {
    if (signers.length >= role.threshold) break;
    try {
      const signer = await openKey(uri, ring);
      if (role.keyIds.includes(signer.key.id)) signers.push(signer);
      else without.push(`${nameOfKey(uri)}: not a key of this role`);
    } catch (error) {
      if (undefinedIfLost(error) === undefined) without.push(`${nameOfKey(uri)}: it does not exist`);
    }
  }
  if (signers.length > 0) return signers;
  throw new ChangeError(
    'NOT_A_SIGNER',
    `Cannot sign ${role.name}: none of its ${role.keyIds.length} keys could be opened${without.length === 0 ? '' : ` (${without.join('; ')})`}`,
    `Say in publish.json, "keys", where the keys of "${role.name}" are`,
  );
}

function urisOf(role: RoleName | undefined, { keys }: KeyRing): readonly string[] {
  return (role && keys.roles.get(role)) ?? [];
}

/** A key file that is gone is lost; one that is there and cannot be opened is a mistake to correct. */
function undefinedIfLost(error: unknown): undefined {
  if (error instanceof KeyError && error.code === 'NOT_FOUND') return undefined;
  throw error;
}
