// Was this EUI-64 there before? For millions of them, at 8 octets each: a Set of texts would hold ten times as much.

import type { Eui64 } from '../firmware/index.ts';

export interface SeenIds {
  /** False where it was there already. */
  add(id: Eui64): boolean;
}

const FIRST_SIZE = 1 << 12;

/** A table with open places (linear probing), never more than half full. Zero marks an open place. */
export function seenIds(): SeenIds {
  let high = new Uint32Array(FIRST_SIZE);
  let low = new Uint32Array(FIRST_SIZE);
  let count = 0;
  let hasZero = false;

  const place = (h: number, l: number): number => {
    const mask = high.length - 1;
    let at = Math.imul(l ^ Math.imul(h, 0x9e3779b1), 0x85ebca6b);
    at = (at ^ (at >>> 15)) & mask;
    while ((high[at] !== 0 || low[at] !== 0) && (high[at] !== h || low[at] !== l)) at = (at + 1) & mask;
    return at;
  };
  const grow = () => {
    const [oldHigh, oldLow] = [high, low];
    high = new Uint32Array(2 * oldHigh.length);
    low = new Uint32Array(2 * oldLow.length);
    for (let i = 0; i < oldHigh.length; i++) {
      const [h = 0, l = 0] = [oldHigh[i], oldLow[i]];
      if (h === 0 && l === 0) continue;
      const at = place(h, l);
      high[at] = h;
      low[at] = l;
    }
  };

  return {
    add(id) {
      const h = numberAt(id, 0);
      const l = numberAt(id, 12);
      if (h === 0 && l === 0) {
        const isNew = !hasZero;
        hasZero = true;
        return isNew;
      }
      const at = place(h, l);
      if (high[at] !== 0 || low[at] !== 0) return false;
      high[at] = h;
      low[at] = l;
      count++;
      if (2 * count > high.length) grow();
      return true;
    },
  };
}

/** Of four octets, `00-DB-12-34`, that begin there. */
function numberAt(id: Eui64, start: number): number {
  let number = 0;
  for (let i = start; i < start + 11; i++) {
    const unit = id.charCodeAt(i);
    if (unit !== 0x2d) number = (number << 4) | (unit < 0x3a ? unit - 0x30 : unit - 0x37);
  }
  return number >>> 0;
}
