// One honest bundle with everything that vouches for it, to be bent by a test.

import {
  type Evidence,
  EvidenceError,
  type Judge,
  readTrust,
  signStatement,
  verifyBundle,
  type Witness,
} from '../../src/evidence/index.ts';
import { CODE_SIGNING, type Issued, type IssueOptions, json, makePki, type Pki, witnessOf } from './pki.ts';

/** The first reception. The stamp of the honest bundle is two days older. */
export const NOW = new Date('2026-11-20T09:00:00Z');
export const STAMPED = new Date('2026-11-18T10:02:11Z');
export const STATEMENT = new TextEncoder().encode('{"_type":"https://in-toto.io/Statement/v1"}');
export const READER: Judge = { at: 'reader' };
export const INTAKE: Judge = { at: 'intake', now: NOW };
export { CODE_SIGNING };

const made = new Map<string, Promise<Pki>>();

/** Keys cost time, so two tests may share one; it holds nothing that a test can change. */
export function pkiOf(prefix: string): Promise<Pki> {
  const known = made.get(prefix) ?? makePki({ now: NOW, prefix });
  made.set(prefix, known);
  return known;
}

/** What the register and the catalogue hold; a test changes any of it. */
export class Trust {
  readonly pki: Pki;
  root: ReturnType<Pki['trustedRoot']>;
  anchors: ReturnType<Pki['register']>['anchors'];
  revocations: ReturnType<Pki['register']>['revocations'];
  crls: Uint8Array[];

  constructor(pki: Pki) {
    this.pki = pki;
    this.root = pki.trustedRoot();
    ({ anchors: this.anchors, revocations: this.revocations } = pki.register());
    this.crls = [pki.crl({ number: 1 })];
  }

  read() {
    const { root, anchors, revocations, crls } = this;
    return readTrust({
      trustedRoot: json(root),
      anchors: json(anchors),
      revocations: json(revocations),
      crls,
    });
  }

  anchor(kind: 'certificate' | 'timestamp') {
    const found = this.anchors.authorities.find((one) => one.kind === kind);
    if (found === undefined) throw new TypeError('there is no such anchor');
    return found as typeof found & { until?: string };
  }
}

export interface Signing {
  readonly with?: Issued;
  readonly options?: IssueOptions;
  readonly witness?: Witness;
  readonly stampedAt?: Date;
  readonly statement?: Uint8Array;
}

export async function signed(pki: Pki, signing: Signing = {}): Promise<{ bundle: Uint8Array; by: Issued }> {
  const by = signing.with ?? (await pki.issue(signing.options));
  if (by.signer === undefined) throw new TypeError('nothing signs with such a key');
  const witness = signing.witness ?? witnessOf(pki, signing.stampedAt ?? STAMPED);
  const options = { signer: by.signer, certificate: by.certificate, witness };
  return { bundle: await signStatement(signing.statement ?? STATEMENT, options), by };
}

export async function verdict(
  bundle: Uint8Array,
  trust: Trust,
  judge: Judge,
): Promise<Evidence | EvidenceError> {
  try {
    return await verifyBundle(bundle, await trust.read(), judge);
  } catch (error) {
    if (error instanceof EvidenceError) return error;
    throw error;
  }
}

export interface BundleShape {
  verificationMaterial: {
    certificate: { rawBytes: string };
    timestampVerificationData: { rfc3161Timestamps: { signedTimestamp: string }[] };
    [more: string]: unknown;
  };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] };
  [more: string]: unknown;
}

export function edited(bundle: Uint8Array, edit: (shape: BundleShape) => unknown): Uint8Array {
  const shape = JSON.parse(new TextDecoder().decode(bundle));
  edit(shape);
  return json(shape);
}
