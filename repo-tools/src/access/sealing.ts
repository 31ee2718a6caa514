// To whom are image and notes sealed, and are they still when the gateway decides?
//
// Rules
// - The recipients are those of the published library, read from its pinned root. There is no way to name others.
// - What cannot be opened is not read: nothing is concluded from ciphertext but its form.

import {
  AccessError,
  checkSealed,
  RECIPIENTS_PATH,
  type ReadKeyUse,
  type Recipient,
  recipientsFile,
  seal,
} from '@cfl/client/access';
import type { SealFact } from '@cfl/client/admission';
import type { SealedTo } from '../change/change.ts';
import type { Published } from '../deploy/state.ts';
import { currentEpoch, noReadKeys } from './state.ts';

export interface CurrentKey {
  readonly epoch: number;
  readonly recipient: Recipient;
}

export type CurrentKeys = Readonly<Record<ReadKeyUse, CurrentKey>>;

/** Throws ChangeError NO_READ_KEYS before read access has begun. */
export async function currentKeys(published: Pick<Published, 'read'>): Promise<CurrentKeys> {
  const octets = await published.read(RECIPIENTS_PATH);
  if (octets === undefined) throw noReadKeys();
  const recipients = recipientsFile.parse(octets);
  return { images: currentEpoch(recipients, 'images'), notes: currentEpoch(recipients, 'notes') };
}

export function epochsNow({ images, notes }: CurrentKeys): SealedTo {
  return { images: images.epoch, notes: notes.epoch };
}

export function sealTo({ recipient }: CurrentKey, plaintext: Uint8Array): Promise<Uint8Array> {
  return seal(plaintext, [recipient]);
}

export type Opened =
  | { readonly plaintext: Uint8Array; readonly epoch: number }
  /** Why it does not open. `wrong-key`: it may be whole, and sealed to another epoch. */
  | { readonly closed: string; readonly cause: 'wrong-key' | 'damaged' };

/** How whoever decides reads what is sealed; without a way, it is not read. */
export interface Opener {
  readonly image?: (sealed: Uint8Array) => Promise<Opened>;
  readonly notes?: (sealed: Uint8Array) => Promise<Opened>;
}

export interface SealReading {
  readonly fact: SealFact;
  /** Octets of the plaintext, as the length of the file tells; of the file itself where its form is wrong. */
  readonly length: number;
  readonly plaintext: Uint8Array | { readonly unread: string };
}

/** `stated`: the epoch that the submission names; it counts where nobody opens the file. */
export async function readSeal(
  file: SealFact['file'],
  sealed: Uint8Array,
  {
    opener,
    current: { epoch: current },
    stated,
  }: { readonly opener: Opener; readonly current: CurrentKey; readonly stated: number | undefined },
): Promise<SealReading> {
  const { fault, length } = formOf(file, sealed);
  const read = (epoch: number | undefined, plaintext: SealReading['plaintext']): SealReading => ({
    fact: { file, fault, epoch, current },
    length,
    plaintext,
  });
  if (fault !== undefined) return read(undefined, { unread: fault });
  const open = opener[file];
  if (open === undefined) return read(stated, { unread: 'it is sealed' });
  const opened = await open(sealed);
  if (!('closed' in opened)) return read(opened.epoch, opened.plaintext);
  return read(opened.cause === 'damaged' ? current : undefined, { unread: opened.closed });
}

function formOf(
  file: SealFact['file'],
  sealed: Uint8Array,
): { readonly fault: string | undefined; readonly length: number } {
  try {
    const what = file === 'image' ? 'the image' : 'the release notes';
    return { fault: undefined, length: checkSealed(sealed, { what }).plaintextLength };
  } catch (error) {
    if (error instanceof AccessError) return { fault: error.message, length: sealed.length };
    throw error;
  }
}
