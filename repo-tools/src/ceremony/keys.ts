// The keys of a library that lie on its operator's machine: `private/keys/<name>.pem`, encrypted.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile, openSigner, readPublicKey, type Signer } from '@cfl/client/keys';
import type { PublicKey } from '@cfl/client/tuf';
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

export async function openGatewaySigners(folder: KeyFolder): Promise<GatewaySigners> {
  const [gate, catalogue, snapshot, timestamp] = await Promise.all(
    ONLINE_ROLES.map((role) => open(folder, role)),
  );
  if (gate === undefined || catalogue === undefined || snapshot === undefined || timestamp === undefined) {
    throw new TypeError('an online role has no signer');
  }
  return { gate, catalogue, snapshot, timestamp };
}

function open(folder: KeyFolder, name: string): Promise<Signer> {
  return openSigner(join(folder.path, `${name}.pem`), { passphrase: folder.passphrase });
}

/** The ids of the folder's keys. */
export async function keysAtHand(folder: KeyFolder): Promise<ReadonlySet<string>> {
  return new Set((await publicParts(folder)).keys());
}

/** Those of the folder's keys that are wanted. */
export async function openSignersAmong(
  folder: KeyFolder,
  wanted: ReadonlySet<string>,
): Promise<readonly Signer[]> {
  const signers: Signer[] = [];
  for (const [id, name] of await publicParts(folder))
    if (wanted.has(id)) signers.push(await open(folder, name));
  return signers;
}

/** The name of each key by its id, in the order of the names. */
async function publicParts(folder: KeyFolder): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const file of (await readdir(folder.path).catch(() => [])).sort()) {
    if (!file.endsWith('.pub')) continue;
    const { id } = await readPublicKey(join(folder.path, file));
    names.set(id, file.slice(0, -'.pub'.length));
  }
  return names;
}
