// Sealed by somebody who keeps no rules: to several, or to classical and post-quantum recipients together.

import { Encrypter } from 'age-encryption';

export function sealedByAnyone(plaintext: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(plaintext);
}
