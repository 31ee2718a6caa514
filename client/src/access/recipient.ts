// What is a key that seals, and its secret? Both as the age format writes them, post-quantum hybrid.
//
// A classical one is read only where a test asks for the classical suite: one classical recipient would undo
// the protection of all.

import { type Sha256, sha256 } from '../encoding/index.ts';
import { isWholeBech32 } from './bech32.ts';
import { AccessError } from './errors.ts';
import type { Suite } from './header.ts';

/** Loaded when something is sealed or opened: most commands do neither, and it takes time to load. */
export const age = () => import('age-encryption');

/** `age1pq1…`, 1,959 characters. */
export type Recipient = string & { readonly Recipient: unique symbol };
/** `AGE-SECRET-KEY-PQ-1…` */
export type Secret = string & { readonly Secret: unique symbol };

export interface KeyPair {
  readonly secret: Secret;
  readonly recipient: Recipient;
}

const RECIPIENTS: Readonly<Record<Suite, RegExp>> = {
  hybrid: /^age1pq1[02-9ac-hj-np-z]{1952}$/,
  classical: /^age1[02-9ac-hj-np-z]{58}$/,
};
const SECRETS: Readonly<Record<Suite, RegExp>> = {
  hybrid: /^AGE-SECRET-KEY-PQ-1[02-9AC-HJ-NP-Z]{58}$/,
  classical: /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/,
};

/** Throws AccessError NOT_A_RECIPIENT. */
export function parseRecipient(text: unknown, suite: Suite = 'hybrid'): Recipient {
  if (typeof text === 'string' && RECIPIENTS[suite].test(text) && isWholeBech32(text))
    return text as Recipient;
  const shown = typeof text === 'string' ? `"${text.slice(0, 24)}"` : 'nothing';
  const expected = suite === 'hybrid' ? 'age1pq1… of 1,959 characters' : 'age1… of 62 characters';
  throw new AccessError('NOT_A_RECIPIENT', `Cannot seal to ${shown}: expected ${expected}`, {
    expected,
    hint: 'Only post-quantum hybrid recipients are used here. Make one: cfl keygen',
  });
}

/** Throws AccessError NOT_A_CREDENTIAL, whose message does not hold the text: it may be a secret. */
export function parseSecret(text: unknown, suite: Suite = 'hybrid'): Secret {
  if (typeof text === 'string' && SECRETS[suite].test(text)) return text as Secret;
  throw new AccessError(
    'NOT_A_CREDENTIAL',
    'Cannot read a secret key: it is not in the form AGE-SECRET-KEY-PQ-1…',
    {
      hint: 'Only post-quantum hybrid keys are used here. Make one: cfl keygen',
    },
  );
}

/** Throws AccessError NOT_A_CREDENTIAL for a secret with a wrong checksum. */
export async function recipientOf(secret: Secret): Promise<Recipient> {
  const { identityToRecipient } = await age();
  try {
    return (await identityToRecipient(secret)) as Recipient;
  } catch (cause) {
    throw new AccessError('NOT_A_CREDENTIAL', 'Cannot read a secret key: its checksum is wrong', {
      hint: 'It was damaged. Restore it from your copy, or make a new one: cfl keygen --to FILE',
      cause,
    });
  }
}

/** A read key of the library, or a party's credential: both are the same thing. */
export async function makeReadKey(suite: Suite = 'hybrid'): Promise<KeyPair> {
  const { generateHybridIdentity, generateX25519Identity } = await age();
  const secret = (await (suite === 'hybrid' ? generateHybridIdentity() : generateX25519Identity())) as Secret;
  return { secret, recipient: await recipientOf(secret) };
}

/** SHA-256 of the recipient as text. */
export function fingerprintOf(recipient: Recipient): Promise<Sha256> {
  return sha256(new TextEncoder().encode(recipient));
}

/** `4f2a 91c0 77de 0b13`: its first 16 digits, to be read out. */
export function spokenFingerprint(fingerprint: Sha256): string {
  return fingerprint.slice(0, 16).match(/.{4}/g)?.join(' ') ?? '';
}
