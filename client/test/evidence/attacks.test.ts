// Attacks on a bundle, each after its honest twin went through the same check with the same trust.

import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { extension } from '../../../scripts/pki/certificate.ts';
import { der } from '../../src/encoding/index.ts';
import { EvidenceError, type Judge } from '../../src/evidence/index.ts';
import { digestOf, type Issued, type IssueOptions, makePki, makeStamp, type Pki, witnessOf } from './pki.ts';
import {
  edited,
  INTAKE,
  NOW,
  pkiOf,
  READER,
  type Signing,
  STAMPED,
  STATEMENT,
  signed,
  Trust,
  verdict,
} from './scene.ts';

const DAY = 86_400_000;
const daysFrom = (date: Date, days: number) => new Date(date.getTime() + days * DAY);
const text = (date: Date) => date.toISOString().replace('.000', '');

interface Attack {
  readonly code: string;
  readonly message: RegExp;
  /** Both, unless only the gate refuses. */
  readonly judges?: readonly Judge[];
  readonly make: (pki: Pki, trust: Trust) => Promise<Uint8Array>;
}

async function honest(pki: Pki, trust: Trust, judges: readonly Judge[]): Promise<void> {
  const { bundle } = await signed(pki);
  for (const judge of judges) expect(await verdict(bundle, trust, judge)).not.toBeInstanceOf(EvidenceError);
}

const issued =
  (options: IssueOptions, more: Signing = {}) =>
  async (pki: Pki) =>
    (await signed(pki, { options, ...more })).bundle;

/** Signs, and then lets the authorities say something about the certificate. */
const after =
  (say: (scene: { pki: Pki; trust: Trust; by: Issued }) => void, signing: Signing = {}) =>
  async (pki: Pki, trust: Trust) => {
    const { bundle, by } = await signed(pki, signing);
    say({ pki, trust, by });
    return bundle;
  };

function listed(pki: Pki, by: Issued, entry: { revoked: Date; invalidFrom?: Date; reason?: number }) {
  return pki.crl({ number: 2, entries: [{ serial: by.serial, ...entry }] });
}

function registered(trust: Trust, by: Issued, entry: { revoked: Date; invalidFrom?: Date; reason?: string }) {
  const { revoked, invalidFrom, reason = 'keyCompromise' } = entry;
  trust.revocations.revocations.push({
    issuer: digestOf(trust.pki.issuing.certificate),
    serial: by.serial.toString(16).toUpperCase().padStart(4, '0'),
    revoked: text(revoked),
    ...(invalidFrom === undefined ? {} : { invalidFrom: text(invalidFrom) }),
    reason,
    recorded: text(NOW),
  });
}

