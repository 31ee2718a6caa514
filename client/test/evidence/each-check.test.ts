// Checks that another check would mostly cover: each is shown alone, after its honest twin.

import { beforeAll, describe, expect, it } from 'vitest';
import {
  basicConstraints,
  type Extension,
  extendedKeyUsage,
  extension,
  keyIdentifiers,
  keyUsage,
  makeCertificate,
} from '../../../scripts/pki/certificate.ts';
import { der } from '../../src/encoding/index.ts';
import { EvidenceError, type Judge, readCertificate, readCrl } from '../../src/evidence/index.ts';
import { signerOf } from '../../src/keys/index.ts';
import {
  CODE_SIGNING,
  digestOf,
  type Holder,
  makePki,
  makeStamp,
  Pki,
  subjectOf,
  TIME_STAMPING,
  witnessOf,
} from './pki.ts';
import { INTAKE, NOW, pkiOf, READER, STAMPED, signed, Trust, verdict } from './scene.ts';

const SECOND = 1000;
const DAY = 86_400_000;
const YEAR = 365 * DAY;
const at = (date: Date, more: number) => new Date(date.getTime() + more);
const text = (date: Date) => date.toISOString().replace('.000', '');

let pki: Pki;
beforeAll(async () => {
  pki = await pkiOf('Example');
});

const codeOf = async (bundle: Uint8Array, trust: Trust, judge: Judge) => {
  const found = await verdict(bundle, trust, judge);
  return found instanceof EvidenceError ? found.code : 'accepted';
};

interface Made {
  readonly subject: string;
  readonly serial: bigint;
  readonly by: Holder;
  readonly key: Holder;
  readonly extensions: readonly Extension[];
  readonly until?: Date;
  readonly issuer?: string;
}

function certificateOf({ subject, serial, by, key, extensions, until, issuer }: Made): Holder {
  const { publicKey } = readCertificate(key.certificate).x509;
  const certificate = makeCertificate(
    {
      serial,
      subject,
      issuer: issuer ?? subjectOf(by.certificate),
      from: pki.start,
      until: until ?? at(pki.start, 15 * YEAR),
      publicKey,
      extensions: [...extensions, ...keyIdentifiers(publicKey, by.privateKey)],
    },
    by.privateKey,
  );
  return { certificate, privateKey: key.privateKey };
}

const AUTHORITY = [basicConstraints('authority'), keyUsage('keyCertSign', 'cRLSign')];
const authorityOf = (key: Holder, more: Partial<Made> = {}) =>
  certificateOf({
    subject: subjectOf(key.certificate),
    serial: 0x70n,
    by: pki.root,
    key,
    extensions: AUTHORITY,
    ...more,
  });

/** The same authorities, some of them exchanged. */
const pkiWith = (changed: Partial<Pick<Pki, 'root' | 'issuing' | 'time'>>) =>
  new Pki({
    root: pki.root,
    issuing: pki.issuing,
    time: pki.time,
    start: pki.start,
    now: NOW,
    next: 0x400n,
    ...changed,
  });

/** The trust, and before it one authority more, with the roots that it leads to. */
function trusting(holder: Holder, ...chain: readonly Holder[]): Trust {
  const trust = new Trust(pki);
  const [known] = trust.root.certificateAuthorities;
  if (known === undefined) throw new TypeError('there is an authority');
  const certificates = [holder, ...chain].map((one) => ({ rawBytes: one.certificate.toString('base64') }));
  trust.root.certificateAuthorities = [{ ...known, certChain: { certificates } }, known];
  trust.anchors.authorities.push({ ...trust.anchor('certificate'), sha256: digestOf(holder.certificate) });
  return trust;
}

