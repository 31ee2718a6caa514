// Ten years of a library: a timestamp each day, the yearly ceremonies, new keys for every role, a lost key, a
// withdrawn release. Readers that sleep for years arrive, and the evidence of the first day still holds.

import type { Signer } from '@cfl/client/keys';
import {
  folderRepository,
  Library,
  type ListedRelease,
  memoryCache,
  readStatement,
} from '@cfl/client/library';
import { parseRoleName, type RoleName } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { planPublication } from '../../src/change/apply.ts';
import type { Change } from '../../src/change/change.ts';
import { type Published, publish, writingUpon } from '../../src/deploy/index.ts';
import type { GatewaySigners } from '../../src/deploy/publish.ts';
import { planRenewal, renewHere } from '../../src/renewal/renew.ts';
import { planRotation } from '../../src/renewal/rotate.ts';
import { withdraw } from '../../src/withdraw/withdraw.ts';
import { signed } from '../deploy/scene.ts';
import { NOW, signersOf } from '../fixture.ts';
import {
  draftOf,
  imageOf,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from '../intake/scene.ts';

const YEAR = 365;
const YEARS = 10;
const DAY = 86_400_000;
const day = (number: number) => new Date(NOW.getTime() + number * DAY);

/** Every so many days the holders of these sign again. */
const CEREMONIES: readonly (readonly [days: number, roles: readonly string[]])[] = [
  [YEAR, ['root', 'targets', 'm-fff1', 'm-fff2']],
  [182, ['registrar']],
  [335, ['cpl']],
];

/** In the middle of each year, one of them gets a new key for its first. */
const ROTATED = [
  'root',
  'targets',
  'registrar',
  'cpl',
  'gate',
  'catalogue',
  'snapshot',
  'timestamp',
  'm-fff1',
  'm-fff2',
] as const;

// 3,650 publications, each read by two clients before it shows: 40 s of one processor
const TIME = 300_000;

test('ten years, day by day', { timeout: TIME }, async () => {
  const life = await begin();
  const reader = { daily: memoryCache(), asleep: memoryCache(), threeYearly: memoryCache() };
  for (const cache of Object.values(reader)) await life.read(cache, 0);
  for (let today = 1; today <= YEARS * YEAR; today++) {
    await life.renew(today);
    for (const [days, roles] of CEREMONIES) if (today % days === 0) await life.ceremony(roles, today);
    const inYear = today % YEAR;
    if (inYear === 180) await life.rotate(ROTATED[Math.floor(today / YEAR)] ?? 'root', today);
    if (today === 4 * YEAR + 10) await life.loseAKey('registrar', today);
    if (today === 3 * YEAR + 10) await life.withdraw(today);
    if (today % 30 === 0) await life.read(reader.daily, today);
    if (today % (3 * YEAR) === 0) await life.read(reader.threeYearly, today);
  }
  const end = await life.read(reader.asleep, YEARS * YEAR);
  const { root, timestamp } = await end.refresh();
  expect(root.signed.version).toBeGreaterThan(YEARS);
  expect(timestamp.signed.version).toBeGreaterThan(YEARS * YEAR);
  expect(await life.states(end)).toEqual(['withdrawn', 'current']);
  expect(await life.read(memoryCache(), YEARS * YEAR).then(life.states)).toEqual(['withdrawn', 'current']);
});

interface Life {
  renew(today: number): Promise<void>;
  ceremony(roles: readonly string[], today: number): Promise<void>;
  rotate(role: string, today: number): Promise<void>;
  /** The second key of a role is gone; the others replace it. */
  loseAKey(role: string, today: number): Promise<void>;
  withdraw(today: number): Promise<void>;
  read(cache: ReturnType<typeof memoryCache>, today: number): Promise<Library>;
  /** Of the release of FFF1, then of FFF2; each statement is verified on the way. */
  states(library: Library): Promise<readonly string[]>;
}

async function begin(): Promise<Life> {
  const [mine, other] = [imageOf('one'), imageOf('gas', { code: 'FFF2' })];
  const rows = [await rowFor('CPL-000412', mine), await rowFor('CPL-000500', other)];
  const library = await scene(rows);
  await submitTo(library, library.meters, await draftOf(library.meters, mine, rows.slice(0, 1)));
  await submitTo(library, library.gas, await draftOf(library.gas, other, rows.slice(1)));
  expect(outcomes(await runIntake(library))).toEqual(['accepted', 'accepted']);
  const { place } = library;
  const keys = keysOf(library);
  const online = (): GatewaySigners => ({
    gate: first(keys, 'gate'),
    catalogue: first(keys, 'catalogue'),
    snapshot: first(keys, 'snapshot'),
    timestamp: first(keys, 'timestamp'),
  });

  function apply(plan: (published: Published) => Promise<Change>, today: number): Promise<number> {
    return writingUpon(place, day(today), async (published) => {
      const change = await signed(await plan(published), [...keys.values()].flat(), published);
      const publication = await planPublication(change, published);
      return publish(publication, { place, published, online: online(), now: day(today) });
    });
  }

  async function replace(role: string, index: number, today: number): Promise<void> {
    const [fresh] = await signersOf(1);
    const held = keys.get(role) ?? [];
    const old = held[index];
    if (fresh === undefined || old === undefined) throw new TypeError('no key');
    const before = new Map(keys);
    // Lost: nobody signs with it. A rotation that needs the old key is one that cannot be done in time
    const others = held.filter((signer) => signer !== old);
    keys.set(role, index === 0 && role !== 'root' ? [fresh, ...others] : [...others, fresh]);
    expect(before.get(role)).toContain(old);
    const rotation = { role: parseRoleName(role), add: [fresh.key], remove: [old.key.id] };
    await apply((published) => planRotation([rotation], published, day(today)), today);
  }

  return {
    async renew(today) {
      await writingUpon(place, day(today), (published) =>
        renewHere({ place, published, now: day(today), signer: async (role) => first(keys, role) }),
      );
    },
    async ceremony(roles, today) {
      await apply((published) => planRenewal(roles.map(parseRoleName), published, day(today)), today);
    },
    rotate: (role, today) => replace(role, 0, today),
    loseAKey: (role, today) => replace(role, 1, today),
    async withdraw(today) {
      const options = { kind: 'operator', reason: 'battery drain', place, online: online() } as const;
      await withdraw({ ...options, release: 'CPL-000412', now: day(today) });
    },
    async read(cache, today) {
      const root = place.metadata.content.get('1.root.json') ?? new Uint8Array();
      const repository = folderRepository(place.metadata, place.targets);
      const reading = new Library({ root, repository, cache, now: day(today) });
      await reading.refresh();
      return reading;
    },
    async states(reading) {
      const found: string[] = [];
      for (const { code } of [library.meters, library.gas]) {
        const listed: readonly ListedRelease[] = await reading.releases(code);
        for (const release of listed) await readStatement(reading, release);
        found.push(...[...(await reading.states(code, listed)).values()].map(({ state }) => state));
      }
      return found;
    },
  };
}

function keysOf({ held, meters, gas }: Scene): Map<string, readonly Signer[]> {
  return new Map<string, readonly Signer[]>([
    ...Object.entries(held),
    [meters.role, meters.signers],
    [gas.role, gas.signers],
  ]);
}

function first(keys: ReadonlyMap<string, readonly Signer[]>, role: RoleName | string): Signer {
  const [signer] = keys.get(role) ?? [];
  if (signer === undefined) throw new TypeError(`no key of ${role}`);
  return signer;
}
