// A publisher in a process of its own, killed at a moment that nobody chose: the library is the one before or
// the one after, a reader that knew the former and a new one read it whole, and the next run completes.

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyFile, openSigner } from '@cfl/client/keys';
import { memoryCache } from '@cfl/client/library';
import { expect, it, onTestFinished } from 'vitest';
import { loadState, type Place, placeAt } from '../../src/deploy/index.ts';
import { type Child, child } from './child.ts';
import { random } from './random.ts';
import { apply, founding, type Keys, keys, listing, octets, onlineOf, readWhole } from './scene.ts';

const KILLS = 20;
const SEED = 20261120;

interface Library {
  readonly base: string;
  readonly place: Place;
  readonly held: Keys;
  readonly root: Uint8Array;
}

async function founded(): Promise<Library> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-test-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  await mkdir(join(base, 'keys'));
  const held = await keys(async (name) => {
    const path = join(base, 'keys', `${name}.pem`);
    await createKeyFile(path, '', { unencrypted: 'trial' });
    return openSigner(path);
  });
  const place = placeAt(base);
  await apply(await founding(held), place, onlineOf(held));
  return { base, place, held, root: (await place.metadata.read('1.root.json')) ?? new Uint8Array() };
}

async function started(base: string, count: number): Promise<Child> {
  const publisher = child('./publisher.ts', [base, String(count)]);
  expect(await publisher.next()).toBe('ready');
  return publisher;
}

it('a publisher that is not killed publishes, and leaves nothing of its own behind', async () => {
  const { base, place, root } = await founded();
  const publisher = await started(base, 2);
  publisher.say('go\n');
  expect(await publisher.next()).toBe('2');
  expect(await publisher.next()).toBe('3');
  expect(await publisher.next()).toBeUndefined();
  await publisher.end();
  expect((await readWhole(place, root))?.version).toBe(3);
  expect(await readdir(join(base, 'private'))).toEqual([]);
});

it(`killed ${KILLS} times: the state before or after, read by all, and the next run completes`, async () => {
  const { base, place, held, root } = await founded();
  const cache = memoryCache();
  const next = random(SEED);
  let inTheMiddle = 0;
  let ahead = started(base, 1000);
  for (let i = 0; i < KILLS; i++) {
    const publisher = await ahead;
    if (i < KILLS - 1) ahead = started(base, 1000);
    const before = await versionOf(place);
    publisher.say('go\n');
    await new Promise((resolve) => setTimeout(resolve, 5 + next() * 250));
    await publisher.end('SIGKILL');
    while ((await publisher.next()) !== undefined);
    const said = Number(publisher.lines.at(-1) ?? before) || before;

    inTheMiddle += (await place.private.read('lock.json')) === undefined ? 0 : 1;
    const fresh = await readWhole(place, root);
    expect([said, said + 1], `kill ${i}`).toContain(fresh?.version);
    expect((await readWhole(place, root, cache))?.version, `kill ${i}`).toBe(fresh?.version);
    const note = new Map([[`register/after-${i}.json`, octets(String(i))]]);
    const version = await nextRun(place, held, note);
    expect((await readWhole(place, root, cache))?.files.size, `kill ${i}`).toBeGreaterThan(i);
    expect((await readWhole(place, root))?.version, `kill ${i}`).toBe(version);
    expect(await place.private.list('')).toEqual([]);
  }
  console.log(
    `${KILLS} kills, ${inTheMiddle} of them inside a publication, library version ${await versionOf(place)}`,
  );
  expect(inTheMiddle).toBeGreaterThan(0);
}, 120_000);

async function versionOf(place: Place): Promise<number> {
  return (await loadState(place)).trusted.snapshot.signed.version;
}

/** Once where the crash left nothing to finish; again, upon what was finished, where it did. */
async function nextRun(place: Place, held: Keys, note: ReadonlyMap<string, Uint8Array>): Promise<number> {
  const attempt = async () =>
    apply(await listing(await loadState(place), 'registrar', note, held.registrar), place, onlineOf(held));
  return attempt().catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'BASE_MOVED' });
    return attempt();
  });
}