describe('the certificate of a time authority', () => {
  const clock = (...extensions: readonly Extension[]) => {
    const time = certificateOf({
      subject: 'Example Time Authority',
      serial: 3n,
      by: pki.root,
      key: pki.time,
      extensions,
    });
    return pkiWith({ time });
  };
  const leaf = basicConstraints('leaf');
  const signs = keyUsage('digitalSignature');
  const stamps = extendedKeyUsage([TIME_STAMPING], 'critical');
  const stamped = async (by: Pki) => codeOf((await signed(by)).bundle, new Trust(by), READER);

  it.each<[string, readonly Extension[]]>([
    [
      'is for another purpose besides',
      [leaf, signs, extendedKeyUsage([TIME_STAMPING, CODE_SIGNING], 'critical')],
    ],
    [
      'has its purpose as one that may be ignored',
      [leaf, signs, extendedKeyUsage([TIME_STAMPING], 'ignorable')],
    ],
    ['has no purpose', [leaf, signs]],
    ['is for no signatures', [leaf, keyUsage('nonRepudiation'), stamps]],
    ['may issue others', [basicConstraints('authority'), signs, stamps]],
    [
      'has a critical extension that nobody knows',
      [leaf, signs, stamps, extension('2.999.7', der.utf8('x'), 'critical')],
    ],
  ])('is refused where it %s', async (_, extensions) => {
    expect(await stamped(clock(leaf, signs, stamps))).toBe('accepted');
    expect(await stamped(clock(...extensions))).toBe('WRONG_USAGE');
  });

  it('is refused where the authority above it was revoked', async () => {
    const between = authorityOf((await makePki({ now: NOW })).issuing, {
      subject: 'Example Time CA',
      serial: 0x71n,
    });
    const time = certificateOf({
      subject: 'Example Time Authority',
      serial: 3n,
      by: between,
      key: pki.time,
      extensions: [leaf, signs, stamps],
    });
    const by = pkiWith({ time });
    const trust = new Trust(by);
    trust.root.timestampAuthorities[0]?.certChain.certificates.splice(1, 0, {
      rawBytes: between.certificate.toString('base64'),
    });
    const testify = async (signature: Uint8Array) => {
      const imprint = Buffer.from(digestOf(signature), 'hex');
      const query = { imprint, nonce: undefined, wantsCertificate: true };
      return makeStamp(query, { at: STAMPED, by: time, issuer: between });
    };
    const { bundle } = await signed(by, { witness: { testify } });
    expect(await codeOf(bundle, trust, READER)).toBe('accepted');
    const entries = [{ serial: 0x71n, revoked: at(STAMPED, -DAY), reason: 4 }];
    trust.crls.push(pki.crl({ number: 9, by: pki.root, entries }));
    expect(await codeOf(bundle, trust, READER)).toBe('REVOKED');
  });
});

describe('a revocation', () => {
  const revoked = async (entry: { revoked: Date; invalidFrom?: Date; reason?: number }, serial?: bigint) => {
    const { bundle, by } = await signed(pki);
    const trust = new Trust(pki);
    const holder = serial === undefined ? pki.issuing : pki.root;
    const entries = [{ serial: serial ?? by.serial, ...entry }];
    trust.crls.push(pki.crl({ number: 2, by: holder, entries }));
    return (judge: Judge) => codeOf(bundle, trust, judge);
  };

  it('counts from its very second on', async () => {
    expect(await (await revoked({ revoked: STAMPED }))(READER)).toBe('REVOKED');
    expect(await (await revoked({ revoked: at(STAMPED, SECOND) }))(READER)).toBe('accepted');
    expect(await (await revoked({ revoked: NOW }))(INTAKE)).toBe('REVOKED');
    expect(await (await revoked({ revoked: at(NOW, SECOND) }))(INTAKE)).toBe('accepted');
  });

  it('counts from its very second on for a time authority too', async () => {
    expect(await (await revoked({ revoked: STAMPED, reason: 4 }, 3n))(READER)).toBe('REVOKED');
    expect(await (await revoked({ revoked: at(STAMPED, SECOND), reason: 4 }, 3n))(READER)).toBe('accepted');
  });

  it('is not put off by a date of invalidity that comes after it', async () => {
    const entry = { revoked: at(STAMPED, -DAY), invalidFrom: at(STAMPED, DAY), reason: 1 };
    expect(await (await revoked(entry))(READER)).toBe('REVOKED');
  });

  it('of two counts from the earlier, whichever is found first', async () => {
    const { bundle, by } = await signed(pki);
    const trust = new Trust(pki);
    const late = {
      issuer: digestOf(pki.issuing.certificate),
      serial: readCertificate(by.certificate).serial,
    };
    trust.revocations.revocations.push({
      ...late,
      revoked: text(at(STAMPED, DAY)),
      reason: 'superseded',
      recorded: text(NOW),
    });
    expect(await codeOf(bundle, trust, READER)).toBe('accepted');
    const entries = [{ serial: by.serial, revoked: at(STAMPED, -DAY), reason: 4 }];
    trust.crls.push(pki.crl({ number: 2, entries }));
    expect(await codeOf(bundle, trust, READER)).toBe('REVOKED');
  });

  it.each([0, 3, 4, 5])('of a time authority, for reason %i, leaves its earlier stamps', async (reason) => {
    expect(await (await revoked({ revoked: at(STAMPED, DAY), reason }, 3n))(READER)).toBe('accepted');
  });

  it.each([undefined, 1, 2])('of a time authority, for reason %s, voids all its stamps', async (reason) => {
    const entry = { revoked: at(STAMPED, DAY), ...(reason === undefined ? {} : { reason }) };
    expect(await (await revoked(entry, 3n))(READER)).toBe('REVOKED');
  });
});

