// What is worked out from a certificate only once, and not for each bundle? A party signs thousands under one.
//
// - Its octets, as @sigstore/core writes them: it encodes a certificate anew at each comparison, and building a
//   chain compares each with each. Measured, two thirds of the time of a verification.
// - Whether a certificate was signed by another: two parsed certificates give the same answer each time.
// - What @sigstore/core parsed of a signer's certificate: the same octets are the same object.
// Nothing is remembered of dates, usages, revocation, or of a signature over a statement.

import type { SignedEntity } from '@sigstore/verify';

type Parsed = Extract<SignedEntity['key'], { $case: 'certificate' }>['certificate'];

interface Encoded {
  readonly subs: readonly Encoded[];
  toDER(): Buffer;
}

/** Of a certificate as @sigstore/core parsed it; returns the same. */
export function workOnce(certificate: Parsed): Parsed {
  encodeOnce(certificate.root);
  const verify = certificate.verify.bind(certificate);
  const answers = new WeakMap<Parsed, boolean>();
  certificate.verify = (issuer = certificate) => {
    const answer = answers.get(issuer) ?? verify(issuer);
    answers.set(issuer, answer);
    return answer;
  };
  return certificate;
}

function encodeOnce(part: Encoded): void {
  for (const sub of part.subs) encodeOnce(sub);
  const octets = part.toDER();
  part.toDER = () => octets;
}

const signers = new Map<string, Parsed>();
const MOST = 1000;

/** The same entity; its certificate, whose octets these are, is the one that was remembered, if one was. */
export function withKnownSigner(entity: SignedEntity, octets: Uint8Array): SignedEntity {
  if (entity.key.$case !== 'certificate') return entity;
  const certificate = signers.get(nameOf(octets)) ?? workOnce(entity.key.certificate);
  return { ...entity, key: { $case: 'certificate', certificate } };
}

/** Called once an authority has been found to have issued it: what anybody can make up is not kept. */
export function rememberSigner({ key }: SignedEntity, octets: Uint8Array): void {
  if (key.$case !== 'certificate') return;
  if (signers.size >= MOST) signers.clear();
  signers.set(nameOf(octets), key.certificate);
}

function nameOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1');
}
