// A certificate that was judged before is judged again: what is kept of it is what its octets alone decide.

import { bundleFromJSON } from '@sigstore/bundle';
import { type SignedEntity, toSignedEntity } from '@sigstore/verify';
import { expect, it } from 'vitest';
import { withKnownSigner } from '../../src/evidence/work-once.ts';
import { makePki } from './pki.ts';
import { edited, NOW, pkiOf, READER, STAMPED, signed, Trust, verdict } from './scene.ts';

const ACCEPTED = { stampedAt: STAMPED };

it('under an authority of the same name with another key it is refused, before and after', async () => {
  const [pki, twin] = [await makePki({ now: NOW }), await makePki({ now: NOW })];
  const { bundle } = await signed(pki);
  const honest = new Trust(pki);
  const other = new Trust(twin);
  // The stamp is the first authority's: only the certificate's issuer is another
  other.root.timestampAuthorities = honest.root.timestampAuthorities;
  other.anchors.authorities = [other.anchor('certificate'), honest.anchor('timestamp')];
  const judge = (trust: Trust) => verdict(bundle, trust, READER);
  expect(await judge(other)).toMatchObject({ code: 'UNKNOWN_ISSUER' });
  expect(await judge(honest)).toMatchObject(ACCEPTED);
  expect(await judge(other)).toMatchObject({ code: 'UNKNOWN_ISSUER' });
  expect(await judge(honest)).toMatchObject(ACCEPTED);
});

it('with another statement under its signature it is refused', async () => {
  const pki = await pkiOf('Once');
  const trust = new Trust(pki);
  const { bundle } = await signed(pki);
  expect(await verdict(bundle, trust, READER)).toMatchObject(ACCEPTED);
  const changed = edited(bundle, ({ dsseEnvelope }) => {
    dsseEnvelope.payload = Buffer.from('{"_type":"https://in-toto.io/Statement/v0"}').toString('base64');
  });
  expect(await verdict(changed, trust, READER)).toMatchObject({ code: 'BAD_SIGNATURE' });
});

it('with another certificate of the same key and name it is refused', async () => {
  const pki = await pkiOf('Once');
  const trust = new Trust(pki);
  const { bundle, by } = await signed(pki);
  expect(await verdict(bundle, trust, READER)).toMatchObject(ACCEPTED);
  const changed = edited(bundle, ({ verificationMaterial: { certificate } }) => {
    const octets = Buffer.from(by.certificate);
    const last = octets.length - 1;
    octets[last] = (octets[last] ?? 0) ^ 1;
    certificate.rawBytes = octets.toString('base64');
  });
  expect(await verdict(changed, trust, READER)).toMatchObject({ code: 'UNKNOWN_ISSUER' });
});

it('is kept once an authority has issued it, and not before: what anybody can make up fills no memory', async () => {
  const [pki, twin] = [await makePki({ now: NOW }), await makePki({ now: NOW })];
  const { bundle, by } = await signed(pki);
  const again = async () => {
    const entity = toSignedEntity(bundleFromJSON(JSON.parse(new TextDecoder().decode(bundle))));
    return { entity, known: withKnownSigner(entity, by.certificate) };
  };
  await verdict(bundle, new Trust(twin), READER);
  const refused = await again();
  expect(certificateOf(refused.known)).toBe(certificateOf(refused.entity));
  expect(await verdict(bundle, new Trust(pki), READER)).toMatchObject(ACCEPTED);
  const accepted = await again();
  expect(certificateOf(accepted.known)).not.toBe(certificateOf(accepted.entity));
});

function certificateOf({ key }: SignedEntity): unknown {
  return key.$case === 'certificate' ? key.certificate : undefined;
}
