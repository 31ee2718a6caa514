// A manufacturer's role is split by a submission, at the gate: accepted as the arithmetic says, refused otherwise.

import { binOf, CATALOGUE_INDEX_PATH, catalogueIndex, catalogueShard } from '@cfl/client/firmware';
import {
  type Document,
  encodeDocument,
  encodeTargets,
  parseRoleName,
  parseTargets,
  type RoleName,
  type Targets,
} from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { type Change, readChange, writeChange } from '../../src/change/change.ts';
import { revise } from '../../src/change/plan.ts';
import { signDocument } from '../../src/change/sign.ts';
import { loadState, type Place } from '../../src/deploy/index.ts';
import { publishedReleases } from '../../src/intake/library.ts';
import type { Draft } from '../../src/submission/draft.ts';
import { type Submitted, signAgain, submitBatchUnchecked } from '../../src/submission/submit.ts';
import { memoryPlace } from '../deploy/memory-files.ts';
import {
  below,
  draftOf,
  imageOf,
  inbox,
  type Maker,
  NOW,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
} from '../intake/scene.ts';

const PUBLISHED = 80;
const BINS = [0, 1].map((bin) => parseRoleName(`m-fff1-${bin}`)) as [RoleName, RoleName];

interface Full {
  readonly library: Scene;
  /** Not submitted yet: enough for a second file, and one more. */
  readonly more: readonly Draft[];
  readonly last: Draft;
}

/** As many releases as one role file takes, or nearly. */
async function almostFull(): Promise<Full> {
  const images = Array.from({ length: PUBLISHED + 21 }, (_, i) =>
    imageOf(`image ${i}`, { firmware: 0x01000000 + i }),
  );
  const rows = await Promise.all(
    images.map((image, i) => rowFor(`CPL-${String(i).padStart(6, '0')}`, image)),
  );
  const library = await scene(rows);
  const drafts: Draft[] = [];
  for (const [i, image] of images.entries())
    drafts.push(await draftOf(library.meters, image, rows.slice(i, i + 1)));
  await batch(library, drafts.slice(0, PUBLISHED));
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  return { library, more: drafts.slice(PUBLISHED, -1), last: drafts.at(-1) as Draft };
}

async function batch({ place, meters }: Scene, drafts: readonly Draft[]): Promise<Submitted> {
  const options = { published: await loadState(place), ring: meters.ring, now: NOW };
  return submitBatchUnchecked(drafts, inbox(place), options);
}

test('a submission that makes a file too long splits the role, and the catalogue along with it', async () => {
  const { library, more, last } = await almostFull();
  const { roles, change } = await batch(library, more);
  expect(roles.map(({ role, base, version }) => [role, base, version])).toEqual([
    ['m-fff1', 2, 3],
    ['m-fff1-0', 0, 1],
    ['m-fff1-1', 0, 1],
  ]);
  for (const { octets } of change.metadata.values()) expect(octets.length).toBeLessThanOrEqual(60_000);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);

  const published = await loadState(library.place);
  expect(await publishedReleases(published, library.meters.code)).toHaveLength(100);
  const index = catalogueIndex.parse((await published.read(CATALOGUE_INDEX_PATH)) ?? new Uint8Array());
  expect(index.shards.map(({ code, shard }) => `${code}-${shard}`)).toEqual(['FFF1-0', 'FFF1-1']);
  for (const { shard, releases } of index.shards) {
    const octets = (await published.read(`catalogue/FFF1-${shard}.json`)) ?? new Uint8Array();
    const rows = catalogueShard.parse(octets).releases;
    expect(rows).toHaveLength(releases);
    for (const { release } of rows) expect(binOf(release, 2)).toBe(shard);
  }

  // From now on a release takes one bin
  const next = await batch(library, [last]);
  expect(next.roles.map(({ role }) => role)).toEqual([`m-fff1-${binOf(last.release, 2)}`]);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});

