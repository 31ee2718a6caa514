// Attacks by way of the authorities themselves: certificates renewed, lists late or odd, chains that say more
// than a verifier here understands. Each after its honest twin.

import { beforeAll, describe, expect, it } from 'vitest';
import {
  basicConstraints,
  extension,
  keyIdentifiers,
  keyUsage,
  makeCertificate,
} from '../../../scripts/pki/certificate.ts';
import { der } from '../../src/encoding/index.ts';
import { EvidenceError, type Judge, readCertificate, readCrl } from '../../src/evidence/index.ts';
import { CODE_SIGNING, digestOf, type Holder, type Issued, type Pki, subjectOf, witnessOf } from './pki.ts';
import { INTAKE, NOW, pkiOf, READER, STAMPED, signed, Trust, verdict } from './scene.ts';

const DAY = 86_400_000;
const YEAR = 365 * DAY;
const before = new Date(STAMPED.getTime() - DAY);

let pki: Pki;
let bundle: Uint8Array;
let by: Issued;
beforeAll(async () => {
  pki = await pkiOf('Example');
  ({ bundle, by } = await signed(pki));
});

async function expectAccepted(trust: Trust, judge: Judge): Promise<void> {
  expect(await verdict(bundle, trust, judge)).not.toBeInstanceOf(EvidenceError);
}

/** The issuing authority once more: the same name and key, another certificate. */
function renewed(more: readonly ReturnType<typeof extension>[] = []): Holder {
  const { privateKey, certificate } = pki.issuing;
  const publicKey = readCertificate(certificate).x509.publicKey;
  const made = makeCertificate(
    {
      serial: 0x77n,
      subject: subjectOf(certificate),
      issuer: subjectOf(pki.root.certificate),
      from: pki.start,
      until: new Date(pki.start.getTime() + 19 * YEAR),
      publicKey,
      extensions: [
        basicConstraints('authority'),
        keyUsage('keyCertSign', 'cRLSign'),
        ...keyIdentifiers(publicKey, pki.root.privateKey),
        ...more,
      ],
    },
    pki.root.privateKey,
  );
  return { certificate: made, privateKey };
}

/** The trust with another certificate of the issuing authority, before or after the first. */
function withRenewed(place: 'first' | 'last', holder = renewed()): Trust {
  const trust = new Trust(pki);
  const [known] = trust.root.certificateAuthorities;
  if (known === undefined) throw new TypeError('there is an authority');
  const [, ...chain] = known.certChain.certificates;
  const certificates = [{ rawBytes: holder.certificate.toString('base64') }, ...chain];
  const more = { ...known, certChain: { certificates } };
  trust.root.certificateAuthorities = place === 'first' ? [more, known] : [known, more];
  trust.anchors.authorities.push({
    ...trust.anchor('certificate'),
    sha256: digestOf(holder.certificate),
    leaf: { keyUsage: ['digitalSignature'], extendedKeyUsage: [CODE_SIGNING] },
  });
  return trust;
}

describe.each(['first', 'last'] as const)(
  'an authority whose certificate was renewed for the same key, listed %s',
  (place) => {
    it.each([INTAKE, READER])('issues as before, for $at', async (judge) => {
      await expectAccepted(withRenewed(place), judge);
    });

    it.each([INTAKE, READER])('revokes as before, by its list, for $at', async (judge) => {
      const trust = withRenewed(place);
      trust.crls = [pki.crl({ number: 2, entries: [{ serial: by.serial, revoked: before, reason: 1 }] })];
      expect(await verdict(bundle, trust, judge)).toMatchObject({ code: 'REVOKED' });
    });

    it.each(['the old certificate', 'the new certificate'])(
      'is revoked under, by the register, which names %s',
      async (which) => {
        const holder = renewed();
        const trust = withRenewed(place, holder);
        const named = which === 'the old certificate' ? pki.issuing : holder;
        trust.revocations.revocations.push({
          issuer: digestOf(named.certificate),
          serial: readCertificate(by.certificate).serial,
          revoked: '2026-11-17T00:00:00Z',
          reason: 'keyCompromise',
          recorded: '2026-11-20T09:00:00Z',
        });
        expect(await verdict(bundle, trust, READER)).toMatchObject({ code: 'REVOKED' });
      },
    );
  },
);

describe('an authority that is trusted itself', () => {
  it('counts no longer once its own entry of the register says so', async () => {
    const trust = new Trust(pki);
    await expectAccepted(trust, READER);
    trust.revocations.revocations.push({
      issuer: digestOf(pki.root.certificate),
      serial: '01',
      revoked: '2026-11-17T00:00:00Z',
      reason: 'cACompromise',
      recorded: '2026-11-20T09:00:00Z',
    });
    expect(await verdict(bundle, trust, READER)).toMatchObject({ code: 'REVOKED' });
  });

  it('is refused where its certificate limits its names: nobody here would check them', async () => {
    await withRenewed('last').read();
    const names = extension('2.5.29.30', der.sequence(), 'critical');
    await expect(withRenewed('last', renewed([names])).read()).rejects.toMatchObject({
      code: 'WRONG_TRUST',
      message: expect.stringContaining('the critical extension 2.5.29.30'),
    });
  });
});