describe('another authority', () => {
  it('of the same name revokes nothing of ours: neither by list nor by register', async () => {
    const twin = await makePki({ now: NOW });
    const trust = trusting(twin.issuing, twin.root);
    const { bundle, by } = await signed(pki);
    const { serial } = by;
    trust.crls.push(twin.crl({ number: 2, entries: [{ serial, revoked: at(STAMPED, -DAY), reason: 1 }] }));
    trust.revocations.revocations.push({
      issuer: digestOf(twin.issuing.certificate),
      serial: readCertificate(by.certificate).serial,
      revoked: text(at(STAMPED, -DAY)),
      reason: 'keyCompromise',
      recorded: text(NOW),
    });
    expect(await codeOf(bundle, trust, INTAKE)).toBe('accepted');
  });

  it('of another name under the same key revokes nothing of ours, and does not take our lists for its own', async () => {
    const renamed = authorityOf(pki.issuing, { subject: 'Renamed Issuing CA' });
    const trust = trusting(renamed, pki.root);
    const { bundle, by } = await signed(pki);
    const entries = [{ serial: by.serial, revoked: at(STAMPED, -DAY), reason: 1 }];
    trust.crls.push(pki.crl({ number: 2, by: renamed, entries }));
    expect(await codeOf(bundle, trust, INTAKE)).toBe('accepted');
    trust.crls.push(pki.crl({ number: 3, entries }));
    expect(await codeOf(bundle, trust, INTAKE)).toBe('REVOKED');
  });

  it('does not issue in our name, though the key is ours', async () => {
    const by = await pki.issue();
    const foreign = certificateOf({
      subject: 'Example Meters',
      serial: 0x300n,
      by: pki.issuing,
      issuer: 'Somebody Else',
      key: by,
      extensions: [
        basicConstraints('leaf'),
        keyUsage('digitalSignature'),
        extendedKeyUsage([CODE_SIGNING], 'ignorable'),
      ],
    });
    const { bundle } = await signed(pki, { with: { ...by, ...foreign } });
    expect(await codeOf((await signed(pki, { with: by })).bundle, new Trust(pki), READER)).toBe('accepted');
    expect(await codeOf(bundle, new Trust(pki), READER)).toBe('UNKNOWN_ISSUER');
  });

  it('which only stamps issues no certificate of a signer', async () => {
    const by = await pki.issue();
    const issued = certificateOf({
      subject: 'Example Meters',
      serial: 0x301n,
      by: pki.time,
      key: by,
      extensions: [
        basicConstraints('leaf'),
        keyUsage('digitalSignature'),
        extendedKeyUsage([TIME_STAMPING], 'critical'),
      ],
    });
    const signer = await signerOf(by.privateKey, 'evidence');
    const { bundle } = await signed(pki, { with: { ...by, ...issued, signer } });
    expect(await codeOf(bundle, new Trust(pki), READER)).toBe('UNKNOWN_ISSUER');
  });
});

