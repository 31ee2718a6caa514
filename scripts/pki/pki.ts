// A public key infrastructure of one's own: a root, an issuing authority, a time authority. For tests and the demo.
//
//   const pki = await makePki({ now });
//   const meters = await pki.issue({ subject: 'Example Meters' });      → certificate, key, signer
//   pki.files()                                                         → what the register holds about it
//   pki.crl({ number: 1, entries: [pki.entry(meters)] })                → a revocation list

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { encodeDate } from '@cfl/client/encoding';
import { type Signer, signerOf } from '@cfl/client/keys';
import {
  authorityKeyIdentifier,
  basicConstraints,
  type Extension,
  extendedKeyUsage,
  type KeyUsageName,
  keyIdentifiers,
  keyUsage,
  makeCertificate,
  makeCrl,
  type RevokedEntry,
} from './certificate.ts';

export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

export type KeyKind = 'P-256' | 'P-384' | 'Ed25519' | 'RSA-1024' | 'RSA-2048' | 'RSA-3072';

/** A certificate and the private key to it. */
export interface Holder {
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
}

export interface Issued extends Holder {
  /** Of the DER, as the register names it. */
  readonly sha256: string;
  readonly serial: bigint;
  /** Signs what a bundle holds; undefined for a kind of key that no bundle may have. */
  readonly signer: Signer | undefined;
}

export interface IssueOptions {
  readonly subject?: string;
  readonly key?: KeyKind | KeyObject;
  readonly from?: Date;
  readonly until?: Date;
  readonly serial?: bigint;
  readonly keyUsage?: readonly KeyUsageName[];
  readonly extendedKeyUsage?: readonly string[];
  readonly kind?: 'authority' | 'leaf';
  /** Beside the usual ones. */
  readonly extensions?: readonly Extension[];
}

export interface CrlOptions {
  readonly number: number;
  readonly from?: Date;
  readonly next?: Date;
  readonly entries?: readonly RevokedEntry[];
  readonly extensions?: readonly Extension[];
  /** Signs it; the issuing authority unless said otherwise. */
  readonly by?: Holder;
}

/** What the register says about this infrastructure, as octets of its files. */
export interface TrustFiles {
  readonly trustedRoot: Uint8Array;
  readonly anchors: Uint8Array;
  readonly revocations: Uint8Array;
}

const DAY = 86_400_000;
const YEAR = 365 * DAY;

export interface PkiOptions {
  /** The authorities begin two years before; default: now. */
  readonly now?: Date;
  /** Goes before every name, where a test has two of them. */
  readonly prefix?: string;
}

export async function makePki({ now = new Date(), prefix = 'Example' }: PkiOptions = {}): Promise<Pki> {
  const start = new Date(Math.floor((now.getTime() - 2 * YEAR) / 1000) * 1000);
  const root = authority(`${prefix} Root CA`, { start, serial: 1n });
  const issuing = authority(`${prefix} Issuing CA`, { start, serial: 2n, by: root });
  const time = timeAuthority(`${prefix} Time Authority`, start, root);
  return new Pki({ root, issuing, time, start, now, next: 0x021fn });
}

interface Parts {
  readonly root: Holder;
  readonly issuing: Holder;
  readonly time: Holder;
  readonly start: Date;
  readonly now: Date;
  readonly next: bigint;
}

export class Pki {
  readonly root: Holder;
  readonly issuing: Holder;
  readonly time: Holder;
  readonly start: Date;
  readonly now: Date;
  #next: bigint;

  constructor({ root, issuing, time, start, now, next }: Parts) {
    this.root = root;
    this.issuing = issuing;
    this.time = time;
    this.start = start;
    this.now = now;
    this.#next = next;
  }

  /** A certificate of the issuing authority; everything has an honest default: P-256, from 30 days ago for two years. */
  async issue(options: IssueOptions = {}): Promise<Issued> {
    const keys = keyPair(options.key ?? 'P-256');
    const serial = options.serial ?? this.#next++;
    const usage = options.keyUsage ?? ['digitalSignature'];
    const purposes = options.extendedKeyUsage ?? [CODE_SIGNING];
    const certificate = makeCertificate(
      {
        serial,
        subject: options.subject ?? 'Example Meters',
        issuer: subjectOf(this.issuing.certificate),
        from: options.from ?? seconds(this.now.getTime() - 30 * DAY),
        until: options.until ?? seconds(this.now.getTime() + 2 * YEAR),
        publicKey: keys.publicKey,
        extensions: [
          basicConstraints(options.kind ?? 'leaf'),
          ...(usage.length === 0 ? [] : [keyUsage(...usage)]),
          ...(purposes.length === 0 ? [] : [extendedKeyUsage(purposes, 'ignorable')]),
          ...keyIdentifiers(keys.publicKey, this.issuing.privateKey),
          ...(options.extensions ?? []),
        ],
      },
      this.issuing.privateKey,
    );
    const signer = await signerOf(keys.privateKey, 'evidence').catch(() => undefined);
    return { certificate, sha256: digestOf(certificate), serial, privateKey: keys.privateKey, signer };
  }

