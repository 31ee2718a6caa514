// A signer in memory: every scheme makes what the verifier of the trust rules accepts.

import { describe, expect, test } from 'vitest';
import { encodeCanonical, sha256 } from '../../src/encoding/index.ts';
import { memorySigner } from '../../src/keys/index.ts';
import { verifySignature } from '../../src/tuf/key.ts';

const MESSAGE = new TextEncoder().encode('a message');

describe.each(['ecdsa-sha2-nistp256', 'ed25519', 'rsassa-pss-sha256'] as const)(
  'a signer of %s',
  (scheme) => {
    test('signs what its own key verifies, and no other message', async () => {
      const signer = await memorySigner(scheme);
      const signature = await signer.sign(MESSAGE);
      expect(await verifySignature(signer.key, MESSAGE, signature)).toBe(true);
      expect(await verifySignature(signer.key, MESSAGE.subarray(1), signature)).toBe(false);
    });

    test('is known by the SHA-256 of its canonical form', async () => {
      const { key } = await memorySigner(scheme);
      expect(key.id).toBe(
        await sha256(encodeCanonical({ keytype: key.keytype, scheme, keyval: { public: key.public } })),
      );
    });
  },
);
