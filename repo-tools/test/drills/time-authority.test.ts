// Drill: the key of a time authority is stolen, so that its stamps may say any time. The registrar closes the
// authority at the day before the theft: what was stamped before still counts, what is stamped after does not.

import { folderRepository, Library, memoryCache, readStatement } from '@cfl/client/library';
import { expect, onTestFinished, test } from 'vitest';
import { startTimestampAuthority } from '../../../client/test/evidence/pki.ts';
import { pkiOf } from '../../../client/test/evidence/scene.ts';
import { planTrust } from '../../src/ceremony/trust.ts';
import { loadState } from '../../src/deploy/index.ts';
import { intake } from '../../src/intake/intake.ts';
import { later } from '../ceremony/people.ts';
import { gateway } from '../credentials.ts';
import { apply, signed } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';
import { draftOf, imageOf, outcomes, rowFor, runIntake, scene, submitTo } from '../intake/scene.ts';

test('what was stamped before the theft stays good, what is stamped after it is refused', async () => {
  const [mine, next] = [imageOf('one'), imageOf('two', { firmware: 0x01000204 })];
  const rows = [await rowFor('CPL-000412', mine), await rowFor('CPL-000413', next)];
  const library = await scene(rows);
  const { meters, place, held, online } = library;
  await submitTo(library, meters, await draftOf(meters, mine, rows.slice(0, 1)));
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  const cache = memoryCache();
  const reader = async (now: Date) => {
    const root = place.metadata.content.get('1.root.json') ?? new Uint8Array();
    const repository = folderRepository(place.metadata, place.targets);
    const reading = new Library({ root, repository, cache, now });
    await reading.refresh();
    const releases = await reading.releases(meters.code);
    for (const release of releases) await readStatement(reading, release);
    return releases.length;
  };
  expect(await reader(NOW)).toBe(1);

  // Two days later the thief stamps; before the authority is closed, that would have counted
  const pki = await pkiOf('Example');
  const { url, close } = await startTimestampAuthority(pki, { clock: () => later(2) });
  onTestFinished(close);
  const late = { ...meters, ring: { ...meters.ring, keys: { ...meters.ring.keys, timeAuthority: url } } };
  const sent = () => draftOf(late, next, rows.slice(1)).then((draft) => submitTo(library, late, draft));

  const { trustedRoot, anchors } = pki.files();
  const file = JSON.parse(new TextDecoder().decode(anchors));
  for (const one of file.authorities)
    if (one.kind === 'timestamp') one.until = later(1).toISOString().replace('.000', '');
  const closed = new TextEncoder().encode(`${JSON.stringify(file)}\n`);
  const published = await loadState(place);
  const change = await planTrust({ trustedRoot, anchors: closed }, published, later(2));
  expect(change.words.join()).toMatch(/^closes {3}the timestamp authority [0-9a-f]{12} at 2026-11-21/);
  await apply(await signed(change, held.registrar, published), place, online, later(2));

  await sent();
  const report = await intake({ place, online, gateway, now: later(2.1) });
  expect(outcomes(report)).toEqual([expect.stringMatching(/^refused /)]);
  expect(report.results[0]?.answer?.findings.map(({ message }) => message).join()).toContain('time');
  expect(await reader(later(2.1))).toBe(1);
  // The authority is not opened again: that would let the thief's stamps in
  const open = planTrust({ trustedRoot, anchors }, await loadState(place), later(3));
  await expect(open).rejects.toMatchObject({ code: 'BAD_INPUT' });
});
