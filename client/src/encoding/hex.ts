// Octets as hexadecimal text and back, and the SHA-256 that names things here.

const DIGITS = '0123456789abcdef';

export function toHex(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += `${DIGITS[octet >> 4]}${DIGITS[octet & 15]}`;
  return text;
}

/** Lower or upper case digits, an even number of them; anything else is a TypeError. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new TypeError(
      `Cannot read "${text.slice(0, 80)}" as hexadecimal: expected an even number of hex digits`,
    );
  }
  const octets = new Uint8Array(text.length / 2);
  for (let i = 0; i < octets.length; i++) octets[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return octets;
}

/** A SHA-256 as 64 lower-case hex digits. */
export type Sha256 = string & { readonly Sha256: unique symbol };

export function parseSha256(text: unknown): Sha256 {
  if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text)) {
    throw new TypeError(
      `Cannot read ${JSON.stringify(text)} as a SHA-256: expected 64 lower-case hex digits`,
    );
  }
  return text as Sha256;
}

export async function sha256(octets: Uint8Array): Promise<Sha256> {
  const digest = await crypto.subtle.digest('SHA-256', octets as Uint8Array<ArrayBuffer>);
  return toHex(new Uint8Array(digest)) as Sha256;
}

export function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
