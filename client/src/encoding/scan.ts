// Is this JSON text canonical already, and if so, where do its top-level members stand?
//
// One pass over the octets of a text that JSON.parse has accepted, so the grammar is known to be
// right. It answers no (undefined) at white space, at an escape that canonical form does not have, at
// keys out of order or twice, and at a number written in another way; a no is not a refusal.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

export const DEEPEST = 64;

export function scanCanonical(octets: Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  const members = new Map<string, Uint8Array>();
  // For each level: where the last key of this object started and ended; -1 in an array
  const keyStart = new Int32Array(DEEPEST + 1);
  const keyEnd = new Int32Array(DEEPEST + 1);
  let depth = 0;
  let at = 0;
  let atKey = false;
  let topKey: string | undefined;
  let topValue = 0;
  const end = octets.length;

  while (at < end) {
    const octet = octets[at] as number;
    switch (octet) {
      case QUOTE: {
        const start = at + 1;
        at = stringEnd(octets, start);
        if (at < 0) return undefined;
        if (atKey) {
          if (
            (keyStart[depth] as number) >= 0 &&
            !ascends(octets, keyStart[depth] as number, keyEnd[depth] as number, start, at)
          ) {
            return undefined;
          }
          keyStart[depth] = start;
          keyEnd[depth] = at;
          atKey = false;
          if (depth === 1) topKey = keyOf(octets.subarray(start - 1, at + 1));
        }
        at++;
        break;
      }
      case COLON:
        at++;
        if (depth === 1) topValue = at;
        break;
      case COMMA:
        if (depth === 1 && topKey !== undefined) members.set(topKey, octets.subarray(topValue, at));
        at++;
        atKey = (keyEnd[depth] as number) >= 0;
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (++depth > DEEPEST) return undefined;
        keyStart[depth] = -1;
        keyEnd[depth] = octet === OPEN_OBJECT ? 0 : -1;
        at++;
        atKey = octet === OPEN_OBJECT;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (depth === 1 && topKey !== undefined) members.set(topKey, octets.subarray(topValue, at));
        depth--;
        at++;
        atKey = false;
        break;
      default: {
        const start = at;
        while (at < end && isScalar(octets[at] as number)) at++;
        if (at === start || !isCanonicalScalar(octets, start, at)) return undefined;
      }
    }
  }
  return members;
}

/** Where the string that starts here has its closing quote; -1 at an escape that canonical form does not have. */
function stringEnd(octets: Uint8Array, start: number): number {
  let at = start;
  for (let octet = octets[at]; octet !== QUOTE; octet = octets[++at]) {
    if (octet !== BACKSLASH) continue;
    const escaped = octets[++at];
    if (escaped !== QUOTE && escaped !== BACKSLASH) return -1;
  }
  return at;
}

/** One key for one spelling. A decoder that drops a byte order mark would read two keys as one. */
function keyOf(quoted: Uint8Array): string {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(quoted)) as string;
}

/** Whether the first key comes before the second, octet by octet: the order of code points. */
function ascends(
  octets: Uint8Array,
  start: number,
  end: number,
  nextStart: number,
  nextEnd: number,
): boolean {
  let a = start;
  let b = nextStart;
  while (a < end && b < nextEnd) {
    // An escaped character is compared without its backslash; which one it is does not matter here
    if (octets[a] === BACKSLASH) a++;
    if (octets[b] === BACKSLASH) b++;
    const difference = (octets[a++] as number) - (octets[b++] as number);
    if (difference !== 0) return difference < 0;
  }
  return a >= end && b < nextEnd;
}

/** Anything of a number, true, false or null. */
function isScalar(octet: number): boolean {
  return (
    (octet >= 0x30 && octet <= 0x39) ||
    (octet >= 0x61 && octet <= 0x7a) ||
    octet === 0x2d ||
    octet === 0x2b ||
    octet === 0x2e ||
    octet === 0x45
  );
}

function isCanonicalScalar(octets: Uint8Array, start: number, end: number): boolean {
  const first = octets[start] as number;
  if (first >= 0x61) return true;
  const negative = first === 0x2d;
  for (let at = negative ? start + 1 : start; at < end; at++) {
    const octet = octets[at] as number;
    if (octet < 0x30 || octet > 0x39) return false;
  }
  if (negative && octets[start + 1] === 0x30) return false;
  // 15 digits are always exact; longer ones are looked at by the slow path
  return end - start <= 15;
}
