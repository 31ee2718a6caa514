// Whom is trusted to say who signed, and when? The register's trust anchors and revocations, and the CRLs.
//
// Rules
// - Every authority of trusted_root.json has one anchor, and every anchor an authority of its kind. The
//   anchor's certificate is the first of the authority's chain, the last signs itself.
// - An authority counts while both its anchor and its `validFor` say so.
// - Every CRL is signed by a certificate of these chains. One that is not makes the whole unusable: a list
//   that nobody answers for must not be mistaken for one that has no entry.

import type { TrustMaterial } from '@sigstore/verify';
import { encodeDate, parseDate } from '../encoding/index.ts';
import {
  type Anchor,
  anchorsFile,
  type Format,
  FormatError,
  type Revocation,
  revocationsFile,
  type TrustedAuthority,
  trustedRootFile,
} from '../firmware/index.ts';
import {
  type Certificate,
  isAuthority,
  isIssuedBy,
  readCertificate,
  refuseUnknownCritical,
} from './certificate.ts';
import { badCrl, type Crl, isCrlOf, readCrl } from './crl.ts';
import { EvidenceError } from './errors.ts';
import { workOnce } from './work-once.ts';

/** Octets of the files, as published. */
export interface TrustFiles {
  /** `register/trusted_root.json` */
  readonly trustedRoot: Uint8Array;
  /** `register/anchors.json` */
  readonly anchors: Uint8Array;
  /** `register/revocations.json` */
  readonly revocations: Uint8Array;
  /** `crl/*`: all that there are, in any order; a reader may have none. */
  readonly crls: readonly Uint8Array[];
}

export interface Authority {
  readonly anchor: Anchor;
  /** From the anchor's certificate to the one that signs itself. */
  readonly chain: readonly [Certificate, ...Certificate[]];
  /** from ≤ at < until */
  readonly from: Date;
  readonly until: Date | undefined;
  readonly sigstore: TrustMaterial['certificateAuthorities'][number];
}

export interface KnownCrl extends Crl {
  readonly by: Certificate;
}

export interface EvidenceTrust {
  readonly authorities: readonly Authority[];
  readonly revocations: readonly Revocation[];
  readonly crls: readonly KnownCrl[];
}

/** Throws EvidenceError WRONG_TRUST or BAD_CRL. */
export async function readTrust(files: TrustFiles): Promise<EvidenceTrust> {
  const { authorities: anchors } = parsed('register/anchors.json', files.anchors, anchorsFile);
  const { revocations } = parsed('register/revocations.json', files.revocations, revocationsFile);
  const authorities = matched(await authoritiesOf(files.trustedRoot), anchors);
  return withCrls({ authorities, revocations, crls: [] }, files.crls);
}

/** With these lists beside those that are known. Throws EvidenceError BAD_CRL. */
export function withCrls(trust: EvidenceTrust, crls: readonly Uint8Array[]): EvidenceTrust {
  const issuers = new Map(trust.authorities.flatMap(({ chain }) => chain).map((one) => [one.sha256, one]));
  const known = crls.map((octets) => knownCrl(octets, [...issuers.values()]));
  return { ...trust, crls: [...trust.crls, ...known] };
}

/** A CRL that one of these certificates signed. Throws EvidenceError BAD_CRL. */
export function knownCrl(octets: Uint8Array, issuers: readonly Certificate[]): KnownCrl {
  const crl = readCrl(octets);
  const by = issuers.find((issuer) => isCrlOf(crl, issuer));
  if (by !== undefined) return { ...crl, by };
  throw badCrl(`Cannot accept revocation list ${crl.number}: none of the trusted authorities signed it`);
}

function parsed<T>(path: string, octets: Uint8Array, { parse }: Format<T>): T {
  try {
    return parse(octets);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw wrongTrust(`Cannot read ${path}: ${cause.message}`, cause);
  }
}

type Kind = Anchor['kind'];

interface Listed {
  readonly kind: Kind;
  readonly chain: Authority['chain'];
  readonly start: Date;
  readonly end: Date | undefined;
  readonly sigstore: Authority['sigstore'];
}

