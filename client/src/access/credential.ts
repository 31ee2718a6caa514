// How does a role credential lie in its two files? As the age format writes identities and recipients.
//
//   credential.age   the secret: sealed with a passphrase in age's armour, or in the clear as age-keygen writes it
//   credential.pub   the recipient under a line of comment, for the registrar; the `-R` file of age

import { KeyError } from '../keys/errors.ts';
import { AccessError } from './errors.ts';
import type { Suite } from './header.ts';
import {
  age,
  fingerprintOf,
  type KeyPair,
  parseRecipient,
  parseSecret,
  type Recipient,
  recipientOf,
  spokenFingerprint,
} from './recipient.ts';

export type Credential = KeyPair;

const ARMOUR = '-----BEGIN AGE ENCRYPTED FILE-----';
/** Of scrypt, as the `age` program chooses it: about a second, and 256 MiB. */
const WORK = 18;

export interface CredentialOptions {
  /** Sealed with it; undefined leaves it in the clear. */
  readonly passphrase: string | undefined;
  /** Logarithm of the work of scrypt; less than the usual for tests and trials only. */
  readonly work?: number;
}

export async function encodeCredential(
  { secret, recipient }: Credential,
  { passphrase, work = WORK }: CredentialOptions,
): Promise<Uint8Array> {
  const text = `# public key: ${recipient}\n${secret}\n`;
  if (passphrase === undefined) return new TextEncoder().encode(text);
  const { armor, Encrypter } = await age();
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(work);
  encrypter.setPassphrase(passphrase);
  return new TextEncoder().encode(armor.encode(await encrypter.encrypt(text)));
}

/** Asks only if the file is sealed. `what` is its path, for messages. */
export async function openCredential(
  octets: Uint8Array,
  passphrase: () => Promise<string | undefined>,
  { what = 'credential.age', suite = 'hybrid' }: { readonly what?: string; readonly suite?: Suite } = {},
): Promise<Credential> {
  const text = new TextDecoder().decode(octets);
  const clear = text.startsWith(ARMOUR) ? await unsealed(text, await passphrase(), what) : text;
  const lines = clear.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  const [line, ...more] = lines;
  if (line === undefined || more.length > 0)
    throw notACredential(what, `it holds ${lines.length} lines beside comments, expected one secret key`);
  const secret = parseSecret(line, suite);
  return { secret, recipient: await recipientOf(secret) };
}

async function unsealed(text: string, passphrase: string | undefined, what: string): Promise<string> {
  const action = `Cannot open the credential "${what}"`;
  if (passphrase === undefined || passphrase === '') {
    throw new KeyError('NO_PASSPHRASE', `${action}: it is sealed with a passphrase, and none was given`, {
      hint: 'Name a file that holds the passphrase in CFL_PASSPHRASE_FILE',
    });
  }
  const { Decrypter } = await age();
  const octets = await decoded(text, what);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(octets, 'text');
  } catch (cause) {
    throw new KeyError('WRONG_PASSPHRASE', `${action}: the passphrase is wrong, or the file is damaged`, {
      hint: 'Try again; a forgotten passphrase cannot be recovered, then make a new credential: cfl keygen --to FILE',
      cause,
    });
  }
}

async function decoded(text: string, what: string): Promise<Uint8Array> {
  const { armor } = await age();
  try {
    return armor.decode(text);
  } catch (cause) {
    throw notACredential(what, 'its armour is damaged', cause);
  }
}

function notACredential(what: string, reason: string, cause?: unknown): AccessError {
  return new AccessError('NOT_A_CREDENTIAL', `Cannot read the credential "${what}": ${reason}`, {
    hint: 'Give the credential.age that cfl keygen wrote',
    cause,
  });
}

/** `credential.pub` */
export async function encodePublicCredential(recipient: Recipient): Promise<Uint8Array> {
  const spoken = spokenFingerprint(await fingerprintOf(recipient));
  return new TextEncoder().encode(`# read credential, fingerprint ${spoken}\n${recipient}\n`);
}

/** Throws AccessError NOT_A_RECIPIENT. The comment is not believed. */
export function parsePublicCredential(octets: Uint8Array, suite: Suite = 'hybrid'): Recipient {
  const lines = new TextDecoder().decode(octets).split(/\r?\n/);
  const [line, ...more] = lines.filter((one) => one !== '' && !one.startsWith('#'));
  if (more.length === 0) return parseRecipient(line, suite);
  throw new AccessError(
    'NOT_A_RECIPIENT',
    `Cannot read the public part of a credential: it holds ${more.length + 1} lines beside comments, expected one recipient`,
    {
      found: more.length + 1,
      expected: 1,
      hint: 'Give the credential.pub that cfl keygen wrote',
    },
  );
}
