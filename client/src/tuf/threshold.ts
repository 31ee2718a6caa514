// Is this document signed by enough different keys of the role? (TUF 5.3.4, 5.4.2, 5.5.3, 5.6.3)
//
// - Only keys that the role names count, each once, and one public key once whatever its ids.
// - A wrong signature neither counts nor harms.
// - Work is bounded by the keys of the role, not by the signatures in the file: a key id stands at most
//   once in a file (it would not parse), and what is not of the role is passed over without a look.

import { fromHex } from '../encoding/index.ts';
import { RefusedError } from './errors.ts';
import { keyMaterial, verifySignature } from './key.ts';
import type { Document, KeyId, KeyRing, RoleKeys, SignedPart } from './types.ts';

export interface Signers {
  /** The keys whose signatures counted, in the file's order; may stop at the threshold. */
  readonly keyIds: readonly KeyId[];
  readonly threshold: number;
  /** How many keys the role has. */
  readonly of: number;
}

export async function verifyThreshold(
  document: Document<SignedPart>,
  role: RoleKeys,
  ring: KeyRing,
  what: string,
): Promise<Signers> {
  const wanted = new Set<string>(role.keyIds);
  const materials = new Set<string>();
  const keyIds: KeyId[] = [];
  for (const { keyId, sig } of document.signatures) {
    if (materials.size >= role.threshold) break;
    const key = wanted.has(keyId) ? ring.get(keyId as KeyId) : undefined;
    const octets = key && signatureOctets(sig);
    if (
      key === undefined ||
      octets === undefined ||
      !(await verifySignature(key, document.signedOctets, octets))
    )
      continue;
    const material = await keyMaterial(key);
    if (material === undefined || materials.has(material)) continue;
    materials.add(material);
    keyIds.push(key.id);
  }
  if (materials.size >= role.threshold) return { keyIds, threshold: role.threshold, of: wanted.size };
  throw new RefusedError(
    'UNSIGNED',
    `Cannot accept ${what}: it has ${materials.size} good signatures of the ${role.threshold} it needs`,
    {
      found: materials.size,
      expected: role.threshold,
      hint: 'Somebody without the right keys made this file, or it was changed on the way. Do not use it; tell the operator',
    },
  );
}

function signatureOctets(sig: string): Uint8Array | undefined {
  return sig.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(sig) ? fromHex(sig) : undefined;
}
