// In which form is a P-256 signature? DER in TUF and in bundles, the plain r‖s of 64 octets in an OTA image and from
// a token.

import { DerError, der } from '../encoding/index.ts';

const HALF = 32;

/** Throws DerError where the octets are no ECDSA signature of P-256 in DER. */
export function rawSignature(signature: Uint8Array): Uint8Array<ArrayBuffer> {
  const numbers = der.inside(der.readDer(signature));
  if (numbers.length !== 2) throw new DerError(`found ${numbers.length} numbers, expected r and s`);
  const raw = new Uint8Array(2 * HALF);
  for (const [i, number] of numbers.entries()) {
    const value = der.readInteger(number);
    if (value <= 0n || value >= 1n << 256n) throw new DerError('found a number outside of P-256');
    raw.set(Buffer.from(value.toString(16).padStart(2 * HALF, '0'), 'hex'), i * HALF);
  }
  return raw;
}

/** Throws DerError where there are not 64 octets. */
export function derSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  if (raw.length !== 2 * HALF) throw new DerError(`found ${raw.length} octets, expected ${2 * HALF}`);
  const number = (octets: Uint8Array) => der.integer(BigInt(`0x${Buffer.from(octets).toString('hex')}`));
  return der.sequence(number(raw.subarray(0, HALF)), number(raw.subarray(HALF)));
}
