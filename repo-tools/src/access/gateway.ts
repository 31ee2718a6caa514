// How are sealed images read where releases are decided about? With a ring: the gateway's own, which holds the current
// epoch of images alone, or the one of an auditor who was granted images.

import {
  AccessError,
  type Credential,
  GATEWAY,
  type Holder,
  keyringPath,
  keysFor,
  open,
  openRing,
  type Ring,
} from '@cfl/client/access';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';
import type { Opened, Opener } from './sealing.ts';
import { readAccessBegun } from './state.ts';

/** Throws AccessError where the ring does not open, or holds more than the gateway may read. */
export async function gatewayOpener(published: Published, credential: Credential): Promise<Opener> {
  return imageOpener(await ringOf(published, GATEWAY, credential));
}

/** The ring of this holder, as it is published. */
export async function ringOf(published: Published, holder: Holder, credential: Credential): Promise<Ring> {
  const { recipients } = await readAccessBegun(published);
  const path = keyringPath(holder);
  const octets = await published.read(path);
  if (octets !== undefined)
    return openRing(octets, credential, { library: published.library, holder, recipients });
  throw new ChangeError(
    'NO_READ_KEYS',
    `Cannot open the ring of ${holder}: the library has no ${path}`,
    'The registrar makes it: cfl-repo party keys, or cfl-repo party grant',
  );
}

/** Images, with every epoch that the ring has. */
export function imageOpener(ring: Ring): Opener {
  const keys = keysFor(ring, 'images');
  return { image: (sealed) => opened(sealed, keys) };
}

async function opened(sealed: Uint8Array, keys: Ring['keys']): Promise<Opened> {
  try {
    const { plaintext, key } = await open(sealed, keys, { what: 'the image' });
    return { plaintext, epoch: key.epoch };
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    return { closed: error.message, cause: error.code === 'WRONG_EPOCH' ? 'wrong-key' : 'damaged' };
  }
}