  /** A revocation list, good for a week from `now` unless said otherwise. */
  crl(options: CrlOptions): Buffer {
    const by = options.by ?? this.issuing;
    return makeCrl(
      {
        issuer: subjectOf(by.certificate),
        number: options.number,
        from: options.from ?? seconds(this.now.getTime() - DAY),
        next: options.next ?? seconds(this.now.getTime() + 7 * DAY),
        entries: options.entries ?? [],
        extensions: [authorityKeyIdentifier(by.privateKey), ...(options.extensions ?? [])],
      },
      by.privateKey,
    );
  }

  /** `crl/<issuer>-<number>.crl` */
  crlPath(number: number): string {
    return `crl/${digestOf(this.issuing.certificate)}-${number}.crl`;
  }

  /** The three files of the register, with one pair of anchors and no revocation. */
  files(): TrustFiles {
    const { anchors, revocations } = this.register();
    return { trustedRoot: json(this.trustedRoot()), anchors: json(anchors), revocations: json(revocations) };
  }

  /** A Sigstore TrustedRoot, as a value that a test may change. */
  trustedRoot() {
    const chain = (...holders: Holder[]) => ({
      certificates: holders.map(({ certificate }) => ({ rawBytes: certificate.toString('base64') })),
    });
    const authorityOf = (holder: Holder) => ({
      subject: { organization: '', commonName: subjectOf(holder.certificate) },
      uri: '',
      certChain: chain(holder, this.root),
      validFor: { start: encodeDate(this.start) },
    });
    return {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [],
      certificateAuthorities: [authorityOf(this.issuing)],
      ctlogs: [],
      timestampAuthorities: [authorityOf(this.time)],
    };
  }

  /** anchors.json and revocations.json, as values that a test may change. */
  register() {
    const anchor = (kind: 'certificate' | 'timestamp', holder: Holder, purpose: string) => ({
      sha256: digestOf(holder.certificate),
      kind,
      leaf: { keyUsage: ['digitalSignature'], extendedKeyUsage: [purpose] },
      from: encodeDate(this.start),
    });
    return {
      anchors: {
        format: 'cfl/anchors/1',
        authorities: [
          anchor('certificate', this.issuing, CODE_SIGNING),
          anchor('timestamp', this.time, TIME_STAMPING),
        ],
      },
      revocations: { format: 'cfl/revocations/1', revocations: [] as object[] },
    };
  }

  /** To be kept in a file, private keys and all: a demo goes on with it the next day. */
  save(): string {
    const holder = ({ certificate, privateKey }: Holder) => ({
      certificate: certificate.toString('base64'),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    });
    const { root, issuing, time } = this;
    return JSON.stringify({
      root: holder(root),
      issuing: holder(issuing),
      time: holder(time),
      start: encodeDate(this.start),
      next: `${this.#next}`,
    });
  }
}

/** What `save` wrote. */
export function openPki(saved: string, now: Date = new Date()): Pki {
  const value = JSON.parse(saved);
  const holder = (one: { certificate: string; privateKey: string }): Holder => ({
    certificate: Buffer.from(one.certificate, 'base64'),
    privateKey: createPrivateKey(one.privateKey),
  });
  return new Pki({
    root: holder(value.root),
    issuing: holder(value.issuing),
    time: holder(value.time),
    start: new Date(value.start),
    now,
    next: BigInt(value.next),
  });
}

interface AuthorityOptions {
  readonly start: Date;
  readonly serial: bigint;
  readonly by?: Holder;
}

function authority(subject: string, { start, serial, by }: AuthorityOptions): Holder {
  const { publicKey, privateKey } = keyPair('P-256');
  const certificate = makeCertificate(
    {
      serial,
      subject,
      issuer: by === undefined ? subject : subjectOf(by.certificate),
      from: start,
      until: new Date(start.getTime() + 20 * YEAR),
      publicKey,
      extensions: [
        basicConstraints('authority'),
        keyUsage('keyCertSign', 'cRLSign'),
        ...keyIdentifiers(publicKey, by?.privateKey ?? publicKey),
      ],
    },
    by?.privateKey ?? privateKey,
  );
  return { certificate, privateKey };
}

function timeAuthority(subject: string, start: Date, root: Holder): Holder {
  const { publicKey, privateKey } = keyPair('P-256');
  const certificate = makeCertificate(
    {
      serial: 3n,
      subject,
      issuer: subjectOf(root.certificate),
      from: start,
      until: new Date(start.getTime() + 15 * YEAR),
      publicKey,
      extensions: [
        basicConstraints('leaf'),
        keyUsage('digitalSignature'),
        extendedKeyUsage([TIME_STAMPING], 'critical'),
        ...keyIdentifiers(publicKey, root.privateKey),
      ],
    },
    root.privateKey,
  );
  return { certificate, privateKey };
}

function keyPair(kind: KeyKind | KeyObject) {
  if (typeof kind !== 'string') return { privateKey: kind, publicKey: createPublicKey(kind) };
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  if (kind === 'P-256' || kind === 'P-384') return generateKeyPairSync('ec', { namedCurve: kind });
  return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) });
}

export function digestOf(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

/** Of a certificate made here: a common name alone. */
export function subjectOf(certificate: Buffer): string {
  return new X509Certificate(certificate).subject.replace(/^CN=/, '');
}

function seconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000);
}

export function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}
