// The keys of a library that lie on its operator's machine: `private/keys/<name>.pem`, encrypted.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile, openSigner, readPublicKey, type Signer } from '@cfl/client/keys';
import type { PublicKey } from '@cfl/client/tuf';
import { ChangeError } from '../change/errors.ts';
import type { Present } from '../change/sign.ts';
import type { GatewaySigners } from '../deploy/publish.ts';
import { ONLINE_ROLES } from './roles.ts';

export interface KeyFolder {
  readonly path: string;
  /** Asked once: one passphrase opens the folder's keys. */
  readonly passphrase: () => Promise<string>;
}

/** `private/keys` of the library in this folder. */
export function keyFolder(base: string, ask: () => Promise<string>): KeyFolder {
  let asked: Promise<string> | undefined;
  return {
    path: join(base, 'private', 'keys'),
    passphrase() {
      asked ??= ask();
      return asked;
    },
  };
}

/** Makes `<name>.pem` and `<name>.pub`; a file that is there already is never overwritten. */
export async function makeKey(folder: KeyFolder, name: string): Promise<PublicKey> {
  return createKeyFile(join(folder.path, `${name}.pem`), await folder.passphrase());
}

/** The online keys that the library names today; a rotated one lies beside the one before it. */
export async function openGatewaySigners(folder: KeyFolder, present: Present): Promise<GatewaySigners> {
  const [gate, catalogue, snapshot, timestamp] = await Promise.all(
    ONLINE_ROLES.map(async (role) => (await openOnlineSigner(folder, role, present)) ?? notHere(role)),
  );
  if (gate === undefined || catalogue === undefined || snapshot === undefined || timestamp === undefined) {
    throw new TypeError('an online role has no signer');
  }
  return { gate, catalogue, snapshot, timestamp };
}

/** Undefined where none of the role's keys lies in the folder. */
export async function openOnlineSigner(
  folder: KeyFolder,
  role: string,
  { root, targets }: Present,
): Promise<Signer | undefined> {
  const keys =
    role === 'snapshot' || role === 'timestamp'
      ? root?.signed.roles[role]
      : targets?.signed.delegations?.roles.find(({ name }) => name === role);
  const [name] = await namesAmong(folder, new Set(keys?.keyIds));
  return name === undefined ? undefined : open(folder, name);
}

function notHere(role: string): never {
  throw new ChangeError(
    'NOT_A_SIGNER',
    `Cannot sign as ${role}: none of its keys lies in private/keys`,
    'Run it where that key is, or give the role a new key: cfl-repo rotate',
  );
}

function open(folder: KeyFolder, name: string): Promise<Signer> {
  return openSigner(join(folder.path, `${name}.pem`), { passphrase: folder.passphrase });
}

/** The ids of the keys that can sign here. */
export async function keysAtHand(folder: KeyFolder): Promise<ReadonlySet<string>> {
  return new Set((await pairsIn(folder)).map(([, { id }]) => id));
}

/** Those of the folder's keys that are wanted. */
export async function openSignersAmong(
  folder: KeyFolder,
  wanted: ReadonlySet<string>,
): Promise<readonly Signer[]> {
  const signers: Signer[] = [];
  for (const name of await namesAmong(folder, wanted)) signers.push(await open(folder, name));
  return signers;
}

async function namesAmong(folder: KeyFolder, wanted: ReadonlySet<string>): Promise<readonly string[]> {
  const names: string[] = [];
  for (const [name, { id }] of await pairsIn(folder)) if (wanted.has(id)) names.push(name);
  return names;
}

/** Keys of which the private part lies here, too; of a holder elsewhere there is the public one alone. */
async function pairsIn(folder: KeyFolder): Promise<readonly (readonly [string, PublicKey])[]> {
  const files = new Set(await readdir(folder.path).catch(() => []));
  return [...(await publicKeysIn(folder))].filter(([name]) => files.has(`${name}.pem`));
}

/** By the name of its file, without its ending. */
export async function publicKeysIn(folder: KeyFolder): Promise<ReadonlyMap<string, PublicKey>> {
  const keys = new Map<string, PublicKey>();
  for (const file of (await readdir(folder.path).catch(() => [])).sort())
    if (file.endsWith('.pub'))
      keys.set(file.slice(0, -'.pub'.length), await readPublicKey(join(folder.path, file)));
  return keys;
}
