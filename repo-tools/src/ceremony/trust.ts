// Who may vouch for signers and for times: the registrar's files of authorities and revocations.
//
// Nothing of them is ever taken away or opened again: what was signed under them is still to be verified.

import { encodeDate } from '@cfl/client/encoding';
import { type Certificate, readCertificate, readTrust } from '@cfl/client/evidence';
import {
  ANCHORS_PATH,
  type Anchor,
  anchorsFile,
  lostAnchors,
  lostAuthorities,
  REVOCATIONS_PATH,
  type Revocation,
  revocationsFile,
  TRUSTED_ROOT_PATH,
  type TrustedAuthority,
  type TrustedRoot,
  trustedRootFile,
} from '@cfl/client/firmware';
import { type Document, parseRoleName, parseTargetPath, type RoleName, type Targets } from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { revise } from '../change/plan.ts';
import type { Published } from '../deploy/state.ts';

const REGISTRAR = parseRoleName('registrar');

export interface Authorities {
  /** A Sigstore TrustedRoot. */
  readonly trustedRoot: Uint8Array;
  readonly anchors: Uint8Array;
}

/** Throws ChangeError where the files do not fit each other, or leave out what was trusted before. */
export async function planTrust(authorities: Authorities, published: Published, now: Date): Promise<Change> {
  const present = anchorsFile.parse(await existing(published, ANCHORS_PATH));
  const after = anchorsFile.parse(authorities.anchors);
  const rootBefore = trustedRootFile.parse(await existing(published, TRUSTED_ROOT_PATH));
  const rootAfter = trustedRootFile.parse(authorities.trustedRoot);
  const [lost] = [...lostAnchors(present, after), ...lostAuthorities(rootBefore, rootAfter)];
  if (lost !== undefined) throw refused(lost);
  const revocations = await existing(published, REVOCATIONS_PATH);
  await readTrust({ ...authorities, revocations, crls: [] });
  const known = new Map(present.authorities.map((one) => [one.sha256, one]));
  const words = [
    ...after.authorities.flatMap((one) => trustInWords(one, known.get(one.sha256))),
    ...endsInWords(rootBefore, rootAfter),
  ];
  const add = new Map([
    [TRUSTED_ROOT_PATH, authorities.trustedRoot],
    [ANCHORS_PATH, authorities.anchors],
  ]);
  return registrarChange('trust', words, add, published, now);
}

function trustInWords({ kind, sha256, from, until }: Anchor, before: Anchor | undefined): readonly string[] {
  const who = `the ${kind} authority ${sha256.slice(0, 12)}`;
  const begins = before === undefined ? [`trusts   ${who} from ${from.slice(0, 10)}`] : [];
  const ends = until === undefined || until === before?.until ? [] : [`closes   ${who} at ${until}`];
  return [...begins, ...ends];
}

/** An authority ends by trusted_root.json, too. */
function endsInWords(before: TrustedRoot, after: TrustedRoot): readonly string[] {
  const all = (root: TrustedRoot) => [...root.certificateAuthorities, ...root.timestampAuthorities];
  const first = ({ certChain }: TrustedAuthority) => certChain.certificates[0]?.rawBytes;
  const known = new Map(all(before).map((one) => [first(one), one.validFor.end]));
  return all(after).flatMap((one) => {
    const { end } = one.validFor;
    if (end === undefined || end === known.get(first(one))) return [];
    return [`closes   the authority "${one.subject.commonName}" of trusted_root.json at ${end}`];
  });
}

/**
 * One more revocation, upon the registrar's own knowledge; the CA's lists come by `crl import`. Throws
 * ChangeError where the issuer is none of the trusted chains: the entry would revoke nothing.
 */
export async function planRevocation(
  revocation: Omit<Revocation, 'recorded'>,
  published: Published,
  now: Date,
): Promise<Change> {
  const { issuer } = revocation;
  const issuers = issuersOf(await existing(published, TRUSTED_ROOT_PATH));
  if (!issuers.some(({ sha256 }) => sha256 === issuer)) {
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot revoke a certificate of "${issuer}": found no certificate with this SHA-256 in register/trusted_root.json`,
      'Name the issuing certificate by the SHA-256 of its DER: openssl x509 -outform DER | sha256sum',
    );
  }
  const present = revocationsFile.parse(await existing(published, REVOCATIONS_PATH));
  const recorded = { ...revocation, recorded: encodeDate(now) } as Revocation;
  const after = revocationsFile.encode({ ...present, revocations: [...present.revocations, recorded] });
  const words = [
    `revokes  the certificate ${revocation.serial} of ${revocation.issuer.slice(0, 12)}: ${revocation.reason}`,
  ];
  return registrarChange('revoke', words, new Map([[REVOCATIONS_PATH, after]]), published, now);
}

export function issuersOf(trustedRoot: Uint8Array): readonly Certificate[] {
  const { certificateAuthorities, timestampAuthorities } = trustedRootFile.parse(trustedRoot);
  return [...certificateAuthorities, ...timestampAuthorities].flatMap(({ certChain }) =>
    certChain.certificates.map(({ rawBytes }) => readCertificate(Buffer.from(rawBytes, 'base64'))),
  );
}

export async function registrarChange(
  title: string,
  words: readonly string[],
  add: ReadonlyMap<string, Uint8Array>,
  published: Published,
  now: Date,
): Promise<Change> {
  const present = await published.role(REGISTRAR);
  const registrar = await revise(REGISTRAR, present, { add }, now);
  return {
    title,
    words,
    created: now,
    library: published.library,
    upon: new Map<RoleName, number>([[REGISTRAR, registrar.signed.version - 1]]),
    metadata: new Map<RoleName, Document<Targets>>([[REGISTRAR, registrar]]),
    targets: new Map([...add].map(([path, octets]) => [parseTargetPath(path), octets])),
  };
}

/** Throws ChangeError NO_LIBRARY. */
export async function existing(published: Published, path: string): Promise<Uint8Array> {
  const octets = await published.read(path);
  if (octets !== undefined) return octets;
  throw new ChangeError(
    'NO_LIBRARY',
    `Cannot go on: the library has no ${path}`,
    'Begin the library anew: cfl-repo init',
  );
}

function refused(lost: string): ChangeError {
  return new ChangeError(
    'BAD_INPUT',
    `Cannot change what is trusted: ${lost}`,
    'Close an authority by its date "until"; nothing is taken away',
  );
}
