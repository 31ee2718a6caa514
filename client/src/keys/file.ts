// How does a private key lie in a file? `gate.pem`: encrypted PKCS#8, for its owner alone; `gate.pub`: what others get.
//
// A key file is never overwritten. A key without a passphrase is made only where the caller says `unencrypted: 'trial'`.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import type { PublicKey } from '../tuf/types.ts';
import { fileError, KeyError, systemCode } from './errors.ts';
import { encryptPkcs8 } from './pkcs8.ts';
import { publicKeyOf, type Scheme } from './public.ts';
import { generatePrivateKey, type Signer, signerOf, type Use } from './signer.ts';

export type AskPassphrase = () => Promise<string>;

export interface KeyFileOptions {
  readonly scheme?: Scheme;
  /** Writes the key in the clear; the passphrase must then be empty. For a library that nobody relies on. */
  readonly unencrypted?: 'trial';
}

/** What openssl and Node read of a passphrase, in octets. */
const LONGEST_PASSPHRASE = 1024;

/** Makes a key and writes both files. ECDSA P-256 unless another scheme is asked for. */
export async function createKeyFile(
  path: string,
  passphrase: string,
  options: KeyFileOptions = {},
): Promise<PublicKey> {
  const privateKey = generatePrivateKey(options.scheme ?? 'ecdsa-sha2-nistp256');
  const pem =
    options.unencrypted === 'trial'
      ? clearPem(privateKey, passphrase)
      : await encryptedPem(privateKey, path, passphrase);
  const key = await publicKeyOf(privateKey);
  await writeNew(path, pem, 0o600);
  try {
    await writePublicKey(publicPath(path), key);
  } catch (error) {
    // Made a moment ago and known to nobody: without its public part it must not look like a usable key
    await rm(path);
    throw error;
  }
  return key;
}

/** Hands on the public part of a key, wherever the key is. */
export function writePublicKey(path: string, key: PublicKey): Promise<void> {
  return writeNew(path, `${JSON.stringify(key.json, null, 2)}\n`, 0o644);
}

/** `keys/gate.pem` → `keys/gate.pub` */
export function publicPath(path: string): string {
  return `${path.replace(/\.pem$/, '')}.pub`;
}

function clearPem(privateKey: KeyObject, passphrase: string): string {
  if (passphrase !== '')
    throw new TypeError('Cannot write an unencrypted key with a passphrase: choose one of the two');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function encryptedPem(privateKey: KeyObject, path: string, passphrase: string): Promise<string> {
  const length = Buffer.byteLength(passphrase);
  if (length === 0 || length > LONGEST_PASSPHRASE) {
    const found = length === 0 ? 'the passphrase is empty' : `the passphrase has ${length} octets`;
    throw new KeyError(
      'NO_PASSPHRASE',
      `Cannot make the key "${path}": ${found}, expected 1 to ${LONGEST_PASSPHRASE} octets`,
      {
        hint: 'Choose a passphrase of several words; it cannot be recovered',
      },
    );
  }
  return encryptPkcs8(privateKey.export({ type: 'pkcs8', format: 'der' }), passphrase);
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    const file = await open(path, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const action = `Cannot write the key "${path}"`;
    if (systemCode(cause) === 'EEXIST') throw fileError(action, cause);
    throw new KeyError('UNWRITABLE', `${action}: ${systemCode(cause) ?? 'the file system refused'}`, {
      hint: 'Check that its folder exists, and that you may write there',
      cause,
    });
  }
}

/** Asks for the passphrase only if the file is encrypted. */
export async function openKeyFile(
  path: string,
  ask: AskPassphrase | undefined,
  use: Use = 'metadata',
): Promise<Signer> {
  const action = `Cannot open the key "${path}"`;
  const pem = await readFile(path, 'latin1').catch((cause: unknown) => {
    throw fileError(action, cause);
  });
  return signerOf(await privateKeyFrom(pem, ask, action), use);
}

async function privateKeyFrom(
  pem: string,
  ask: AskPassphrase | undefined,
  action: string,
): Promise<KeyObject> {
  const kind = /^-----BEGIN ([A-Z0-9 ]+)-----/m.exec(pem)?.[1];
  if (kind === 'ENCRYPTED PRIVATE KEY') return decrypt(pem, await passphraseFrom(ask, action), action);
  if (kind === 'PRIVATE KEY') return parsePlain(pem, action);
  throw new KeyError(
    'NOT_A_KEY',
    `${action}: found ${kind === undefined ? 'no PEM' : `"${kind}"`}, expected an encrypted PKCS#8 key`,
    {
      hint: 'Give the .pem file; a key in an older form is converted by: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW.pem',
    },
  );
}

function passphraseFrom(ask: AskPassphrase | undefined, action: string): Promise<string> {
  if (ask !== undefined) return ask();
  throw new KeyError('NO_PASSPHRASE', `${action}: it is encrypted and no passphrase was given`, {
    hint: 'Name a file that holds the passphrase in CFL_PASSPHRASE_FILE',
  });
}

function decrypt(pem: string, passphrase: string, action: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem', passphrase });
  } catch (cause) {
    // A wrong passphrase passes the padding check once in 256 times; it then looks like a damaged file
    const certain = systemCode(cause) === 'ERR_OSSL_BAD_DECRYPT';
    const found = certain ? 'the passphrase is wrong' : 'the passphrase is wrong, or the file is damaged';
    const hint = 'try again; a forgotten passphrase cannot be recovered, then make a new key';
    throw new KeyError('WRONG_PASSPHRASE', `${action}: ${found}`, { hint, cause });
  }
}

function parsePlain(pem: string, action: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch (cause) {
    throw new KeyError('NOT_A_KEY', `${action}: the file is damaged`, {
      hint: 'Restore it from your copy',
      cause,
    });
  }
}
