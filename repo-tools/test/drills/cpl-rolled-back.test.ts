// Drill: somebody brings back an older Central Products List, on which a product that was withdrawn is still
// Active: at the CDN, with the Panel's stolen key, or by mistake at the import.

import { folderRepository, Library, memoryCache } from '@cfl/client/library';
import { type Document, parseRoleName, type Targets } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { planPublication } from '../../src/change/apply.ts';
import { revise } from '../../src/change/plan.ts';
import { signDocument } from '../../src/change/sign.ts';
import { loadState } from '../../src/deploy/index.ts';
import { memoryPlace } from '../deploy/memory-files.ts';
import { NOW } from '../fixture.ts';
import {
  draftOf,
  imageOf,
  importRows,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from '../intake/scene.ts';

const CPL = parseRoleName('cpl');

async function states({ meters }: Scene, place: Scene['place'], cache = memoryCache()) {
  const root = place.metadata.content.get('1.root.json') ?? new Uint8Array();
  const repository = folderRepository(place.metadata, place.targets);
  const library = new Library({ root, repository, cache, now: NOW });
  await library.refresh();
  const listed = await library.releases(meters.code);
  return [...(await library.states(meters.code, listed)).values()].map(({ state }) => state);
}

test('an older list comes back at no place: not at the CDN, not by the stolen key, not by mistake', async () => {
  const mine = imageOf('one');
  const active = [await rowFor('CPL-000412', mine)];
  const library = await scene(active);
  const { place, meters, held } = library;
  await submitTo(library, meters, await draftOf(meters, mine, active));
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  const cache = memoryCache();
  expect(await states(library, place, cache)).toEqual(['current']);
  const old = memoryPlace(place);
  const before = await loadState(place);
  await importRows(library, [await rowFor('CPL-000412', mine, { status: 'Withdrawn' })], '2026-11-19');
  expect(await states(library, place, cache)).toEqual(['suspended']);

  // The whole library of yesterday, to a reader who has seen today's
  await expect(states(library, old, cache)).rejects.toMatchObject({ code: 'ROLLBACK' });
  // The list of yesterday alone, beside the rest of today's
  const mixed = memoryPlace(place);
  const version = (await loadState(place)).trusted.snapshot.signed.meta.get(CPL)?.version ?? 0;
  const octets = place.metadata.content.get(`${version - 1}.cpl.json`) ?? new Uint8Array();
  mixed.metadata.content.set(`${version}.cpl.json`, octets);
  await expect(states(library, mixed)).rejects.toMatchObject({
    code: expect.stringMatching(/^WRONG_(HASH|LENGTH)$/),
  });
  // The Panel's key signs the old list again, as the next version: the operator is told what it takes away
  const present = await loadState(place);
  const [key] = held.cpl;
  const former = (await before.role(CPL)) as Document<Targets>;
  if (key === undefined) throw new TypeError('no key');
  const planned = await revise(CPL, { ...former, signed: { ...former.signed, version } }, {}, NOW);
  const forged = {
    title: 'CPL',
    words: [],
    created: NOW,
    library: present.library,
    upon: new Map([[CPL, version]]),
    metadata: new Map([[CPL, await signDocument(CPL, planned, key)]]),
    targets: new Map(),
  };
  await expect(planPublication(forged, present)).rejects.toMatchObject({
    code: 'NOT_A_CHANGE',
    message: expect.stringMatching(/^Cannot apply "CPL": cpl no longer lists cpl\//),
  });
  // The Panel's own older file, imported by mistake
  await expect(importRows(library, active, '2026-11-18')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  expect(await states(library, place, cache)).toEqual(['suspended']);
});