const attacks: Readonly<Record<string, Attack>> = {
  'a certificate that had expired when it was stamped': {
    code: 'OUTSIDE_VALIDITY',
    message:
      /^Cannot accept certificate [0-9A-F]{4} of "Example Issuing CA" at 2026-11-18T10:02:11Z, the time of its stamp: it is valid from 2026-10-21T09:00:00Z to 2026-11-18T10:02:10Z$/,
    make: issued({ until: new Date(STAMPED.getTime() - 1000) }),
  },
  'a certificate that was not valid yet when it was stamped': {
    code: 'OUTSIDE_VALIDITY',
    message: /the time of its stamp/,
    make: issued({ from: new Date(STAMPED.getTime() + 1000) }),
  },
  'a certificate that was good at the stamp, and had expired at the reception': {
    code: 'OUTSIDE_VALIDITY',
    message: /at 2026-11-20T09:00:00Z, the time of its reception/,
    judges: [INTAKE],
    make: issued({ until: daysFrom(NOW, -1) }),
  },
  'a certificate that was revoked before the stamp, by CRL': {
    code: 'REVOKED',
    message: /was revoked with effect from 2026-11-17T00:00:00Z \(keyCompromise\)/,
    make: after(({ pki, trust, by }) => {
      trust.crls = [listed(pki, by, { revoked: new Date('2026-11-17T00:00:00Z'), reason: 1 })];
    }),
  },
  'a certificate that was revoked before the stamp, by the register': {
    code: 'REVOKED',
    message: /was revoked with effect from 2026-11-17T00:00:00Z/,
    make: after(({ trust, by }) => registered(trust, by, { revoked: new Date('2026-11-17T00:00:00Z') })),
  },
  'a certificate that was revoked after the stamp, with invalidity before it, by CRL': {
    code: 'REVOKED',
    message: /with effect from 2026-11-01T00:00:00Z/,
    make: after(({ pki, trust, by }) => {
      const invalidFrom = new Date('2026-11-01T00:00:00Z');
      trust.crls = [listed(pki, by, { revoked: new Date('2026-11-19T00:00:00Z'), invalidFrom, reason: 1 })];
    }),
  },
  'a certificate that was revoked after the stamp, with invalidity before it, by the register': {
    code: 'REVOKED',
    message: /with effect from 2026-11-01T00:00:00Z/,
    make: after(({ trust, by }) => {
      const invalidFrom = new Date('2026-11-01T00:00:00Z');
      registered(trust, by, { revoked: new Date('2027-11-19T00:00:00Z'), invalidFrom });
    }),
  },
  'a certificate that was revoked between the stamp and the reception': {
    code: 'REVOKED',
    message: /at 2026-11-20T09:00:00Z: it was revoked with effect from 2026-11-19T00:00:00Z/,
    judges: [INTAKE],
    make: after(({ pki, trust, by }) => {
      trust.crls = [listed(pki, by, { revoked: new Date('2026-11-19T00:00:00Z'), reason: 4 })];
    }),
  },
  'a certificate that was revoked, then expired, and is gone from the newest CRL: an older one is kept': {
    code: 'REVOKED',
    message: /with effect from 2026-11-17T00:00:00Z/,
    make: after(
      ({ pki, trust, by }) => {
        const old = listed(pki, by, { revoked: new Date('2026-11-17T00:00:00Z'), reason: 1 });
        trust.crls = [old, pki.crl({ number: 3 })];
      },
      { options: { until: daysFrom(NOW, 1) } },
    ),
  },
  'a certificate that was revoked, then expired, and is gone from every CRL: the register remembers': {
    code: 'REVOKED',
    message: /with effect from 2026-11-17T00:00:00Z/,
    make: after(({ trust, by }) => registered(trust, by, { revoked: new Date('2026-11-17T00:00:00Z') })),
  },
  'a certificate on hold': {
    code: 'REVOKED',
    message: /certificateHold/,
    make: after(({ pki, trust, by }) => {
      trust.crls = [
        listed(pki, by, { revoked: new Date('2026-11-17T00:00:00Z'), reason: 6 }),
        pki.crl({ number: 3 }),
      ];
    }),
  },
  'an issuing authority that its root revoked': {
    code: 'REVOKED',
    message: /certificate 02 of "Example Root CA"/,
    make: after(({ pki, trust }) => {
      const entries = [{ serial: 2n, revoked: new Date('2026-11-17T00:00:00Z'), reason: 2 }];
      trust.crls.push(pki.crl({ number: 9, by: pki.root, entries }));
    }),
  },
  'another purpose than the anchor demands': {
    code: 'WRONG_USAGE',
    message: /its extended key usage holds 1\.3\.6\.1\.5\.5\.7\.3\.1, expected 1\.3\.6\.1\.5\.5\.7\.3\.3$/,
    make: issued({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] }),
  },
  'any purpose, where the anchor demands one': {
    code: 'WRONG_USAGE',
    message: /its extended key usage holds 2\.5\.29\.37\.0, expected/,
    make: issued({ extendedKeyUsage: ['2.5.29.37.0'] }),
  },
  'no purpose at all': {
    code: 'WRONG_USAGE',
    message: /its extended key usage holds nothing, expected/,
    make: issued({ extendedKeyUsage: [] }),
  },
  'a key that is not for signatures': {
    code: 'WRONG_USAGE',
    message: /its key usage holds nonRepudiation, expected digitalSignature$/,
    make: issued({ keyUsage: ['nonRepudiation'] }),
  },
  'no key usage at all': {
    code: 'WRONG_USAGE',
    message: /its key usage holds nothing, expected digitalSignature$/,
    make: issued({ keyUsage: [] }),
  },
  'a certificate that may issue others': {
    code: 'WRONG_USAGE',
    message: /it is an authority/,
    make: issued({ kind: 'authority' }),
  },
  'a key usage that allows to issue others': {
    code: 'WRONG_USAGE',
    message: /its key usage holds keyCertSign/,
    make: issued({ keyUsage: ['digitalSignature', 'keyCertSign'] }),
  },
  'a critical extension that nobody knows': {
    code: 'WRONG_USAGE',
    message: /the critical extension 2\.999\.7/,
    make: issued({ extensions: [extension('2.999.7', der.utf8('x'), 'critical')] }),
  },
  'an extension twice': {
    code: 'NOT_A_CERTIFICATE',
    message: /found the extension 2\.5\.29\.37 twice/,
    make: async (pki) => {
      const twice = await pki.issue({
        extensions: [extension('2.5.29.37', der.sequence(der.oid('1.3.6.1.5.5.7.3.3')))],
      });
      const { bundle } = await signed(pki);
      return edited(bundle, ({ verificationMaterial: { certificate } }) => {
        certificate.rawBytes = twice.certificate.toString('base64');
      });
    },
  },
  'a certificate of an authority that nobody knows': {
    code: 'UNKNOWN_ISSUER',
    message: /of "Other Issuing CA": no trusted authority issued it$/,
    make: async (pki) => {
      const other = await pkiOf('Other');
      return (await signed(other, { witness: witnessOf(pki, STAMPED) })).bundle;
    },
  },
  'an authority of the same name, with another key': {
    code: 'UNKNOWN_ISSUER',
    message: /no trusted authority issued it$/,
    make: async (pki) => {
      const twin = await makePki({ now: NOW });
      return (await signed(twin, { witness: witnessOf(pki, STAMPED) })).bundle;
    },
  },
  'an authority that was closed before the stamp, by its anchor': {
    code: 'UNKNOWN_ISSUER',
    message:
      /its authority is trusted from .* until 2026-11-18T10:02:11Z, it was stamped at 2026-11-18T10:02:11Z$/,
    make: after(({ trust }) => {
      trust.anchor('certificate').until = text(STAMPED);
    }),
  },
  'an authority that was closed before the stamp, by the trusted root': {
    code: 'UNKNOWN_ISSUER',
    message: /its authority is trusted from .* until/,
    make: after(({ trust }) => {
      Object.assign(trust.root.certificateAuthorities[0]?.validFor ?? {}, { end: text(STAMPED) });
    }),
  },
  'an authority that was closed between the stamp and the reception': {
    code: 'UNKNOWN_ISSUER',
    message: /it was received at 2026-11-20T09:00:00Z$/,
    judges: [INTAKE],
    make: after(({ trust }) => {
      trust.anchor('certificate').until = text(new Date(STAMPED.getTime() + 1000));
    }),
  },
  'a stamp of an authority that nobody knows': {
    code: 'UNKNOWN_TIME_AUTHORITY',
    message: /by the authority with certificate 03: it is not trusted$/,
    make: async (pki) => (await signed(pki, { witness: witnessOf(await pkiOf('Other'), STAMPED) })).bundle,
  },
  'a stamp of an authority of the same name and number, with another key': {
    code: 'BAD_STAMP',
    message: /its time stamp is not one of its authority over this signature$/,
    make: async (pki) =>
      (await signed(pki, { witness: witnessOf(await makePki({ now: NOW }), STAMPED) })).bundle,
  },
  'a stamp of an authority under a serial number that nobody knows': {
    code: 'UNKNOWN_TIME_AUTHORITY',
    message: /by the authority with certificate [0-9A-F]{4}: it is not trusted$/,
    make: async (pki) => {
      const by = await pki.issue({ subject: 'A clock', extendedKeyUsage: ['1.3.6.1.5.5.7.3.8'] });
      const testify = async (signature: Uint8Array) => {
        const query = {
          imprint: Buffer.from(digestOf(signature), 'hex'),
          nonce: undefined,
          wantsCertificate: true,
        };
        return makeStamp(query, { at: STAMPED, by, issuer: pki.issuing });
      };
      return (await signed(pki, { witness: { testify } })).bundle;
    },
  },
  'a stamp of an authority that was closed before it': {
    code: 'UNKNOWN_TIME_AUTHORITY',
    message: /it is trusted from .* until 2026-11-18T00:00:00Z$/,
    make: after(({ trust }) => {
      trust.anchor('timestamp').until = '2026-11-18T00:00:00Z';
    }),
  },
  'a time authority whose key is lost: it can stamp any date': {
    code: 'REVOKED',
    message: /certificate 03 of "Example Root CA" .*revoked for all time \(keyCompromise\)$/,
    make: after(({ pki, trust }) => {
      const entries = [{ serial: 3n, revoked: new Date('2026-11-19T00:00:00Z'), reason: 1 }];
      trust.crls.push(pki.crl({ number: 9, by: pki.root, entries }));
    }),
  },
  'a stamp over another signature': {
    code: 'BAD_STAMP',
    message: /not one of its authority over this signature/,
    make: async (pki) => {
      const other = await signed(pki);
      const { bundle } = await signed(pki);
      const stamps = JSON.parse(new TextDecoder().decode(other.bundle)).verificationMaterial
        .timestampVerificationData;
      return edited(bundle, ({ verificationMaterial }) => {
        verificationMaterial.timestampVerificationData = stamps;
      });
    },
  },
  'a stamp whose time was changed': {
    code: 'BAD_STAMP',
    message: /not one of its authority/,
    make: async (pki) => {
      const { bundle } = await signed(pki);
      return edited(bundle, ({ verificationMaterial: { timestampVerificationData } }) => {
        const [stamp] = timestampVerificationData.rfc3161Timestamps;
        const octets = Buffer.from(stamp?.signedTimestamp ?? '', 'base64').toString('latin1');
        const changed = octets.replace('20261118100211Z', '20261118090211Z');
        expect(changed).not.toBe(octets);
        Object.assign(stamp ?? {}, { signedTimestamp: Buffer.from(changed, 'latin1').toString('base64') });
      });
    },
  },
  'a stamp of the future': {
    code: 'STAMP_TIME',
    message: /of 2026-11-20T09:00:01Z: it is now 2026-11-20T09:00:00Z, expected a time that has passed$/,
    judges: [INTAKE],
    make: issued({}, { stampedAt: new Date(NOW.getTime() + 1000) }),
  },
  'a stamp that is 30 days old': {
    code: 'STAMP_TIME',
    message: /expected a stamp younger than 30 days$/,
    judges: [INTAKE],
    make: issued({ from: daysFrom(NOW, -60) }, { stampedAt: daysFrom(NOW, -30) }),
  },
  'an RSA key of 1024 bits': {
    code: 'UNSUPPORTED_KEY',
    message: /its key is RSA 1024, expected P-256, or RSA of 2048 bits or more$/,
    make: withCertificateFor('RSA-1024'),
  },
  'a key on P-384': {
    code: 'UNSUPPORTED_KEY',
    message: /its key is P-384/,
    make: withCertificateFor('P-384'),
  },
  'an Ed25519 key': {
    code: 'UNSUPPORTED_KEY',
    message: /its key is ed25519/,
    make: withCertificateFor('Ed25519'),
  },
  'another certificate of the same party, whose key did not sign': {
    code: 'BAD_SIGNATURE',
    message: /its signature is not one of certificate/,
    make: async (pki) => {
      const other = await pki.issue();
      return edited((await signed(pki)).bundle, ({ verificationMaterial: { certificate } }) => {
        certificate.rawBytes = other.certificate.toString('base64');
      });
    },
  },
  'another statement under the same signature': {
    code: 'BAD_SIGNATURE',
    message: /over this statement$/,
    make: async (pki) =>
      edited((await signed(pki)).bundle, ({ dsseEnvelope }) => {
        dsseEnvelope.payload = Buffer.from('{"_type":"another"}').toString('base64');
      }),
  },
  'a CRL that another authority signed': {
    code: 'BAD_CRL',
    message: /^Cannot accept revocation list 2: none of the trusted authorities signed it$/,
    make: async (pki, trust) => {
      trust.crls.push((await pkiOf('Other')).crl({ number: 2 }));
      return (await signed(pki)).bundle;
    },
  },
  'a CRL that a stranger signed in the name of the authority': {
    code: 'BAD_CRL',
    message: /none of the trusted authorities signed it/,
    make: async (pki, trust) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      trust.crls = [pki.crl({ number: 2, by: { certificate: pki.issuing.certificate, privateKey } })];
      return (await signed(pki)).bundle;
    },
  },
  'a CRL of changes alone, which leaves out the rest': {
    code: 'BAD_CRL',
    message: /the critical extension 2\.5\.29\.27/,
    make: async (pki, trust) => {
      trust.crls = [pki.crl({ number: 2, extensions: [extension('2.5.29.27', der.integer(1), 'critical')] })];
      return (await signed(pki)).bundle;
    },
  },
  'a CRL whose next update is overdue': {
    code: 'STALE_CRL',
    message: /the newest revocation list of its authority is good until 2026-11-20T09:00:00Z$/,
    judges: [INTAKE],
    make: async (pki, trust) => {
      trust.crls = [pki.crl({ number: 2, next: NOW })];
      return (await signed(pki)).bundle;
    },
  },
  'no CRL': {
    code: 'STALE_CRL',
    message: /its authority has no revocation list here$/,
    judges: [INTAKE],
    make: async (pki, trust) => {
      trust.crls = [];
      return (await signed(pki)).bundle;
    },
  },
  'a fresh CRL of another authority alone': {
    code: 'STALE_CRL',
    message: /has no revocation list here$/,
    judges: [INTAKE],
    make: async (pki, trust) => {
      trust.crls = [pki.crl({ number: 2, by: pki.root })];
      return (await signed(pki)).bundle;
    },
  },
};

