// Can others read these octets of ASN.1 in good time? @sigstore/core reads certificate and time stamp before
// anything of them is verified, so whoever sends a bundle chooses what it reads.
//
// It looks into octet strings as well, and lets what it finds there reach past their end. Where that turns out
// to be wrong, it goes on behind the octet string and reads the same octets once more: a stamp of 100 octets
// can keep it busy for hours. So its way is walked here first, and only as far as an honest file may take.

/** Elements that it would look at. An honest time stamp with a chain of certificates has less than 1,000. */
const MOST = 5000;
/** As deep as it goes. */
const DEEPEST = 100;
const OCTET_STRING = 0x04;

interface Walk {
  readonly octets: Uint8Array;
  left: number;
}

/** True also for what is no ASN.1 at all, which is refused soon enough. */
export function isReadInGoodTime(octets: Uint8Array): boolean {
  const walk = { octets, left: MOST };
  element(walk, 0, 0);
  return walk.left > 0;
}

/** The place behind the element; undefined where it is none, or where time is up. */
function element(walk: Walk, start: number, depth: number): number | undefined {
  const { octets } = walk;
  walk.left -= 1;
  const tag = octets[start];
  const content = contentAt(octets, start + 1);
  if (walk.left <= 0 || depth > DEEPEST || tag === undefined || content === undefined) return undefined;
  const { at, end } = content;
  if ((tag & 0x20) !== 0) return children(walk, at, { end, depth });
  if ((tag & 0x1f) === OCTET_STRING) children(walk, at, { end, depth });
  return end;
}

function children(
  walk: Walk,
  start: number,
  { end, depth }: { end: number; depth: number },
): number | undefined {
  let at: number | undefined = start;
  while (at !== undefined && at < end) at = element(walk, at, depth + 1);
  return at === end ? at : undefined;
}

function contentAt(octets: Uint8Array, start: number): { at: number; end: number } | undefined {
  const first = octets[start];
  if (first === undefined) return undefined;
  const count = first < 0x80 ? 0 : first & 0x7f;
  const at = start + 1 + count;
  const length =
    count === 0 ? first & 0x7f : octets.subarray(start + 1, at).reduce((sum, one) => sum * 256 + one, 0);
  return at + length <= octets.length ? { at, end: at + length } : undefined;
}
