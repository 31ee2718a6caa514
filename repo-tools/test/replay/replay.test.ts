// Anybody decides every admission again, from public files alone, and comes to the same, or sees where not.

import { sealedCodes } from '@cfl/client/admission';
import { sha256 } from '@cfl/client/encoding';
import {
  catalogueShard,
  catalogueShardPath,
  decisionPath,
  parseManufacturerCode,
  parsePartyId,
} from '@cfl/client/firmware';
import {
  acceptanceFile,
  type ChainHead,
  chainHeadFile,
  folderRepository,
  HEAD_PATH,
} from '@cfl/client/library';
import { consistentName, parseTargetPath, type RoleName } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { revise } from '../../src/change/plan.ts';
import { signDocument } from '../../src/change/sign.ts';
import { loadState, publish } from '../../src/deploy/index.ts';
import { release } from '../../src/intake/held.ts';
import { CATALOGUE, GATE } from '../../src/intake/planned.ts';
import { type ReplayOptions, type ReplayReport, replay } from '../../src/replay/replay.ts';
import { openSource } from '../../src/replay/source.ts';
import { submitBatchUnchecked } from '../../src/submission/submit.ts';
import type { MemoryPlace } from '../deploy/memory-files.ts';
import { heldTwin, judging } from '../held/scene.ts';
import {
  draftOf,
  imageOf,
  importRows,
  inbox,
  NOW,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from '../intake/scene.ts';

async function replayed(
  { metadata, targets }: MemoryPlace,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  const root = (await metadata.read('1.root.json')) ?? new Uint8Array();
  const source = await openSource(folderRepository(metadata, targets), { root, now: NOW });
  return replay(source, options);
}

const outcomesOf = ({ replayed: all }: ReplayReport) =>
  all.map(({ outcome, differences }) => [outcome, ...differences]);

/** Three admissions of two manufacturers, in two runs, upon two CPL snapshots; one was held and released. */
async function busy(): Promise<Scene> {
  const { library, name } = await heldTwin();
  await release(name, [], judging(library.place));
  await runIntake(library);
  const gas = imageOf('gas', { code: 'FFF2' });
  const rows = [
    await rowFor('CPL-000412', imageOf('one'), { status: 'Withdrawn' }),
    await rowFor('CPL-000413', imageOf('twin')),
    await rowFor('CPL-000600', gas),
  ];
  await importRows(library, rows, '2026-11-19');
  await submitTo(library, library.gas, await draftOf(library.gas, gas, rows.slice(2)));
  await runIntake(library);
  return library;
}

test('every admission comes out the same, upon the CPL and the register of its time', async () => {
  const { place } = await busy();
  const report = await replayed(place);
  expect(outcomesOf(report)).toEqual([['same'], ['same'], ['same']]);
  // The first claims an entry that is no longer Active: today it would be refused
  expect(report.replayed.map(({ acceptance }) => acceptance.cpl)).toEqual([1, 1, 2]);
});

test('private files are not needed, nor are the keys', async () => {
  const { place } = await busy();
  place.private.content.clear();
  expect(outcomesOf(await replayed(place))).toEqual([['same'], ['same'], ['same']]);
});

test('the open rules are replayed alone where plaintext is sealed', async () => {
  const { place } = await busy();
  const report = await replayed(place, { without: sealedCodes });
  expect(outcomesOf(report)).toEqual([['same'], ['same'], ['same']]);
});

test('one release alone is decided again, and no other is', async () => {
  const library = await busy();
  const { replayed: all } = await replayed(library.place);
  const names = all.map(({ acceptance }) => acceptance.release);
  for (const [i, release] of names.entries()) {
    let others = 0;
    const onDecision = () => others++;
    const one = await replayed(library.place, { release: release.slice(0, 12), onDecision });
    expect(outcomesOf(one)).toEqual([['same']]);
    expect(one.replayed[0]?.acceptance.release).toBe(names[i]);
    expect([others, one.head]).toEqual([0, (await replayed(library.place)).head]);
  }
  expect((await replayed(library.place, { release: 'ab'.repeat(6) })).replayed).toEqual([]);
  await lie(library, { passed: [] });
  const lied = await replayed(library.place, { release: names[2] });
  expect(outcomesOf(lied)[0]?.[0]).toBe('differs');
  // The image of the first is gone: the third does not ask for it
  const image = [...library.place.targets.content.keys()].find(
    (path) => path.includes(`${names[0]}/`) && path.endsWith('image.ota'),
  );
  library.place.targets.content.delete(image ?? '');
  expect(outcomesOf(await replayed(library.place, { release: names[1] }))).toEqual([['same']]);
  expect(outcomesOf(await replayed(library.place, { release: names[0] }))[0]?.[0]).toBe('differs');
});

test('the chain continues the one that was seen; a shorter or another one is refused', async () => {
  const { place } = await busy();
  const { head } = await replayed(place);
  await replayed(place, { known: head });
  const other: ChainHead = { ...(head as ChainHead), sha256: 'ab'.repeat(32) as never };
  await expect(replayed(place, { known: other })).rejects.toMatchObject({ code: 'FORKED_CHAIN' });
  const further: ChainHead = { ...(head as ChainHead), sequence: 9 };
  await expect(replayed(place, { known: further })).rejects.toMatchObject({ code: 'FORKED_CHAIN' });
});

test('a batch that splits its role into bins, and the releases after it', { timeout: 120_000 }, async () => {
  const images = Array.from({ length: 130 }, (_, i) => imageOf(`image ${i}`, { firmware: 0x01000300 + i }));
  const rows = await Promise.all(images.map((image, i) => rowFor(`CPL-${100_000 + i}`, image)));
  const library = await scene(rows);
  const { meters, place } = library;
  const drafts = await Promise.all(images.map((image, i) => draftOf(meters, image, rows.slice(i, i + 1))));
  const options = async () => ({ published: await loadState(place), ring: meters.ring, now: NOW });
  await submitBatchUnchecked(drafts.slice(0, 128), inbox(place), await options());
  await runIntake(library);
  for (const draft of drafts.slice(128)) {
    await submitBatchUnchecked([draft], inbox(place), await options());
    await runIntake(library);
  }
  const report = await replayed(place);
  expect(report.replayed.flatMap(({ differences }) => differences)).toEqual([]);
  expect(report.replayed.map(({ outcome }) => outcome)).toEqual(images.map(() => 'same'));
  const [first] = report.replayed;
  expect(first?.acceptance.roles.map(({ name }) => name)).toContain('m-fff1-1');
  // Of a batch, each decision names what was read for its own release
  expect(first?.acceptance.digests.length).toBeLessThan(40);
});

/** What a gate that lies, with all its keys, publishes in the place of what it published. */
async function rewrite({ place, online }: Scene, role: RoleName, files: ReadonlyMap<string, Uint8Array>) {
  const published = await loadState(place);
  const document = await revise(role, await published.role(role), { add: files }, NOW);
  const signer = role === GATE ? online.gate : online.catalogue;
  const roles = new Map([[role, await signDocument(role, document, signer)]]);
  const targets = new Map([...files].map(([path, octets]) => [parseTargetPath(path), octets]));
  await publish({ roles, targets }, { place, published, online, now: NOW });
}

async function newestDecision({ place }: Scene) {
  const published = await loadState(place);
  const head = chainHeadFile.parse((await published.read(HEAD_PATH)) ?? new Uint8Array());
  const decision = acceptanceFile.parse((await published.read(head.path)) ?? new Uint8Array());
  return { head, decision };
}

/** The newest decision says something else, and the chain holds. */
async function lie(library: Scene, changes: Partial<Awaited<ReturnType<typeof newestDecision>>['decision']>) {
  const { head, decision } = await newestDecision(library);
  const octets = acceptanceFile.encode({ ...decision, ...changes });
  const link = { ...head, sha256: await sha256(octets) };
  const files = new Map([
    [decisionPath(decision.release, decision.number), octets],
    [HEAD_PATH, chainHeadFile.encode(link)],
  ]);
  await rewrite(library, GATE, files);
}

test('a decision that left out what a rule said is found out', async () => {
  const library = await busy();
  const { decision } = await newestDecision(library);
  await lie(library, { passed: decision.passed.filter((code) => code !== 'SIZE') });
  expect(outcomesOf(await replayed(library.place)).at(-1)).toEqual([
    'differs',
    'SIZE: recorded was not asked, now passed',
  ]);
});

test.each([
  ['cpl', { cpl: 1 }, 'cpl: recorded 1, now 2'],
  ['code', { code: parseManufacturerCode('FFF1') }, expect.stringMatching(/^cannot be decided again: /)],
  [
    'originator',
    { originator: parsePartyId('example-meters') },
    'originator: recorded example-meters, now sample-gas',
  ],
])('a decision that names another %s is found out', async (_, changes, difference) => {
  const library = await busy();
  expect(outcomesOf(await replayed(library.place)).at(-1)).toEqual(['same']);
  await lie(library, changes);
  expect(outcomesOf(await replayed(library.place)).at(-1)).toEqual(['differs', difference]);
});

test('an admission that the rules do not allow is found out', async () => {
  const image = imageOf('one');
  const rows = [await rowFor('CPL-000412', image)];
  const library = await scene(rows);
  await submitTo(library, library.meters, await draftOf(library.meters, image, rows));
  await runIntake(library);
  expect(outcomesOf(await replayed(library.place))).toEqual([['same']]);
  // The CPL of that time says that it is not Active; the gate says that it passed
  await importRows(library, [await rowFor('CPL-000412', image, { status: 'Withdrawn' })], '2026-11-19');
  const published = await loadState(library.place);
  const { decision } = await newestDecision(library);
  const digests = [];
  for (const { path, sha256: former } of decision.digests) {
    const octets = path.startsWith('cpl/')
      ? await published.read(path.replace('cpl/1/', 'cpl/2/'))
      : undefined;
    digests.push({ path: path.replace('cpl/1/', 'cpl/2/'), sha256: octets ? await sha256(octets) : former });
  }
  await lie(library, { digests, cpl: 2 });
  const [[outcome, ...differences] = []] = outcomesOf(await replayed(library.place));
  expect(outcome).toBe('differs');
  expect(differences[0]).toBe('accepted then, refused now');
  expect(differences.join('\n')).toContain(
    'ENTRY_NOT_ACTIVE: recorded passed, now refuse "CPL-000412 is Withdrawn',
  );
});

test('a release by a person that nobody recorded is found out', async () => {
  const { library, name } = await heldTwin();
  await release(name, [], judging(library.place));
  await runIntake(library);
  await lie(library, { released: [] });
  const [, [outcome, ...differences] = []] = outcomesOf(await replayed(library.place));
  expect(outcome).toBe('differs');
  expect(differences[0]).toBe('accepted then, held now');
});

test('a decision about other files than those that are published is found out', async () => {
  const library = await busy();
  await lie(library, { submission: 'ab'.repeat(32) as never });
  expect(outcomesOf(await replayed(library.place)).at(-1)).toEqual([
    'differs',
    expect.stringMatching(
      /^cannot be decided again: the files of the library do not make the submission ababab/,
    ),
  ]);
});

test('a catalogue that hid a release from the gate is found out', async () => {
  const { library } = await heldTwin();
  const { place, meters } = library;
  const published = await loadState(place);
  const path = catalogueShardPath(meters.code, 0);
  const shard = catalogueShard.parse((await published.read(path)) ?? new Uint8Array());
  // The twin passes, for the gate no longer knows of the first
  await rewrite(library, CATALOGUE, new Map([[path, catalogueShard.encode({ ...shard, releases: [] })]]));
  await runIntake(library);
  const [, [outcome, ...differences] = []] = outcomesOf(await replayed(place));
  expect(outcome).toBe('differs');
  expect(differences.join('\n')).toContain(`${path}: the gate read something else`);
  expect(differences.join('\n')).toContain('SAME_IDENTITY: recorded passed, now hold');
});

test('a file that was taken away from the public folder is missed', async () => {
  const { place } = await busy();
  const { replayed: all } = await replayed(place);
  const cpl = all[0]?.acceptance.digests.find(({ path }) => path === 'cpl/index.json');
  place.targets.content.delete(consistentName(parseTargetPath('cpl/index.json'), cpl?.sha256 ?? ''));
  expect(outcomesOf(await replayed(place))[0]).toEqual([
    'differs',
    expect.stringMatching(
      /^cannot be decided again: cpl\/index\.json of the SHA-256 .* is not in the library any more/,
    ),
  ]);
});

test('a decision of other rules is not compared', async () => {
  const library = await busy();
  await lie(library, { rules: '2020-01-1', passed: [] });
  expect(outcomesOf(await replayed(library.place)).at(-1)).toEqual(['other rules']);
});