/** An honest bundle with a certificate that no signer of ours would use. */
function withCertificateFor(key: 'RSA-1024' | 'P-384' | 'Ed25519') {
  return async (pki: Pki) => {
    const weak = await pki.issue({ key });
    return edited((await signed(pki)).bundle, ({ verificationMaterial: { certificate } }) => {
      certificate.rawBytes = weak.certificate.toString('base64');
    });
  };
}

describe('refuses', () => {
  test.each(Object.entries(attacks))(
    '%s',
    async (_name, { code, message, make, judges = [INTAKE, READER] }) => {
      const pki = await pkiOf('Example');
      const trust = new Trust(pki);
      await honest(pki, trust, judges);
      const bundle = await make(pki, trust);
      for (const judge of judges) {
        const refused = await verdict(bundle, trust, judge);
        expect(refused).toMatchObject({ name: 'EvidenceError', code });
        expect((refused as EvidenceError).message).toMatch(message);
        expect((refused as EvidenceError).hint).not.toBe('');
      }
      // What only the gate minds, a reader accepts
      if (!judges.includes(READER))
        expect(await verdict(bundle, trust, READER)).not.toBeInstanceOf(EvidenceError);
    },
  );
});

describe('accepts', () => {
  it.each(['P-256', 'RSA-2048', 'RSA-3072'] as const)('a key of the kind %s', async (key) => {
    const pki = await pkiOf('Example');
    const { bundle, by } = await signed(pki, { options: { key, subject: 'Example Meters' } });
    for (const judge of [INTAKE, READER]) {
      expect(await verdict(bundle, new Trust(pki), judge)).toEqual({
        statement: STATEMENT,
        certificate: {
          sha256: by.sha256,
          issuer: 'Example Issuing CA',
          subject: 'Example Meters',
          serial: by.serial.toString(16).toUpperCase().padStart(4, '0'),
          keyType: key.replace('RSA-', 'RSA '),
        },
        stampedAt: STAMPED,
        authority: 'Example Time Authority',
      });
    }
  });

  it('a published bundle, for a reader, years after: certificate expired, authorities closed, CRLs stale or gone', async () => {
    const pki = await pkiOf('Example');
    const trust = new Trust(pki);
    const { bundle } = await signed(pki, { options: { until: daysFrom(NOW, 1) } });
    expect(await verdict(bundle, trust, INTAKE)).not.toBeInstanceOf(EvidenceError);
    trust.anchor('certificate').until = text(daysFrom(NOW, 2));
    trust.anchor('timestamp').until = text(daysFrom(NOW, 2));
    const later: Judge = { at: 'intake', now: daysFrom(NOW, 3650) };
    for (const crls of [trust.crls, []]) {
      trust.crls = crls;
      expect(await verdict(bundle, trust, READER)).not.toBeInstanceOf(EvidenceError);
      expect(await verdict(bundle, trust, later)).toMatchObject({ code: 'STAMP_TIME' });
    }
  });

  it('a bundle whose certificate was revoked after the stamp, with invalidity after it, for a reader', async () => {
    const pki = await pkiOf('Example');
    const trust = new Trust(pki);
    const { bundle, by } = await signed(pki);
    const invalidFrom = new Date(STAMPED.getTime() + 1000);
    trust.crls = [listed(pki, by, { revoked: new Date('2026-11-19T00:00:00Z'), invalidFrom, reason: 1 })];
    registered(trust, by, { revoked: new Date('2026-11-19T00:00:00Z'), invalidFrom });
    expect(await verdict(bundle, trust, READER)).not.toBeInstanceOf(EvidenceError);
  });

  it('a stamp of a time authority that was replaced since, and whose key was not lost', async () => {
    const pki = await pkiOf('Example');
    const trust = new Trust(pki);
    const { bundle } = await signed(pki);
    const entries = [{ serial: 3n, revoked: new Date('2026-11-19T00:00:00Z'), reason: 4 }];
    trust.crls.push(pki.crl({ number: 9, by: pki.root, entries }));
    expect(await verdict(bundle, trust, INTAKE)).not.toBeInstanceOf(EvidenceError);
  });

  it('a stamp that is a second short of 30 days', async () => {
    const pki = await pkiOf('Example');
    const stampedAt = new Date(daysFrom(NOW, -30).getTime() + 1000);
    const { bundle } = await signed(pki, { options: { from: daysFrom(NOW, -60) }, stampedAt });
    expect(await verdict(bundle, new Trust(pki), INTAKE)).not.toBeInstanceOf(EvidenceError);
  });
});

