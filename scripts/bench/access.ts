// What does read access cost: rings for 1, 21 and 500 parties, one party more, and opening a sealed image? Beside
// the same with the classical recipients of age, and beside SHA-256 of the same image.

import { ESCROW, type KeyPair, makeReadKey, open, openRing, seal, sealRing } from '@cfl/client/access';
import { sha256 } from '@cfl/client/encoding';
import { planGrant, planRevoke } from '@cfl/repo-tools/access';
import { measure, type Work } from './measure.ts';
import { makeParties, type Parties } from './parties.ts';

const COUNTS = [1, 21, 500] as const;
const IMAGES = [240_000, 750_000] as const;
const NOW = new Date('2026-11-20T09:00:00Z');
/** Time for each party, among 500 against among 21: each ring costs what it costs. */
const MOST_GROWTH = 1.5;
/** Opening an image, against SHA-256 of it: pure JavaScript against the processor's own instructions. */
const MOST_TIMES_SHA256 = 40;
const ROUNDS = { warm: 1, counted: 5 };

/** Prints what it finds; the exit code. */
export async function access(): Promise<0 | 1> {
  const rings = await measuredRings();
  const images = await measuredImages();
  const bounds: readonly [string, number, number][] = [
    ['a new epoch for each of 500 parties, against 21', rings.growth, MOST_GROWTH],
    ['opening an image, against SHA-256', images.slowest, MOST_TIMES_SHA256],
  ];
  console.log('');
  for (const [what, found, most] of bounds)
    console.log(
      `The bound ${found <= most ? 'holds' : 'DOES NOT HOLD'}: ${what}: ${found.toFixed(1)} times (at most ${most})`,
    );
  return bounds.every(([, found, most]) => found <= most) ? 0 : 1;
}

async function measuredRings(): Promise<{ readonly growth: number }> {
  console.log('\nRings of three epochs of both uses, planned and sealed; median milliseconds.\n');
  row('parties', ...COUNTS.map(String));
  const found: ReadonlyMap<string, number>[] = [];
  let peers: ReadonlyMap<string, number> = new Map();
  for (const count of COUNTS) {
    const parties = await makeParties(count);
    found.push(await measure(await worksWith(parties), ROUNDS));
    if (count === 1) peers = await measure(await peersOf(parties), { warm: 3, counted: 15 });
  }
  for (const name of found[0]?.keys() ?? []) row(name, ...found.map((one) => ms(one.get(name))));
  console.log('');
  row('one ring', 'seal', 'open');
  for (const suite of ['hybrid', 'classical'] as const)
    row(suite, ms(peers.get(`seal ${suite}`)), ms(peers.get(`open ${suite}`)));
  const times = (what: string) =>
    `${((peers.get(`${what} hybrid`) ?? 0) / (peers.get(`${what} classical`) ?? 1)).toFixed(1)} times`;
  row('', times('seal'), times('open'));
  const [, some, many] = found.map((one, i) => (one.get(EPOCH) ?? 0) / (COUNTS[i] ?? 1));
  return { growth: (many ?? 0) / (some ?? 1) };
}

const EPOCH = 'a new epoch for all';

async function worksWith(parties: Parties): Promise<readonly Work[]> {
  const { open: before, first, newcomer, custodians, ringOf } = parties;
  const { recipients } = before.access;
  const escrow = await sealRing(
    ringOf(ESCROW),
    custodians.map(({ credential }) => credential.recipient),
  );
  const own = await sealRing(ringOf(first.id), [first.credential.recipient]);
  const context = { library: before.published.library, recipients };
  const last = custodians.at(-1)?.credential ?? first.credential;
  const { credential, id } = newcomer;
  const grant = {
    party: id,
    uses: ['images', 'notes'],
    recipient: credential.recipient,
    stolen: false,
  } as const;
  return [
    // Of one who reads images alone: every ring gets the new epoch
    { name: EPOCH, run: () => planRevoke({ party: first.id, uses: ['images'] }, before, NOW) },
    { name: 'a grant to one more', run: () => planGrant(grant, before, NOW) },
    {
      name: 'a party opens its ring',
      run: () => openRing(own, first.credential, { ...context, holder: first.id }),
    },
    { name: 'a custodian opens all', run: () => openRing(escrow, last, { ...context, holder: ESCROW }) },
  ];
}

/** The same plaintext, sealed to one hybrid and to one classical recipient. */
async function peersOf({ ringOf, first }: Parties): Promise<readonly Work[]> {
  const ring = ringOf(first.id);
  const works: Work[] = [];
  for (const suite of ['hybrid', 'classical'] as const) {
    const key = await makeReadKey(suite);
    const sealed = await sealRing(ring, [key.recipient]);
    works.push({ name: `seal ${suite}`, run: () => sealRing(ring, [key.recipient]) });
    works.push({ name: `open ${suite}`, run: () => open(sealed, [key], { suite }) });
  }
  return works;
}

async function measuredImages(): Promise<{ readonly slowest: number }> {
  console.log('\nA sealed image in memory; median milliseconds, times SHA-256 of it in brackets.\n');
  row('octets', ...IMAGES.map((length) => length.toLocaleString('en-GB')));
  const key = await makeReadKey();
  const found: ReadonlyMap<string, number>[] = [];
  for (const length of IMAGES)
    found.push(await measure(await imageWorks(length, key), { warm: 4, counted: 15 }));
  const base = (i: number) => found[i]?.get('SHA-256') ?? Number.NaN;
  for (const name of found[0]?.keys() ?? [])
    row(
      name,
      ...found.map((one, i) => `${ms(one.get(name))} (${((one.get(name) ?? 0) / base(i)).toFixed(1)})`),
    );
  return { slowest: Math.max(...found.map((one, i) => (one.get('open') ?? Number.NaN) / base(i))) };
}

async function imageWorks(length: number, key: KeyPair): Promise<readonly Work[]> {
  const image = crypto.getRandomValues(new Uint8Array(length).subarray(0, 65_536));
  const whole = new Uint8Array(length);
  for (let at = 0; at < length; at += image.length) whole.set(image.subarray(0, length - at), at);
  const sealed = await seal(whole, [key.recipient]);
  return [
    { name: 'SHA-256', run: () => sha256(whole) },
    { name: 'seal', run: () => seal(whole, [key.recipient]) },
    { name: 'open', run: () => open(sealed, [key]) },
  ];
}

function row(name: string, ...cells: readonly string[]): void {
  console.log(`${name.padEnd(24)}${cells.map((cell) => cell.padStart(16)).join('')}`);
}

function ms(milliseconds = Number.NaN): string {
  return milliseconds.toFixed(1);
}
