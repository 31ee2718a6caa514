// What may this reader read, and with which key? From its credential to the plaintext, step by step.
//
//   credential  its fingerprint stands in grants.json: that says whose it is
//   grant       open, or closed with its reason; an ended User Role closes it at the next renewal
//   ring        the one of that holder, opened with the credential, compared with recipients.json
//   decryption  with the keys of the ring, newest epoch first; where none fits, the grant says why
//
// A closed grant does not stop a reader: what it could read before, its ring still opens.

import {
  AccessError,
  type Credential,
  fingerprintOf,
  type GrantState,
  grantState,
  type Holder,
  holderOf,
  keyringPath,
  keysFor,
  open,
  openRing,
  type ReadKeyUse,
  type Ring,
  refusalOf,
  type Suite,
} from '../access/index.ts';
import { encodeDate } from '../encoding/index.ts';
import { LibraryError } from './errors.ts';
import type { Library } from './library.ts';

export interface Decrypted {
  readonly plaintext: Uint8Array;
  readonly epoch: number;
}

export interface ReadAccess {
  readonly holder: Holder;
  state(use: ReadKeyUse): GrantState;
  /** `what`: `the image of 7d1a64c20e5b`. Throws AccessError. */
  decrypt(octets: Uint8Array, use: ReadKeyUse, what: string): Promise<Decrypted>;
}

/** `suite` is for tests: a library in the classical form. */
export async function openAccess(
  library: Library,
  credential: Credential,
  suite: Suite = 'hybrid',
): Promise<ReadAccess> {
  const [grants, register] = await Promise.all([library.grants(), library.register()]);
  const { holder } = holderOf(grants, await fingerprintOf(credential.recipient));
  const ring = await readRing(library, credential, { holder, suite });
  const at = encodeDate(library.now);
  const state = (use: ReadKeyUse) => grantState({ grants, holder, register, use, at });
  return {
    holder,
    state,
    async decrypt(octets, use, what) {
      try {
        const { plaintext, key } = await open(octets, keysFor(ring, use), { suite, what });
        return { plaintext, epoch: key.epoch };
      } catch (error) {
        if (!(error instanceof AccessError && error.code === 'WRONG_EPOCH')) throw error;
        throw refusalOf(`Cannot decrypt ${what}`, { use, holder }, state(use));
      }
    },
  };
}

async function readRing(
  library: Library,
  credential: Credential,
  { holder, suite }: { readonly holder: Holder; readonly suite: Suite },
): Promise<Ring> {
  const path = keyringPath(holder);
  const found = await library.find(path);
  if (found === undefined) {
    throw new LibraryError(
      'INCOMPLETE',
      `Cannot open the ring of ${holder}: the library does not list ${path}`,
      {
        hint: 'Ask the registrar to publish it',
      },
    );
  }
  const recipients = await library.recipients();
  const first = await library.firstRoot();
  return openRing(await library.read(found), credential, { library: first, holder, recipients, suite });
}
