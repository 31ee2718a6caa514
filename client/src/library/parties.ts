// Whose statements count? The register's parties, and the keys that they sign statements with.

import { createPublicKey } from 'node:crypto';
import { parseDate, toHex } from '../encoding/index.ts';
import type { EvidenceTrust, RegisteredKey } from '../evidence/index.ts';
import type { ManufacturerCode, Party, Register, StatementKey } from '../firmware/index.ts';
import { type KeyId, type PublicKey, publicKey } from '../tuf/index.ts';

export function ownerOf(register: Register, code: ManufacturerCode): Party | undefined {
  return register.parties.find((party) => party.codes.includes(code));
}

/** The party's keys. One that is not the key of its id is left out: it never counts. */
export async function statementTrust(party: Party): Promise<EvidenceTrust> {
  const keys = new Map<KeyId, RegisteredKey>();
  for (const registered of party.statementKeys) {
    const key = await keyOf(registered);
    if (key === undefined) continue;
    const until = registered.until === undefined ? undefined : parseDate(registered.until);
    keys.set(key.id, { key, from: parseDate(registered.from), until });
  }
  return { keys };
}

/** The register writes every key as PEM; a TUF key id covers another form of an Ed25519 key. */
async function keyOf(registered: StatementKey): Promise<PublicKey | undefined> {
  const candidates = [
    () => publicKey('ecdsa', 'ecdsa-sha2-nistp256', registered.public),
    () => ed25519(registered.public),
  ];
  for (const candidate of candidates) {
    const key = await candidate();
    if (key?.id === registered.id) return key;
  }
  return undefined;
}

async function ed25519(pem: string): Promise<PublicKey | undefined> {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') return undefined;
    return await publicKey(
      'ed25519',
      'ed25519',
      toHex(key.export({ type: 'spki', format: 'der' }).subarray(-32)),
    );
  } catch {
    return undefined;
  }
}
