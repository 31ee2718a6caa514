// A submission is sealed to the current epochs of the published library, and to nobody else; the gate looks.

import { tmpdir } from 'node:os';
import { checkSealed, parseRing, RECIPIENTS_PATH, seal } from '@cfl/client/access';
import { encodeImage, imagePath, notesPath, statementPath } from '@cfl/client/firmware';
import { folderRepository, memoryCache, readCredentialFile } from '@cfl/client/library';
import { Client, consistentName, parseTargetPath } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { planFirstKeys, planRevoke } from '../../src/access/index.ts';
import { readChange, writeChange } from '../../src/change/change.ts';
import { loadState, openPublished } from '../../src/deploy/state.ts';
import { type IntakeReport, intake } from '../../src/intake/intake.ts';
import { sealDrafts } from '../../src/submission/draft.ts';
import { sealAgain } from '../../src/submission/seal.ts';
import { signAgain, signAnew, submit } from '../../src/submission/submit.ts';
import { credentialOf } from '../credentials.ts';
import { NOTES } from '../fixture.ts';
import {
  draftOf,
  imageOf,
  inbox,
  NOW,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from '../intake/scene.ts';
import { ENERGY, GAS, GS, grant, IS, join, openAs, opened, publish } from './scene.ts';

const image = imageOf('one');

/** A submission in the inbox; Example Energy reads everything, Example Gas images. */
async function waiting() {
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  await join(library, ENERGY, IS);
  await join(library, GAS, GS);
  await grant(library, ENERGY, ['images', 'notes']);
  await grant(library, GAS);
  const draft = await draftOf(library.meters, image, [row]);
  const { name, change } = await submitTo(library, library.meters, draft);
  return { library, draft, name, change, row };
}

function findings(results: IntakeReport['results'], code: string) {
  return results.flatMap(({ answer }) => answer?.findings ?? []).filter((one) => one.code === code);
}

async function revoke(library: Scene): Promise<void> {
  await publish(library, await planRevoke({ party: ENERGY, uses: [] }, await opened(library), NOW));
}

const options = async ({ place, meters }: Scene) => ({
  published: await loadState(place),
  ring: meters.ring,
  now: NOW,
});

test('what is published is sealed: each opens what it was granted, and nothing more', async () => {
  const { library, draft } = await waiting();
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  const published = await loadState(library.place);
  const read = async (path: string) => (await published.read(path)) ?? new Uint8Array();
  const [sealed, notes] = [
    await read(imagePath(draft.code, draft.release)),
    await read(notesPath(draft.code, draft.release, 1)),
  ];
  expect(checkSealed(sealed).plaintextLength).toBe(encodeImage(image).length);
  for (const party of [ENERGY, GAS])
    expect(Buffer.from(await openAs(library, party, sealed))).toEqual(Buffer.from(encodeImage(image)));
  expect(new TextDecoder().decode(await openAs(library, ENERGY, notes))).toBe(NOTES);
  await expect(openAs(library, GAS, notes)).rejects.toMatchObject({ code: 'WRONG_EPOCH' });
});

test('an epoch that has ended is refused, with the command that seals again; then it is accepted', async () => {
  const { library, draft, name, change } = await waiting();
  await revoke(library);
  const { results } = await runIntake(library);
  expect(outcomes({ results, published: undefined })).toEqual(['refused SEAL_EPOCH IMAGE_UNREADABLE']);
  const hint = 'Seal it again from the image and the notes, in the folder of release.json: cfl-publish seal';
  expect(findings(results, 'SEAL_EPOCH')).toMatchObject([
    { hint, message: 'the image cannot be opened with epoch 2 of images' },
    { hint, message: 'the release notes: sealed to epoch 1 of notes, epoch 2 is current' },
  ]);

  const [from, to] = [
    { files: library.place.private, base: `refused/${name}` },
    { files: library.place.private, base: `inbox/${name}` },
  ];
  await expect(signAgain(from, to, await options(library))).rejects.toMatchObject({
    code: 'SEALED_TO_OLD_EPOCH',
    hint: expect.stringContaining('cfl-publish seal'),
  });
  const again = await sealAgain(from, to, [draft], await options(library));
  expect(again.change.sealedTo).toEqual({ images: 2, notes: 2 });
  const statement = parseTargetPath(statementPath(draft.code, draft.release, 1));
  expect(again.change.targets.get(statement)).toEqual(change.targets.get(statement));
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);

  const published = await loadState(library.place);
  const sealed = (await published.read(imagePath(draft.code, draft.release))) ?? new Uint8Array();
  await expect(openAs(library, ENERGY, sealed)).rejects.toMatchObject({ code: 'WRONG_EPOCH' });
  expect((await openAs(library, GAS, sealed)).length).toBe(encodeImage(image).length);
});

test('an image that is said to be sealed to the current epoch, and is not, is refused all the same', async () => {
  const { library, name } = await waiting();
  await revoke(library);
  const change = await readChange(library.place.private, `inbox/${name}`);
  await writeChange(inbox(library.place), name, { ...change, sealedTo: { images: 2, notes: 2 } });
  const { results } = await runIntake(library);
  expect(findings(results, 'SEAL_EPOCH')).toMatchObject([
    { message: 'the image cannot be opened with epoch 2 of images' },
  ]);
});

test('sealing again takes the very notes that were signed, and the image of the release', async () => {
  const { library, draft, name } = await waiting();
  const place = { files: library.place.private, base: `inbox/${name}` };
  const notes = new TextEncoder().encode(`${NOTES}more`);
  await expect(sealAgain(place, place, [{ ...draft, notes }], await options(library))).rejects.toThrow(
    /notes\.md has the SHA-256 [0-9a-f]{12}, the signed statement names [0-9a-f]{12}$/,
  );
  await expect(sealAgain(place, place, [], await options(library))).rejects.toThrow(
    /is in none of the folders$/,
  );
});

