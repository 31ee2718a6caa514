// Where do credentials of the library's own people lie? In `private/credentials`, as `root-1.age` and `root-1.pub`.
//
// `gateway.age` is always there. Those of custodians are there in a trial alone; else each has its own elsewhere.

import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type Credential,
  encodeCredential,
  encodePublicCredential,
  GATEWAY,
  makeReadKey,
  openCredential,
  type PublishedCredential,
  parsePublicCredential,
  type Recipient,
} from '@cfl/client/access';
import { parsePartyId } from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';

export const GATEWAY_CREDENTIAL = `${GATEWAY}.age`;

/** Of scrypt, for a trial's: they are opened at each intake, and lie beside every other key of the library. */
const TRIAL_WORK = 15;

type Ask = () => Promise<string>;

/** Writes `<name>.age` and `<name>.pub`. Throws ChangeError EXISTS, and overwrites nothing. */
export async function makeCredentialFile(
  base: string,
  name: string,
  { ask, trial }: { readonly ask: Ask; readonly trial: boolean },
): Promise<PublishedCredential> {
  const files = folder(base, 'secret');
  const made = await makeReadKey();
  const passphrase = await ask();
  const sealed = await encodeCredential(made, trial ? { passphrase, work: TRIAL_WORK } : { passphrase });
  if (!(await files.writeNew(`${name}.age`, sealed)))
    throw new ChangeError(
      'EXISTS',
      `Cannot make the credential "${name}.age": it is there already`,
      'Choose another folder',
    );
  await files.replace(`${name}.pub`, await encodePublicCredential(made.recipient));
  return { holder: parsePartyId(name), recipient: made.recipient };
}

/** Throws ChangeError where there is no such file, AccessError or KeyError where it does not open. */
export async function openCredentialFile(path: string, ask: Ask): Promise<Credential> {
  const place = resolve(path);
  const octets = await folder(dirname(place)).read(basename(place));
  if (octets !== undefined) return openCredential(octets, ask, { what: path });
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot find the credential "${path}"`,
    `Put the file there, or make a new one: cfl keygen --to ${path}`,
  );
}

/** A custodian's: the one that is named, or in a trial the first of those that lie here. */
export async function openCustodian(base: string, given: string | undefined, ask: Ask): Promise<Credential> {
  if (given !== undefined) return openCredentialFile(given, ask);
  const here = (await folder(base).list('')).filter(
    (name) => /^[^/]+\.age$/.test(name) && name !== GATEWAY_CREDENTIAL,
  );
  const [first] = here;
  if (first !== undefined) return openCredentialFile(join(base, first), ask);
  throw new ChangeError(
    'BAD_INPUT',
    'Cannot open the read keys: no credential of a custodian is given',
    'Name one, of a root holder or of the registrar: --identity FILE',
  );
}

/** `credential.pub`, as `cfl keygen` wrote it. */
export async function readRecipient(path: string): Promise<Recipient> {
  return parsePublicCredential(new Uint8Array(await readFile(path)));
}

/** The custodian is called as its file is: `root-1.pub`. */
export async function readCustodian(path: string): Promise<PublishedCredential> {
  const name = basename(path).replace(/\.pub$/, '');
  try {
    return { holder: parsePartyId(name), recipient: await readRecipient(path) };
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot name a custodian by the file "${basename(path)}": expected lower-case letters, digits and -`,
      'Call the file as its holder is called, root-1.pub',
      cause,
    );
  }
}