describe('the authority of a signer', () => {
  it('that expired between stamp and reception is refused at the gate, and not by a reader', async () => {
    const short = (until: Date) => pkiWith({ issuing: authorityOf(pki.issuing, { until }) });
    const judged = async (by: Pki, judge: Judge) =>
      codeOf((await signed(by, { witness: witnessOf(by, STAMPED) })).bundle, new Trust(by), judge);
    expect(await judged(short(at(NOW, DAY)), INTAKE)).toBe('accepted');
    expect(await judged(short(at(NOW, -DAY)), INTAKE)).toBe('OUTSIDE_VALIDITY');
    expect(await judged(short(at(NOW, -DAY)), READER)).toBe('accepted');
  });

  it('counts from the day of its anchor, though the trusted root says longer', async () => {
    const { bundle } = await signed(pki);
    const trust = new Trust(pki);
    Object.assign(trust.anchor('certificate'), { from: text(STAMPED) });
    expect(await codeOf(bundle, trust, READER)).toBe('accepted');
    Object.assign(trust.anchor('certificate'), { from: text(at(STAMPED, SECOND)) });
    expect(await codeOf(bundle, trust, READER)).toBe('UNKNOWN_ISSUER');
  });

  it('is one that may issue', async () => {
    await trusting(authorityOf(pki.issuing), pki.root).read();
    const leaf = await pki.issue();
    await expect(trusting(leaf, pki.issuing, pki.root).read()).rejects.toMatchObject({ code: 'WRONG_TRUST' });
  });

  it('signs lists only where its key usage says so', async () => {
    const list = (usage: Extension) => {
      const by = pkiWith({
        issuing: authorityOf(pki.issuing, { extensions: [basicConstraints('authority'), usage] }),
      });
      return new Trust(by).read();
    };
    await list(keyUsage('keyCertSign', 'cRLSign'));
    await expect(list(keyUsage('keyCertSign'))).rejects.toMatchObject({ code: 'BAD_CRL' });
  });

  it('gives no signer a certificate that may sign lists', async () => {
    const { bundle } = await signed(pki, { options: { keyUsage: ['digitalSignature', 'cRLSign'] } });
    expect(await codeOf(bundle, new Trust(pki), READER)).toBe('WRONG_USAGE');
  });
});

describe('a list is refused', () => {
  const parts = (octets: Uint8Array) => der.inside(der.readDer(octets)).map((one) => one.octets);
  const list = () => pki.crl({ number: 2, entries: [{ serial: 0x21fn, revoked: STAMPED, reason: 1 }] });
  /** The list with other parts of its body: version, algorithm, issuer, this and next update, entries, extensions. */
  const changed = (change: (body: Uint8Array[]) => Uint8Array[]) => {
    const [body = new Uint8Array(), ...rest] = parts(list());
    return der.sequence(der.sequence(...change(parts(body))), ...rest);
  };
  const entry = (...more: Uint8Array[]) =>
    der.sequence(der.sequence(der.integer(5), der.time(STAMPED), ...more));
  const raw = (oid: string, value: Uint8Array, critical = false) =>
    der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
  const reason = (value: number) => der.writeDer(der.TAG.enumerated, Uint8Array.of(value));

  it.each<[string, RegExp, () => Uint8Array]>([
    ['of another version', /another version than 2/, () => changed((all) => all.with(0, der.integer(0)))],
    [
      'signed in another way than it says',
      /two different signature algorithms/,
      () => changed((all) => all.with(1, der.sequence(der.oid('1.2.840.113549.1.1.11')))),
    ],
    [
      'with a critical extension of an entry: it may be of another issuer',
      /the critical extension 2\.5\.29\.29/,
      () => changed((all) => all.with(5, entry(der.sequence(raw('2.5.29.29', der.sequence(), true))))),
    ],
    [
      'with something behind the extensions of an entry',
      /after the extensions of an entry/,
      () => changed((all) => all.with(5, entry(der.sequence(raw('2.5.29.21', reason(1))), der.integer(1)))),
    ],
    ...[7, 8, 11].map((value): [string, RegExp, () => Uint8Array] => [
      `with the reason ${value}, which a complete list cannot have`,
      /a reason of revocation that a complete list cannot hold/,
      () => changed((all) => all.with(5, entry(der.sequence(raw('2.5.29.21', reason(value)))))),
    ]),
    [
      'with a number of more than 20 octets',
      /a number that no list has/,
      () =>
        changed((all) =>
          all.with(6, der.explicit(0, der.sequence(raw('2.5.29.20', der.integer(1n << 160n))))),
        ),
    ],
    [
      'with a date of a million digits',
      /expected a date/,
      () =>
        changed((all) =>
          all.with(3, der.writeDer(der.TAG.generalizedTime, new Uint8Array(1_000_000).fill(0x30))),
        ),
    ],
    [
      'with the serial number 0',
      /a serial number that is not positive/,
      () => changed((all) => all.with(5, der.sequence(der.sequence(der.integer(0), der.time(STAMPED))))),
    ],
  ])('%s', (_, message, make) => {
    expect(readCrl(changed((all) => all)).entries.size).toBe(1);
    expect(readCrl(changed((all) => all.with(5, entry()))).entries.size).toBe(1);
    expect(() => readCrl(make())).toThrow(message);
  });
});
