// With which credential does a command read what is sealed? Shared by the commands that decrypt.

import type { Library, ReadAccess } from '../library/index.ts';
import type { Io } from './io.ts';
import { homeOf } from './session.ts';

export const CREDENTIAL_OPTION = {
  credential: {
    type: 'string',
    value: 'FILE',
    does: 'your credential; else CFL_CREDENTIAL, else credential.age beside the pinned library',
  },
} as const;

interface Place {
  readonly credential?: string;
  readonly home?: string;
}

/** To be called once everything that is public was verified: it may ask for a passphrase. */
export function accessWith(library: Library, place: Place, io: Io): () => Promise<ReadAccess> {
  return async () => {
    const { credentialPath, openAccess, readCredentialFile } = await import('../library/index.ts');
    const path = place.credential ?? (io.env['CFL_CREDENTIAL'] || credentialPath(homeOf(place, io)));
    const credential = await readCredentialFile(path, () => io.passphrase(`Passphrase of ${path}: `));
    return openAccess(library, credential);
  };
}
