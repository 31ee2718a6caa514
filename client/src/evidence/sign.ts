// How is a statement signed so that it proves itself for years? As a Sigstore bundle: DSSE over an in-toto statement.

import { encodeCanonical, type Json } from '../encoding/index.ts';
import { type Signer, toKeyObject } from '../keys/index.ts';
import { PAYLOAD_TYPE } from './bundle.ts';
import { EvidenceError } from './errors.ts';

/** The octets of the bundle. The key must be ECDSA P-256 or Ed25519: Sigstore's verifiers know no RSA-PSS. */
export async function signStatement(statement: Uint8Array, signer: Signer): Promise<Uint8Array> {
  if (statement.length === 0) throw new TypeError('Cannot sign a statement of no octets');
  refuseRsa(signer.key.scheme);
  const [{ DSSEBundleBuilder }, { bundleToJSON }] = await Promise.all([
    import('@sigstore/sign'),
    import('@sigstore/bundle'),
  ]);
  const builder = new DSSEBundleBuilder({
    signer: { sign: (message) => toSigstore(message, signer) },
    witnesses: [],
  });
  const bundle = await builder.create({ data: Buffer.from(statement), type: PAYLOAD_TYPE });
  return encodeCanonical(bundleToJSON(bundle) as unknown as Json);
}

async function toSigstore(message: Buffer, signer: Signer) {
  const publicKey = toKeyObject(signer.key).export({ type: 'spki', format: 'pem' }).toString();
  const signature = Buffer.from(await signer.sign(message));
  return { signature, key: { $case: 'publicKey' as const, publicKey, hint: signer.key.id } };
}

export function refuseRsa(scheme: string): void {
  if (scheme !== 'rsassa-pss-sha256') return;
  throw new EvidenceError(
    'UNSUPPORTED_KEY',
    'Cannot use an RSA key for a bundle: expected ECDSA P-256 or Ed25519',
    {
      hint: 'sign statements with a key of their own',
    },
  );
}