async function authoritiesOf(octets: Uint8Array): Promise<readonly Listed[]> {
  const [{ TrustedRoot }, { toTrustMaterial }] = await Promise.all([
    import('@sigstore/protobuf-specs'),
    import('@sigstore/verify'),
  ]);
  const root = parsed('register/trusted_root.json', octets, trustedRootFile);
  try {
    const material = toTrustMaterial(TrustedRoot.fromJSON(root));
    const listed = (
      kind: Kind,
      all: readonly TrustedAuthority[],
      forSigstore: readonly Authority['sigstore'][],
    ) =>
      all.map(({ certChain, validFor }, i): Listed => {
        const sigstore = forSigstore[i];
        if (sigstore === undefined) throw new TypeError('it was not read whole');
        sigstore.certChain.forEach(workOnce);
        const chain = chainOf(
          kind,
          certChain.certificates.map(({ rawBytes }) => Buffer.from(rawBytes, 'base64')),
        );
        const end = validFor.end === undefined ? undefined : parseDate(validFor.end);
        return { kind, chain, start: parseDate(validFor.start), end, sigstore };
      });
    return [
      ...listed('certificate', root.certificateAuthorities, material.certificateAuthorities),
      ...listed('timestamp', root.timestampAuthorities, material.timestampAuthorities),
    ];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it is no TrustedRoot';
    throw wrongTrust(`Cannot use register/trusted_root.json: ${why}`, cause);
  }
}

/** All but a time authority's own certificate must be fit to issue. */
function chainOf(kind: Kind, octets: readonly Uint8Array[]): Authority['chain'] {
  const [first, ...others] = octets.map(readCertificate);
  if (first === undefined) throw new TypeError('an authority has no certificate');
  const chain: Authority['chain'] = [first, ...others];
  chain.forEach((one, i) => {
    const issuer = chain[i + 1] ?? one;
    if (!isIssuedBy(one, issuer))
      throw new TypeError(`certificate ${one.serial} is not issued by the next of its chain`);
    if (i === 0 && kind === 'timestamp') return;
    refuseUnknownCritical(one, (found) => {
      throw new TypeError(found);
    });
    if (!isAuthority(one)) throw new TypeError(`certificate ${one.serial} issues others and is no authority`);
  });
  return chain;
}

function matched(listed: readonly Listed[], anchors: readonly Anchor[]): readonly Authority[] {
  const used = new Set<Anchor>();
  const authorities = listed.map(({ kind, chain, start, end, sigstore }): Authority => {
    const [{ sha256 }] = chain;
    const anchor = anchors.find((one) => one.sha256 === sha256 && one.kind === kind);
    if (anchor === undefined || used.has(anchor))
      throw wrongTrust(
        `Cannot use the authority ${sha256}: found ${anchor === undefined ? 'no anchor' : 'it twice'}, expected one anchor of the kind "${kind}"`,
      );
    used.add(anchor);
    const ends = [end, anchor.until === undefined ? undefined : parseDate(anchor.until)].filter(
      (one) => one !== undefined,
    );
    return {
      anchor,
      chain,
      from: new Date(Math.max(start.getTime(), parseDate(anchor.from).getTime())),
      until: ends.length === 0 ? undefined : new Date(Math.min(...ends.map((one) => one.getTime()))),
      sigstore,
    };
  });
  const unused = anchors.find((anchor) => !used.has(anchor));
  if (unused !== undefined)
    throw wrongTrust(
      `Cannot use the anchor ${unused.sha256}: register/trusted_root.json has no such authority of the kind "${unused.kind}"`,
    );
  return authorities;
}

function wrongTrust(message: string, cause?: unknown): EvidenceError {
  return new EvidenceError('WRONG_TRUST', message, {
    hint: 'the register is not whole; tell the registrar',
    cause,
  });
}

export function isOpenAuthority({ from, until }: Authority, at: Date): boolean {
  return from <= at && (until === undefined || at < until);
}

/** ` from 2024-11-20T09:00:00Z until 2026-11-01T00:00:00Z` */
export function windowInWords({ from, until }: Pick<Authority, 'from' | 'until'>): string {
  return `from ${encodeDate(from)}${until === undefined ? '' : ` until ${encodeDate(until)}`}`;
}