describe('a list that came after the first reception', () => {
  it('is as good as one that was there, so that a late list ends the waiting', async () => {
    const trust = new Trust(pki);
    trust.crls = [pki.crl({ number: 2, next: NOW })];
    expect(await verdict(bundle, trust, INTAKE)).toMatchObject({ code: 'STALE_CRL' });
    const late = { from: new Date(NOW.getTime() + DAY), next: new Date(NOW.getTime() + 8 * DAY) };
    trust.crls.push(pki.crl({ number: 3, ...late }));
    await expectAccepted(trust, INTAKE);
  });

  it('is not, where it came after the end of the certificate: it may have left it out', async () => {
    const trust = new Trust(pki);
    const short = await signed(pki, { options: { until: new Date(NOW.getTime() + DAY) } });
    const list = (days: number) =>
      pki.crl({
        number: 3,
        from: new Date(NOW.getTime() + days * DAY),
        next: new Date(NOW.getTime() + 9 * DAY),
      });
    trust.crls = [list(1)];
    expect(await verdict(short.bundle, trust, INTAKE)).not.toBeInstanceOf(EvidenceError);
    trust.crls = [list(2)];
    expect(await verdict(short.bundle, trust, INTAKE)).toMatchObject({ code: 'STALE_CRL' });
  });
});

describe('the list of an authority above', () => {
  const overdue = () => pki.crl({ number: 9, by: pki.root, from: before, next: NOW });
  const fresh = () => pki.crl({ number: 10, by: pki.root });

  it('must be fresh at intake where the library has one, and a reader needs none', async () => {
    const trust = new Trust(pki);
    await expectAccepted(trust, INTAKE);
    trust.crls.push(overdue());
    expect(await verdict(bundle, trust, INTAKE)).toMatchObject({
      code: 'STALE_CRL',
      message: expect.stringMatching(/^Cannot accept certificate 02 of "Example Root CA" at .* good until/),
    });
    await expectAccepted(trust, READER);
    trust.crls.push(fresh());
    await expectAccepted(trust, INTAKE);
  });

  it('must be there at intake where the certificate says where it is', async () => {
    const trust = withRenewed('first', renewed([extension('2.5.29.31', der.sequence())]));
    expect(await verdict(bundle, trust, INTAKE)).toMatchObject({
      code: 'STALE_CRL',
      message: expect.stringMatching(/certificate 77 .* its authority has no revocation list here$/),
    });
    await expectAccepted(trust, READER);
    trust.crls.push(fresh());
    await expectAccepted(trust, INTAKE);
  });

  it('is asked for above the time authority, too', async () => {
    const other = await pkiOf('Other');
    const stamped = await signed(pki, { with: by, witness: witnessOf(other, STAMPED) });
    const trust = new Trust(pki);
    trust.root.timestampAuthorities = other.trustedRoot().timestampAuthorities;
    const own = other.register().anchors.authorities.filter(({ kind }) => kind === 'timestamp');
    trust.anchors.authorities = [trust.anchor('certificate'), ...own];
    expect(await verdict(stamped.bundle, trust, INTAKE)).not.toBeInstanceOf(EvidenceError);
    trust.crls.push(other.crl({ number: 9, by: other.root, from: before, next: NOW }));
    expect(await verdict(stamped.bundle, trust, INTAKE)).toMatchObject({
      code: 'STALE_CRL',
      message: expect.stringMatching(/^Cannot accept certificate 03 of "Other Root CA"/),
    });
    expect(await verdict(stamped.bundle, trust, READER)).not.toBeInstanceOf(EvidenceError);
  });
});

describe('a list is refused', () => {
  const entry = { serial: 0x21fn, revoked: before, reason: 1 };

  it('which names one serial number twice: the later entry could undo the first', () => {
    expect(readCrl(pki.crl({ number: 2, entries: [entry, { ...entry, serial: 0x220n }] })).entries.size).toBe(
      2,
    );
    const later = { ...entry, revoked: NOW };
    expect(() => readCrl(pki.crl({ number: 2, entries: [entry, later] }))).toThrow(
      'found one serial number twice',
    );
  });

  it('which goes on after its signature', () => {
    const list = pki.crl({ number: 2 });
    const [body, algorithm, signature] = der.inside(der.readDer(list)).map(({ octets }) => octets);
    if (body === undefined || algorithm === undefined || signature === undefined) throw new TypeError();
    expect(readCrl(der.sequence(body, algorithm, signature)).number).toBe(2n);
    expect(() => readCrl(der.sequence(body, algorithm, signature, der.integer(1)))).toThrow(
      'found something after the signature',
    );
  });
});

describe('a serial number', () => {
  const withSerial = (serial: bigint) => {
    const { privateKey, certificate } = pki.root;
    const publicKey = readCertificate(certificate).x509.publicKey;
    return makeCertificate(
      {
        serial,
        subject: 'A',
        issuer: 'A',
        from: NOW,
        until: NOW,
        publicKey,
        extensions: [basicConstraints('leaf')],
      },
      privateKey,
    );
  };

  it('of 20 octets is read, of 21 refused: the register could not name it', () => {
    expect(readCertificate(withSerial((1n << 160n) - 1n)).serial).toBe('FF'.repeat(20));
    expect(() => readCertificate(withSerial(1n << 160n))).toThrow('more than 20 octets');
  });

  it('of a million octets does not hang its reader', () => {
    const long = der.writeDer(der.TAG.integer, new Uint8Array(1_000_000).fill(0x55));
    // Read octet by octet it would outlast the limit of a test
    expect(der.readInteger(der.readDer(long)) > 0n).toBe(true);
    expect(der.readInteger(der.readDer(der.writeDer(der.TAG.integer, Uint8Array.of(0xff, 0x7f))))).toBe(
      -129n,
    );
  });
});
