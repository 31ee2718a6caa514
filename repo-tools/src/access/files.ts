// Where do credentials of the library's own people lie? In `private/credentials`, as `root-1.age` and `root-1.pub`.
//
// `gateway.age` is always there. Those of custodians are there in a trial alone; else each has its own elsewhere.

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  type Credential,
  GATEWAY,
  type PublishedCredential,
  parsePublicCredential,
  type Recipient,
} from '@cfl/client/access';
import { parsePartyId } from '@cfl/client/firmware';
import { createCredentialFile, folder, readCredentialFile } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';

export const GATEWAY_CREDENTIAL = `${GATEWAY}.age`;

/** Of scrypt, for a trial's: they are opened at each intake, and lie beside every other key of the library. */
const TRIAL_WORK = 15;

type Ask = () => Promise<string>;

/** Writes `<name>.age` and `<name>.pub`. Throws KeyError EXISTS, and overwrites nothing. */
export async function makeCredential(
  base: string,
  name: string,
  { ask, trial }: { readonly ask: Ask; readonly trial: boolean },
): Promise<PublishedCredential> {
  // The folder is its owner's alone, whoever makes it first
  const path = join(base, `${name}.age`);
  const { recipient } = await createCredentialFile(path, ask, trial ? { work: TRIAL_WORK } : {});
  return { holder: parsePartyId(name), recipient };
}

/** A custodian's: the one that is named, or in a trial the first of those that lie here. */
export async function openCustodian(base: string, given: string | undefined, ask: Ask): Promise<Credential> {
  const here = (await folder(base).list('')).filter(
    (name) => /^[^/]+\.age$/.test(name) && name !== GATEWAY_CREDENTIAL,
  );
  const path = given ?? (here[0] === undefined ? undefined : join(base, here[0]));
  if (path !== undefined) return readCredentialFile(path, ask);
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
  const recipient = await readRecipient(path);
  try {
    return { holder: parsePartyId(basename(path).replace(/\.pub$/, '')), recipient };
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
