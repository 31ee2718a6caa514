// The key of a party's statements and the certificate for it, as files where the party keeps its keys.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile } from '@cfl/client/keys';
import { mailboxName } from './certificate.ts';
import type { Pki } from './pki.ts';

export interface EvidenceFiles {
  /** Paths below the party's folder. */
  readonly key: string;
  readonly certificate: string;
  /** Of the certificate, as the register names it. */
  readonly sha256: string;
}

export interface EvidenceFilesOptions {
  readonly subject: string;
  /** Empty: the key lies there in the clear. */
  readonly passphrase: string;
  readonly kind?: 'P-256' | 'RSA-2048';
  /** Of a function: a name that verifiers of Sigstore ask for. */
  readonly mailbox?: string | undefined;
}

export async function writeEvidenceFiles(
  pki: Pki,
  base: string,
  { subject, passphrase, kind = 'P-256', mailbox }: EvidenceFilesOptions,
): Promise<EvidenceFiles> {
  const [key, certificate] = ['keys/statement.pem', 'keys/statement.crt'];
  await mkdir(join(base, 'keys'), { recursive: true, mode: 0o700 });
  const issued = await pki.issue({
    subject,
    key: kind === 'P-256' ? await keyFile(join(base, key), passphrase) : kind,
    ...(mailbox === undefined ? {} : { extensions: [mailboxName(mailbox)] }),
  });
  if (kind === 'RSA-2048')
    await writeFile(join(base, key), pemOf(issued.privateKey, passphrase), { mode: 0o600, flag: 'wx' });
  const lines = issued.certificate.toString('base64').match(/.{1,64}/g) ?? [];
  const pem = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  await writeFile(join(base, certificate), pem, { flag: 'wx' });
  return { key, certificate, sha256: issued.sha256 };
}

async function keyFile(path: string, passphrase: string): Promise<KeyObject> {
  await createKeyFile(path, passphrase, passphrase === '' ? { unencrypted: 'trial' } : {});
  return createPrivateKey({ key: await readFile(path, 'utf8'), passphrase });
}

/** As a certificate authority's own tool would write it. */
function pemOf(key: KeyObject, passphrase: string): string {
  const plain = { type: 'pkcs8', format: 'pem' } as const;
  const options = passphrase === '' ? plain : { ...plain, cipher: 'aes-256-cbc', passphrase };
  return key.export(options).toString();
}
