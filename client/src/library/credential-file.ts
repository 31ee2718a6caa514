// Where does a role credential lie on this machine? Two files beside each other, written once.
//
//   credential.age   the secret; mode 0600, in a folder that is made for its owner alone
//   credential.pub   the recipient: this goes to the registrar

import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  AccessError,
  type Credential,
  type CredentialOptions,
  encodeCredential,
  encodePublicCredential,
  makeReadKey,
  openCredential,
} from '../access/index.ts';
import { KeyError } from '../keys/index.ts';
import { folder } from './files.ts';

/** `home/credential.age` */
export function credentialPath(home: string): string {
  return join(home, 'credential.age');
}

/** `home/credential.age` → `home/credential.pub` */
export function publicCredentialPath(path: string): string {
  return `${path.replace(/\.age$/, '')}.pub`;
}

/**
 * Makes a credential and writes both files. Throws KeyError EXISTS where one of them is there, before it asks for a
 * passphrase; without one the secret lies in the clear.
 */
export async function createCredentialFile(
  path: string,
  passphrase: () => Promise<string | undefined>,
  { work }: Pick<CredentialOptions, 'work'> = {},
): Promise<Credential> {
  await refuseExisting(path);
  await refuseExisting(publicCredentialPath(path));
  const credential = await makeReadKey();
  const options = work === undefined ? {} : { work };
  const secret = await encodeCredential(credential, { passphrase: await passphrase(), ...options });
  const open = await encodePublicCredential(credential.recipient);
  // The public part last: where it is, its secret is
  await writeNew(path, secret, 'secret');
  await writeNew(publicCredentialPath(path), open, 'public');
  return credential;
}

/** Asks for the passphrase only if the file is sealed. */
export async function readCredentialFile(
  path: string,
  passphrase: () => Promise<string | undefined>,
): Promise<Credential> {
  const octets = await readFile(path).catch((cause: unknown) => {
    if (!isMissing(cause)) throw cause;
    throw new AccessError('NO_CREDENTIAL', `Cannot read the credential "${path}": it does not exist`, {
      hint: 'Make one and hand its public part to the registrar: cfl keygen. One that is elsewhere: --credential FILE',
      cause,
    });
  });
  return openCredential(octets, passphrase, { what: path });
}

async function refuseExisting(path: string): Promise<void> {
  if ((await folder(dirname(path)).read(basename(path))) !== undefined) throw exists(path);
}

async function writeNew(path: string, octets: Uint8Array, access: 'public' | 'secret'): Promise<void> {
  if (!(await folder(dirname(path), access).writeNew(basename(path), octets))) throw exists(path);
}

function exists(path: string): KeyError {
  return new KeyError(
    'EXISTS',
    `Cannot write the credential "${path}": it exists already, and a credential is never overwritten`,
    { hint: 'Write to another file: cfl keygen --to FILE' },
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
