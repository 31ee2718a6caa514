// Who signed this statement, and was the key theirs at that time?
//
// Rules, beside the signature itself, which @sigstore/verify checks
// - The bundle has the one form of bundle.ts.
// - The hint names a registered key, and is that key's own id: the SHA-256 of its canonical form.
// - The key was registered for the moment `at`: from `from` on, and before `until`.
//
// What the statement says is not read here: subjects and predicate are the caller's to check.

import { encodeCanonical, encodeDate, sha256 } from '../encoding/index.ts';
import { toKeyObject } from '../keys/index.ts';
import type { KeyId, PublicKey } from '../tuf/types.ts';
import { type ParsedBundle, parseBundle } from './bundle.ts';
import { EvidenceError } from './errors.ts';
import { refuseRsa } from './sign.ts';

export interface RegisteredKey {
  readonly key: PublicKey;
  readonly from: Date;
  /** The first moment at which it no longer counts; undefined while it is in use. */
  readonly until: Date | undefined;
}

export interface EvidenceTrust {
  readonly keys: ReadonlyMap<KeyId, RegisteredKey>;
}

/** What is proven: these octets were signed by this key, which was registered at the time asked for. */
export interface Evidence {
  readonly statement: Uint8Array;
  readonly keyId: KeyId;
}

/** Throws EvidenceError. `at` is a time that the caller trusts, such as that of the library's acceptance. */
export async function verifyBundle(octets: Uint8Array, trust: EvidenceTrust, at: Date): Promise<Evidence> {
  const bundle = parseBundle(octets);
  const registered = await registeredKey(bundle.keyId, trust);
  verifyValidity(registered, at);
  await verifySignature(bundle, registered.key);
  return { statement: bundle.statement, keyId: bundle.keyId };
}

async function registeredKey(keyId: KeyId, trust: EvidenceTrust): Promise<RegisteredKey> {
  const found = trust.keys.get(keyId);
  if (found !== undefined && (await sha256(encodeCanonical(found.key.json))) === keyId) return found;
  const why = found === undefined ? 'it is not registered' : 'the key registered under this id has another';
  throw new EvidenceError('UNKNOWN_KEY', `Cannot accept the key "${keyId}": ${why}`, {
    hint: 'check who signed; a new key must be registered before it signs',
  });
}

function verifyValidity({ key, from, until }: RegisteredKey, at: Date): void {
  // Written so that an invalid date refuses
  if (from <= at && (until === undefined || at < until)) return;
  const window = `from ${encodeDate(from)}${until === undefined ? '' : ` until ${encodeDate(until)}`}`;
  throw new EvidenceError(
    'OUTSIDE_VALIDITY',
    `Cannot accept the key "${key.id}" at ${encodeDate(at)}: it is registered ${window}`,
    {
      hint: 'sign again with the key that is registered now',
    },
  );
}

async function verifySignature({ json, keyId }: ParsedBundle, key: PublicKey): Promise<void> {
  refuseRsa(key.scheme);
  const publicKey = keyObject(key);
  const [{ bundleFromJSON }, { toSignedEntity, Verifier }] = await Promise.all([
    import('@sigstore/bundle'),
    import('@sigstore/verify'),
  ]);
  const trust = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey, validFor: () => true }),
  };
  const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
  try {
    verifier.verify(toSignedEntity(bundleFromJSON(json)));
  } catch (cause) {
    throw new EvidenceError(
      'BAD_SIGNATURE',
      `Cannot accept the bundle: its signature is not one of the key "${keyId}" over this statement`,
      {
        hint: 'ask its signer for the file again; if it stays so, treat it as an attack',
        cause,
      },
    );
  }
}

function keyObject(key: PublicKey) {
  try {
    return toKeyObject(key);
  } catch (cause) {
    throw new EvidenceError(
      'UNSUPPORTED_KEY',
      `Cannot use the key "${key.id}": its public part is not a key of its scheme`,
      {
        hint: 'have the key registered again from its .pub file',
        cause,
      },
    );
  }
}
