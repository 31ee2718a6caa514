// What does it cost? `npm run bench` measures every part, `npm run bench -- admission` the one that is named;
// the exit code is 1 where a bound does not hold.

import { access } from './bench/access.ts';
import { admission } from './bench/admission.ts';
import { estate } from './bench/estate.ts';
import { fetch } from './bench/fetch.ts';
import { site } from './bench/site.ts';

const PARTS: Readonly<Record<string, () => Promise<number>>> = {
  reading,
  admission,
  access,
  estate,
  fetch,
  site,
};

const [named] = process.argv.slice(2);
const chosen = Object.entries(PARTS).filter(([name]) => named === undefined || name === named);
if (chosen.length === 0) {
  console.error(`Cannot measure "${named}": expected ${Object.keys(PARTS).join(' or ')}`);
  process.exitCode = 2;
}
for (const [, measure] of chosen) process.exitCode = Math.max(Number(process.exitCode ?? 0), await measure());

/** Measures as it is loaded. */
async function reading(): Promise<number> {
  await import('./bench/reading.ts');
  return Number(process.exitCode ?? 0);
}