test('a submission made before the split is held, and mended by one signature into its bin', async () => {
  const { library, more, last } = await almostFull();
  const early = await batch(library, [last]);
  expect(early.roles.map(({ role }) => role)).toEqual(['m-fff1']);
  const { name } = await batch(library, more);
  // The one that splits is decided first, whatever the names are
  const waiting = await taken(library.place, early.name);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  await writeChange(inbox(library.place), early.name, waiting);
  expect(name).not.toBe(early.name);
  expect(outcomes(await runIntake(library))).toEqual(['held BASE_MOVED']);

  const held = { files: below(library.place, 'held'), base: early.name };
  const options = { published: await loadState(library.place), ring: library.meters.ring, now: NOW };
  const mended = await signAgain(held, { files: inbox(library.place), base: early.name }, options);
  const bin = `m-fff1-${binOf(last.release, 2)}`;
  expect(mended.roles).toMatchObject([{ role: bin, base: 1, version: 2 }]);
  expect(mended.change.targets).toEqual(early.change.targets);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  expect(await publishedReleases(await loadState(library.place), library.meters.code)).toHaveLength(101);
});

/** Out of the inbox again. */
async function taken({ private: files }: Place, name: string): Promise<Change> {
  const change = await readChange(files, `inbox/${name}`);
  for (const path of await files.list(`inbox/${name}`)) await files.remove(`inbox/${name}/${path}`);
  return change;
}

type Edit = (role: Targets) => Targets;

async function edited(
  change: Change,
  maker: Maker,
  edits: ReadonlyMap<RoleName, Edit>,
  signers = maker.signers,
): Promise<Change> {
  const metadata = new Map(change.metadata);
  for (const [role, edit] of edits) {
    const before = change.metadata.get(role) as Document<Targets>;
    let document = await parseTargets(encodeDocument(encodeTargets(edit(before.signed)), []), role);
    for (const signer of signers) document = await signDocument(role, document, signer);
    metadata.set(role, document);
  }
  return { ...change, metadata };
}

test('a split that is not the one of the arithmetic is refused, though the manufacturer signed it', async () => {
  const { library, more } = await almostFull();
  const { meters } = library;
  const { change, name } = await batch(library, more);
  const honest = memoryPlace(library.place);
  expect(outcomes(await runIntake(library, honest))).toEqual(['accepted']);

  const bin = change.metadata.get(BINS[0]) as Document<Targets>;
  const [first] = bin.signed.targets;
  if (first === undefined) throw new Error('the bin is empty');
  const [path, file] = first;
  const without: Edit = (role) => ({
    ...role,
    targets: new Map([...role.targets].filter(([one]) => one !== path)),
  });
  const withIt: Edit = (role) => ({ ...role, targets: new Map([...role.targets, [path, file]]) });
  const looser: Edit = (role) => ({
    ...role,
    delegations: role.delegations && {
      ...role.delegations,
      roles: role.delegations.roles.map((one) => ({ ...one, covers: { paths: ['firmware/FFF1/*/*'] } })),
    },
  });
  const head = change.metadata.get(meters.role) as Document<Targets>;
  const delegating: Edit = (role) => ({
    ...role,
    ...(head.signed.delegations === undefined ? {} : { delegations: head.signed.delegations }),
  });
  const published = await loadState(library.place);
  const whole = await revise(meters.role, await published.role(meters.role), { add: change.targets }, NOW);
  const attacks: Record<string, Change> = {
    'an entry in the other bin': await edited(
      change,
      meters,
      new Map([
        [BINS[0], without],
        [BINS[1], withIt],
      ]),
    ),
    'an entry in both': await edited(change, meters, new Map([[BINS[1], withIt]])),
    'an entry lost': await edited(change, meters, new Map([[BINS[0], without]])),
    'other patterns': await edited(change, meters, new Map([[meters.role, looser]])),
    'a bin that delegates further': await edited(change, meters, new Map([[BINS[0], delegating]])),
    'a bin without a signature': await edited(change, meters, new Map([[BINS[0], (role) => role]]), []),
    'a bin left out': {
      ...change,
      metadata: new Map([...change.metadata].filter(([role]) => role !== BINS[1])),
    },
    'no split, and a file of more than 60,000 octets': await edited(
      { ...change, metadata: new Map([[meters.role, whole]]) },
      meters,
      new Map([[meters.role, (role) => role]]),
    ),
  };
  for (const [what, attack] of Object.entries(attacks)) {
    const place = memoryPlace(library.place);
    for (const one of await place.private.list('inbox')) await place.private.remove(`inbox/${one}`);
    await writeChange(inbox(place), name, attack);
    expect(outcomes(await runIntake(library, place)), what).toEqual(['refused ROLE_FILE']);
  }
});
