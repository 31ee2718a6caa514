// What may the holder of this credential read, and with which keys? One script of the verifier file, run when a
// credential is first used: it brings the cryptography of the age format.
//
//   credential  opened with its passphrase, in memory
//   grant       its fingerprint stands in grants.json: that says whose it is
//   ring        the one of that holder, opened with the credential, compared with recipients.json

import {
  AccessError,
  fingerprintOf,
  GRANTS_PATH,
  grantState,
  grantsFile,
  holderOf,
  keyringPath,
  keysFor,
  open,
  openCredential,
  openRing,
  RECIPIENTS_PATH,
  type ReadKeyUse,
  recipientsFile,
  refusalOf,
} from '@cfl/client/access';
import { encodeDate } from '@cfl/client/encoding';
import type { Register } from '@cfl/client/firmware';
import { offer } from './offer.ts';

export interface AccessRequest {
  readonly credential: { readonly name: string; readonly octets: Uint8Array };
  readonly passphrase: string;
  /** SHA-256 of the first root. */
  readonly library: string;
  readonly register: Register;
  /** Of the library, verified. */
  read(path: string): Promise<Uint8Array>;
  readonly now: Date;
}

export interface Opened {
  readonly plaintext: Uint8Array;
  readonly epoch: number;
}

async function openAccess({ credential, passphrase, library, register, read, now }: AccessRequest) {
  const own = await openCredential(credential.octets, async () => passphrase, { what: credential.name });
  const grants = grantsFile.parse(await read(GRANTS_PATH));
  const { holder } = holderOf(grants, await fingerprintOf(own.recipient));
  const recipients = recipientsFile.parse(await read(RECIPIENTS_PATH));
  const ring = await openRing(await read(keyringPath(holder)), own, { library, holder, recipients });
  return {
    holder,
    /** `what`: `the image of 7d1a64c20e5b`. */
    async open(octets: Uint8Array, use: ReadKeyUse, what: string): Promise<Opened> {
      try {
        const { plaintext, key } = await open(octets, keysFor(ring, use), { what });
        return { plaintext, epoch: key.epoch };
      } catch (error) {
        if (!(error instanceof AccessError && error.code === 'WRONG_EPOCH')) throw error;
        const state = grantState({ grants, holder, register, use, at: encodeDate(now) });
        throw refusalOf(`Cannot decrypt ${what}`, { use, holder }, state);
      }
    },
  };
}

export type OpenedAccess = Awaited<ReturnType<typeof openAccess>>;

const opening = { openAccess };
export type Opening = typeof opening;

offer('opening', opening);
