// Is what came from outside of this process a signature by the key that was named? If not, nobody gets it.

import { verifySignature } from '../tuf/key.ts';
import { KeyError } from './errors.ts';
import type { Signer } from './signer.ts';

/** `what` names the signer in the refusal: `the program "sign"`. */
export function verifying(what: string, { key, sign }: Signer): Signer {
  return {
    key,
    async sign(message) {
      const signature = await sign(message);
      if (await verifySignature(key, message, signature)) return signature;
      throw new KeyError(
        'NOT_SIGNED',
        `Cannot use the signature of ${what}: it is not of its public key "${key.id.slice(0, 12)}" over these octets`,
        {
          hint: 'Check that public and private key belong together, and that it signs the SHA-256 of its input, in DER',
        },
      );
    },
  };
}
