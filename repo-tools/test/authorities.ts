// Whom the library of a test trusts for certificates and times.

import { parseSha256 } from '@cfl/client/encoding';
import { crlPath } from '@cfl/client/firmware';
import { parseTargetPath } from '@cfl/client/tuf';
import { onTestFinished } from 'vitest';
import { digestOf, startTimestampAuthority } from '../../client/test/evidence/pki.ts';
import { pkiOf } from '../../client/test/evidence/scene.ts';
import { writeEvidenceFiles } from '../../scripts/pki/party.ts';
import { planTrust } from '../src/ceremony/trust.ts';
import type { Change } from '../src/change/change.ts';
import { revise } from '../src/change/plan.ts';
import type { Published } from '../src/deploy/index.ts';
import { CATALOGUE } from '../src/intake/planned.ts';
import type { EvidenceSettings } from '../src/submission/init.ts';
import { NOW } from './fixture.ts';

/** One for all test files that run in one process. */
const authorities = () => pkiOf('Example');

/** Where it answers, while the test runs: it stamps with the hour of the tests. */
async function timeAuthority(): Promise<string> {
  const { url, close } = await startTimestampAuthority(await authorities(), { clock: () => NOW });
  onTestFinished(close);
  return url;
}

/** The registrar's change by which the authorities become trusted. */
export async function trusting(published: Published): Promise<Change> {
  const { trustedRoot, anchors } = (await authorities()).files();
  return planTrust({ trustedRoot, anchors }, published, NOW);
}

/** The catalogue's change that brings their revocation list. */
export async function listingCrl(published: Published): Promise<Change> {
  const pki = await authorities();
  const issuer = parseSha256(digestOf(pki.issuing.certificate));
  const crl = pki.crl({ number: 1 });
  const files = new Map([[crlPath({ issuer, number: 1n }), new Uint8Array(crl)]]);
  const document = await revise(CATALOGUE, await published.role(CATALOGUE), { add: files }, NOW);
  return {
    title: 'a revocation list',
    words: [...files.keys()],
    created: NOW,
    library: published.library,
    upon: new Map([[CATALOGUE, document.signed.version - 1]]),
    metadata: new Map([[CATALOGUE, document]]),
    targets: new Map([...files].map(([path, octets]) => [parseTargetPath(path), octets])),
  };
}

/** A key and a certificate for it in a party's folder; without a passphrase the key lies there in the clear. */
export async function evidenceIn(base: string, subject: string, passphrase = ''): Promise<EvidenceSettings> {
  const made = await writeEvidenceFiles(await authorities(), base, { subject, passphrase });
  return { key: made.key, certificate: made.certificate, timeAuthority: await timeAuthority() };
}
