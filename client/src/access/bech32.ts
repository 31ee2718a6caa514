// Is this text whole? The checksum of Bech32 (BIP 173), as the age format uses it: without a limit of length.

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CHECKSUM = 6;

/** Lower case, with its prefix. The bits that fill up the last character must be zero: else one value has several texts. */
export function isWholeBech32(text: string): boolean {
  const end = text.lastIndexOf('1');
  const prefix = [...text.slice(0, end)].map((letter) => letter.charCodeAt(0));
  const words = [...text.slice(end + 1)].map((letter) => ALPHABET.indexOf(letter));
  if (end < 1 || words.length <= CHECKSUM || words.includes(-1)) return false;
  const bits = (words.length - CHECKSUM) * 5;
  const last = words.at(-CHECKSUM - 1) ?? 0;
  if ((last & ((1 << (bits % 8)) - 1)) !== 0) return false;
  return polymod([...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31), ...words]) === 1;
}

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATORS.forEach((generator, i) => {
      if ((top >> i) & 1) sum ^= generator;
    });
  }
  return sum;
}
