// Whose statement is it? The register says which certificates a party signs under, for what, and when.

import { encodeDate } from '../encoding/index.ts';
import { type Evidence, EvidenceError } from '../evidence/index.ts';
import { certificateAt, type Party, type Purpose } from '../firmware/index.ts';

/**
 * Throws EvidenceError UNREGISTERED unless the register gave this party this certificate for this purpose, at
 * the time of the stamp and at every other time that is asked for: the gate adds the first reception.
 */
export function verifyRegistered(
  party: Party,
  { certificate, stampedAt }: Evidence,
  { purpose, also = [] }: { readonly purpose: Purpose; readonly also?: readonly Date[] },
): void {
  const { sha256, serial, issuer } = certificate;
  const missing = [stampedAt, ...also].find(
    (at) => certificateAt(party, { sha256, purpose, at: encodeDate(at) }) === undefined,
  );
  if (missing === undefined) return;
  throw new EvidenceError(
    'UNREGISTERED',
    `Cannot accept certificate ${serial} of "${issuer}" at ${encodeDate(missing)}: it is not registered for ${party.id} and the purpose "${purpose}"`,
    { hint: 'check who signed; a new certificate is registered before it signs' },
  );
}
