// A supplier's endorsement is published whenever it comes: with the release, before it or after it.

import { sha256 } from '@cfl/client/encoding';
import { folderRepository } from '@cfl/client/library';
import { describe, expect, it } from 'vitest';
import { loadState } from '../../src/deploy/index.ts';
import { readDecision } from '../../src/intake/decision.ts';
import { holdsOf, readHeld } from '../../src/intake/held.ts';
import { type IntakeReport, intake } from '../../src/intake/intake.ts';
import { replay } from '../../src/replay/replay.ts';
import { openSource } from '../../src/replay/source.ts';
import { statusOf } from '../../src/submission/status.ts';
import { gateway } from '../access.ts';
import {
  endorse,
  imageOf,
  importRows,
  NOW,
  outcomes,
  rowFor,
  submit,
  type World,
  world,
} from '../association/scene.ts';
import { memoryPlace } from '../deploy/memory-files.ts';

const run = ({ place, online }: World): Promise<IntakeReport> => intake({ place, online, gateway, now: NOW });

async function published({ place }: World, path: string): Promise<Uint8Array | undefined> {
  return (await loadState(place)).read(path);
}

async function recorded({ place }: World, release: string): Promise<readonly string[]> {
  const decision = await readDecision(await loadState(place), release as never, 1);
  return (decision?.findings ?? []).map(({ code }) => code);
}

describe('an endorsement', () => {
  it('that comes with the release is published with it, and the decision counts it', async () => {
    const image = imageOf('together');
    const rows = [await rowFor('CPL-000412', image)];
    const all = await world(rows);
    const sent = await submit(all, all.meters, image, rows);
    const { path, bundle } = await endorse(all, all.suppliers.energy, sent);
    const report = await run(all);
    expect(outcomes(report)).toEqual(['accepted', 'accepted']);
    expect(await published(all, path)).toEqual(bundle);
    expect(await recorded(all, sent.draft.release)).toEqual([]);
    expect(await all.place.private.list('inbox')).toEqual([]);
  });

  it('that comes after the release is added; the decision stays as it was', async () => {
    const image = imageOf('after');
    const rows = [await rowFor('CPL-000412', image)];
    const all = await world(rows);
    const sent = await submit(all, all.meters, image, rows);
    expect(outcomes(await run(all))).toEqual(['accepted']);
    expect(await recorded(all, sent.draft.release)).toEqual(['NO_ENDORSEMENT']);
    const { path, bundle } = await endorse(all, all.suppliers.gas, sent);
    expect(outcomes(await run(all))).toEqual(['accepted']);
    expect(await published(all, path)).toEqual(bundle);
    expect(await recorded(all, sent.draft.release)).toEqual(['NO_ENDORSEMENT']);
  });

  it('that counted is found again by whoever decides the admission again', async () => {
    const image = imageOf('again');
    const rows = [await rowFor('CPL-000412', image)];
    const all = await world(rows);
    const sent = await submit(all, all.meters, image, rows);
    const { path, bundle } = await endorse(all, all.suppliers.energy, sent);
    await run(all);
    const decision = await readDecision(await loadState(all.place), sent.draft.release, 1);
    expect(decision?.digests).toContainEqual({ path, sha256: await sha256(bundle) });
    const root = (await all.place.metadata.read('1.root.json')) ?? new Uint8Array();
    const source = await openSource(folderRepository(all.place.metadata, all.place.targets), {
      root,
      now: NOW,
    });
    const { replayed } = await replay(source);
    expect(replayed.map(({ outcome, differences }) => [outcome, ...differences])).toEqual([['same']]);
  });

  it('is listed among the held ones, and its sender learns why', async () => {
    const image = imageOf('waits');
    const all = await world([await rowFor('CPL-000377', image, { waits: true })]);
    const sent = await submit(all, all.meters, image, [await rowFor('CPL-000377', image)]);
    const { name } = await endorse(all, all.suppliers.energy, sent);
    await run(all);
    expect(holdsOf(await readHeld(all.place, name, NOW)).map(({ code }) => code)).toEqual([
      'WAITS_FOR_RELEASE',
    ]);
    const status = () =>
      loadState(all.place).then((state) => statusOf(all.place.private, `held/${name}`, state));
    expect(await status()).toMatchObject({
      state: 'held',
      answer: { findings: [{ code: 'WAITS_FOR_RELEASE' }] },
    });
    const whole = memoryPlace(all.place);
    await importRows(all, [await rowFor('CPL-000377', image)], '2026-11-19');
    await run(all);
    const after = await loadState(all.place);
    expect(await statusOf(whole.private, `held/${name}`, after)).toMatchObject({
      state: 'endorsed',
      endorser: 'example-energy',
    });
  });

  it('waits as long as its release does, and then both are published at once', async () => {
    const image = imageOf('waits');
    const all = await world([await rowFor('CPL-000377', image, { waits: true })]);
    const sent = await submit(all, all.meters, image, [await rowFor('CPL-000377', image)]);
    const { path } = await endorse(all, all.suppliers.energy, sent);
    expect(outcomes(await run(all))).toEqual(['held WAITS_FOR_CPL', 'held WAITS_FOR_RELEASE']);
    expect(await published(all, path)).toBeUndefined();
    expect(outcomes(await run(all))).toEqual(['held WAITS_FOR_CPL', 'held WAITS_FOR_RELEASE']);
    await importRows(all, [await rowFor('CPL-000377', image)], '2026-11-19');
    expect(outcomes(await run(all))).toEqual(['accepted', 'accepted']);
    expect(await published(all, path)).toBeDefined();
    expect(await recorded(all, sent.draft.release)).toEqual([]);
    expect(await all.place.private.list('held')).toEqual([]);
  });

  it('of two suppliers stands twice, and the same one again is cleared away', async () => {
    const image = imageOf('twice');
    const rows = [await rowFor('CPL-000412', image)];
    const all = await world(rows);
    const sent = await submit(all, all.meters, image, rows);
    const one = await endorse(all, all.suppliers.energy, sent);
    const files = new Map(all.place.private.content);
    const two = await endorse(all, all.suppliers.gas, sent);
    expect(outcomes(await run(all))).toEqual(['accepted', 'accepted', 'accepted']);
    expect(await published(all, one.path)).toEqual(one.bundle);
    expect(await published(all, two.path)).toEqual(two.bundle);
    for (const [path, octets] of files)
      if (path.startsWith(`inbox/${one.name}/`)) await all.place.private.replace(path, octets);
    expect(outcomes(await run(all))).toEqual(['published']);
    expect(await published(all, one.path)).toEqual(one.bundle);
  });
});
