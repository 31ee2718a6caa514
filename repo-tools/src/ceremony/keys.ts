// The keys of a library that its operator's machine signs with: `private/keys/<name>.pem`, encrypted; or
// `<name>.uri`, one line that says where the key is instead (a token, another program). `<name>.pub` is its public part.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createKeyFile,
  KeyError,
  openSigner,
  readPublicKey,
  type Signer,
  writePublicKey,
} from '@cfl/client/keys';
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

/**
 * Makes `<name>.pem` and `<name>.pub`; a file that is there already is never overwritten. Where `<name>.uri` was put
 * there before, the key is the one that it names, and only its public part is written.
 */
export async function makeKey(folder: KeyFolder, name: string): Promise<PublicKey> {
  if ((await uriOf(folder, name)) === undefined)
    return createKeyFile(join(folder.path, `${name}.pem`), await folder.passphrase());
  const { key } = await open(folder, name);
  await writePublicKey(join(folder.path, `${name}.pub`), key);
  return key;
}

/** Undefined where the key lies in a file of the folder. */
async function uriOf({ path }: KeyFolder, name: string): Promise<string | undefined> {
  const file = join(path, `${name}.uri`);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  const uri = text?.trim();
  if (uri === undefined || /^[^\r\n]+$/.test(uri)) return uri;
  const found = uri === '' ? 'it is empty' : 'found several lines';
  throw new KeyError('BAD_URI', `Cannot read where the key "${file}" is: ${found}, expected one line`, {
    hint: 'Write the URI of the key into it, and nothing else',
  });
}

/** The online keys that the library names today; a rotated one lies beside the one before it. */
export async function openGatewaySigners(folder: KeyFolder, present: Present): Promise<GatewaySigners> {
  // One after another: a token or a person may be asked
  const signers: Signer[] = [];
  for (const role of ONLINE_ROLES)
    signers.push((await openOnlineSigner(folder, role, present)) ?? notHere(role));
  const [gate, catalogue, snapshot, timestamp] = signers;
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

async function open(folder: KeyFolder, name: string): Promise<Signer> {
  const uri = (await uriOf(folder, name)) ?? `${name}.pem`;
  const signer = await openSigner(uri, { base: folder.path, passphrase: folder.passphrase });
  await refuseOther(folder, name, signer);
  return signer;
}

/** A token may be changed, and a URI may name another key than it did. */
async function refuseOther({ path }: KeyFolder, name: string, { key }: Signer): Promise<void> {
  const file = join(path, `${name}.pub`);
  const known = await readPublicKey(file).catch((error: unknown) => {
    if (error instanceof KeyError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  });
  if (known === undefined || known.id === key.id) return;
  throw new KeyError(
    'NOT_SIGNED',
    `Cannot use the key "${name}": found the key ${key.id.slice(0, 12)}, expected ${known.id.slice(0, 12)} of "${file}"`,
    { hint: `Correct ${name}.uri; a new key comes with: cfl-repo rotate` },
  );
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

/** Keys of which the private part lies here, or is named; of a holder elsewhere there is the public one alone. */
async function pairsIn(folder: KeyFolder): Promise<readonly (readonly [string, PublicKey])[]> {
  const files = new Set(await readdir(folder.path).catch(() => []));
  return [...(await publicKeysIn(folder))].filter(
    ([name]) => files.has(`${name}.pem`) || files.has(`${name}.uri`),
  );
}

/** By the name of its file, without its ending. */
export async function publicKeysIn(folder: KeyFolder): Promise<ReadonlyMap<string, PublicKey>> {
  const keys = new Map<string, PublicKey>();
  for (const file of (await readdir(folder.path).catch(() => [])).sort())
    if (file.endsWith('.pub'))
      keys.set(file.slice(0, -'.pub'.length), await readPublicKey(join(folder.path, file)));
  return keys;
}