test.each(['image', 'notes'] as const)('a second stanza in the %s is refused', async (file) => {
  const { library, draft, name, change } = await waiting();
  const { keys } = await sealDrafts([draft], await loadState(library.place));
  const thief = (await credentialOf('thief')).recipient;
  const path = parseTargetPath(
    file === 'image' ? imagePath(draft.code, draft.release) : notesPath(draft.code, draft.release, 1),
  );
  const plaintext = file === 'image' ? encodeImage(image) : new TextEncoder().encode(NOTES);
  const { recipient } = keys[file === 'image' ? 'images' : 'notes'];
  const twice = await seal(plaintext, [recipient, thief]);
  const targets = new Map(change.targets).set(path, twice);
  const to = { files: inbox(library.place), base: name };
  await signAnew({ change: { ...change, targets }, formerRoles: [] }, to, await options(library));
  const { results } = await runIntake(library);
  expect(findings(results, 'SEAL_FORM')).toMatchObject([
    {
      message: `Cannot accept ${file === 'image' ? 'the image' : 'the release notes'}: it is sealed to 2 recipients, expected exactly one`,
    },
  ]);
});

test('notes that the key of the images opens are refused, whatever the submission says of them', async () => {
  const { library, draft, name, change } = await waiting();
  const { keys } = await sealDrafts([draft], await loadState(library.place));
  const path = parseTargetPath(notesPath(draft.code, draft.release, 1));
  const targets = new Map(change.targets).set(
    path,
    await seal(new TextEncoder().encode(NOTES), [keys.images.recipient]),
  );
  const to = { files: inbox(library.place), base: name };
  await signAnew({ change: { ...change, targets }, formerRoles: [] }, to, await options(library));
  const { results } = await runIntake(library);
  expect(findings(results, 'SEAL_EPOCH')).toMatchObject([
    { message: 'the release notes cannot be opened with epoch 1 of notes' },
  ]);
});

test('without the credential of the gateway nothing is decided, and nothing is lost', async () => {
  const { library } = await waiting();
  const before = [new Map(library.place.private.content), new Map(library.place.metadata.content)];
  const { place, online } = library;
  const gateway = () => readCredentialFile(`${tmpdir()}/no such folder/gateway.age`, async () => '');
  await expect(intake({ place, online, gateway, now: NOW })).rejects.toMatchObject({ code: 'NO_CREDENTIAL' });
  expect([library.place.private.content, library.place.metadata.content]).toEqual(before);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});

test('recipients that were not verified through TUF are never sealed to', async () => {
  const { library, draft } = await waiting();
  const { place } = library;
  const root = (await place.metadata.read('1.root.json')) ?? new Uint8Array();
  const open = () => {
    const repository = folderRepository(place.metadata, place.targets);
    return openPublished(new Client({ root, repository, cache: memoryCache(), now: NOW }), root);
  };
  expect((await sealDrafts([draft], await open())).drafts).toHaveLength(1);
  const published = await open();
  const listed = (await published.role('registrar' as never))?.signed.targets;
  const digest = listed?.get(parseTargetPath(RECIPIENTS_PATH))?.hashes.get('sha256') ?? '';
  const lies = consistentName(parseTargetPath(RECIPIENTS_PATH), digest);
  const text = new TextDecoder().decode(place.targets.content.get(lies));
  const own = (await credentialOf('thief')).recipient;
  const exchanged = text.replace(/age1pq1[a-z0-9]+/, own);
  place.targets.content.set(lies, new TextEncoder().encode(exchanged));
  await expect(open().then((one) => sealDrafts([draft], one))).rejects.toMatchObject({
    name: 'RefusedError',
  });
});

test('a library without read keys takes no submission', async () => {
  const { draft } = await waiting();
  const nothing = { read: async () => undefined } as never;
  await expect(sealDrafts([draft], nothing)).rejects.toMatchObject({ code: 'NO_READ_KEYS' });
});

test('a later statement about an image of an ended epoch is accepted: the image is what was opened then', async () => {
  const { library, draft, row } = await waiting();
  await runIntake(library);
  await revoke(library);
  const second = await draftOf(library.meters, image, [row], { number: 2, class: 'compliance' });
  await submit(second, inbox(library.place), await options(library));
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  const other = await draftOf(library.meters, imageOf('other'), [row], { number: 3 });
  await submitTo(library, library.meters, {
    ...second,
    statement: {
      ...other.statement,
      subject: [second.statement.subject[0], ...other.statement.subject.slice(1)] as never,
    },
  });
  expect(outcomes(await runIntake(library))).toEqual([expect.stringContaining('SUBJECT_MISMATCH')]);
  expect(draft.release).toBe(second.release);
});

test('the gateway never holds the key of the notes', async () => {
  const { library } = await waiting();
  const ring = {
    format: 'cfl/keyring/1',
    library: (await loadState(library.place)).library,
    holder: 'gateway',
    keys: (await opened(library)).keys.filter(({ use }) => use === 'notes'),
  };
  expect(() => parseRing(new TextEncoder().encode(JSON.stringify(ring)))).toThrow(
    /one epoch of images alone/,
  );
});

test('read access begins once', async () => {
  const { library } = await waiting();
  const published = await loadState(library.place);
  const keys = { escrow: [], gateway: (await credentialOf('gateway')).recipient };
  await expect(planFirstKeys(keys, published, NOW)).rejects.toMatchObject({ code: 'EXISTS' });
});
