// Small signed files for the unit tests, made from plain JSON and not by the encoder under test.

import { encodeCanonical, type JsonObject, toHex } from '../../../src/encoding/index.ts';
import { type KeyId, type KeyRing, parseKey, type RoleKeys } from '../../../src/tuf/index.ts';
import type { TestKey } from '../test-keys.ts';

export function targetsJson(members: JsonObject = {}): JsonObject {
  return {
    _type: 'targets',
    spec_version: '1.0.34',
    version: 1,
    expires: '2028-01-01T00:00:00Z',
    targets: {},
    ...members,
  };
}

export function signedFile(signed: JsonObject, keys: readonly TestKey[]) {
  const message = encodeCanonical(signed);
  return { signatures: keys.map((key) => ({ keyid: key.id, sig: toHex(key.sign(message)) })), signed };
}

export function octetsOf(json: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json));
}

export async function ringOf(keys: readonly TestKey[]): Promise<KeyRing> {
  const parsed = await Promise.all(keys.map(({ id, json }) => parseKey(id, json)));
  return new Map(parsed.flatMap((key) => (key === undefined ? [] : [[key.id, key] as const])));
}

export function roleKeys(keys: readonly TestKey[], threshold: number): RoleKeys {
  return { keyIds: keys.map(({ id }) => id as KeyId), threshold };
}
