// Does something secret stand in these octets, in whatever spelling it could have got there?
//
// A secret of 8 octets or more is looked for as it is, in hex, and in both alphabets of base64 wherever it
// begins in what was encoded. One pass over the octets, however many secrets there are.

export type Kind = 'image' | 'notes' | 'key' | 'passphrase';

export interface Secret {
  readonly kind: Kind;
  /** For messages; never the secret itself. */
  readonly name: string;
  readonly octets: Uint8Array;
}

/** What was found, each once: `a line of notes of 0A01-01000203`. */
export type Search = (octets: Uint8Array) => readonly Secret[];

const SHORTEST = 6;

export function searchFor(secrets: readonly Secret[]): Search {
  // By the first two octets a place is passed over, by the first four the few candidates are found
  const begins = new Uint8Array(65_536);
  const candidates = new Map<number, { readonly secret: Secret; readonly form: Buffer }[]>();
  for (const secret of secrets) {
    if (secret.octets.length < SHORTEST) throw new TypeError(`Too short to be told apart: ${secret.name}`);
    for (const form of spellings(secret.octets)) {
      begins[form.readUInt16LE(0)] = 1;
      const first = form.readUInt32LE(0);
      candidates.set(first, [...(candidates.get(first) ?? []), { secret, form }]);
    }
  }
  return (octets) => {
    const content = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    const found = new Set<Secret>();
    for (let at = 0; at + 4 <= content.length; at++) {
      if (begins[(content[at] ?? 0) | ((content[at + 1] ?? 0) << 8)] === 0) continue;
      for (const { secret, form } of candidates.get(content.readUInt32LE(at)) ?? [])
        if (content.compare(form, 0, form.length, at, Math.min(at + form.length, content.length)) === 0)
          found.add(secret);
    }
    return [...found];
  };
}

/** Every spelling that a search knows. */
export function spellings(octets: Uint8Array): readonly Buffer[] {
  const plain = Buffer.from(octets);
  const texts = [plain.toString('hex'), plain.toString('hex').toUpperCase()];
  for (const before of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(before), plain]);
    // Without the characters that what stands before and behind has a part in
    const whole = Math.floor((shifted.length * 8) / 6);
    const own = (text: string) => text.slice(Math.ceil((before * 8) / 6), whole);
    texts.push(own(shifted.toString('base64')), own(shifted.toString('base64url')));
  }
  return [plain, ...[...new Set(texts)].map((text) => Buffer.from(text, 'latin1'))];
}