describe('the trust anchors are refused as a whole', () => {
  const changes: Readonly<Record<string, readonly [RegExp, (trust: Trust) => unknown]>> = {
    'where an authority has no anchor': [
      /found no anchor, expected one anchor of the kind "timestamp"/,
      ({ anchors }) => anchors.authorities.pop(),
    ],
    'where an anchor has no authority': [
      /trusted_root\.json has no such authority/,
      ({ root }) => root.timestampAuthorities.pop(),
    ],
    'where an anchor is of the other kind': [
      /expected one anchor of the kind "certificate"/,
      (trust) => Object.assign(trust.anchor('certificate'), { kind: 'timestamp' }),
    ],
    'where an authority stands twice': [
      /found it twice/,
      ({ root }) => root.certificateAuthorities.push(...root.certificateAuthorities),
    ],
    'where a chain does not lead to a root': [
      /is not issued by the next of its chain/,
      ({ root }) => root.certificateAuthorities[0]?.certChain.certificates.pop(),
    ],
    'where an authority has no beginning': [
      /certificateAuthorities\[0\]\.validFor\.start holds nothing/,
      ({ root }) => Object.assign(root.certificateAuthorities[0] ?? {}, { validFor: {} }),
    ],
    'where it names a log': [
      /tlogs holds \[\{\}\], expected an empty list/,
      ({ root }) => (root.tlogs as object[]).push({}),
    ],
    'where it has a field that nobody knows': [
      /register\/trusted_root\.json: it holds the unknown field "note"/,
      ({ root }) => Object.assign(root, { note: 1 }),
    ],
    'where the revocations are of another format': [
      /register\/revocations\.json: format holds "cfl\/revocations\/2"/,
      ({ revocations }) => Object.assign(revocations, { format: 'cfl/revocations/2' }),
    ],
  };
  test.each(Object.entries(changes))('%s', async (_name, [message, change]) => {
    const trust = new Trust(await pkiOf('Example'));
    await trust.read();
    change(trust);
    await expect(trust.read()).rejects.toMatchObject({
      code: 'WRONG_TRUST',
      message: expect.stringMatching(message),
    });
  });
});
