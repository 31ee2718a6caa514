// Drills: the secret of the images is stolen; a supplier's credential is stolen. What was sealed before, the thief
// can read, and no command changes that. What comes after it cannot. Readers that were online before go on.

import { type Credential, open, openRing, READ_KEY_USES } from '@cfl/client/access';
import { encodeImage, imagePath, notesPath, type OtaImage, type PartyId } from '@cfl/client/firmware';
import { folderRepository, memoryCache, openReader } from '@cfl/client/library';
import { expect, test } from 'vitest';
import { planGrant, planRenewal, readAccessBegun } from '../../src/access/index.ts';
import { loadState } from '../../src/deploy/index.ts';
import { intake } from '../../src/intake/intake.ts';
import type { Draft } from '../../src/submission/draft.ts';
import { ENERGY, GAS, GS, grant, IS, join, opened, openedRing, publish } from '../access/scene.ts';
import { later } from '../ceremony/people.ts';
import { credentialOf, gateway } from '../credentials.ts';
import { NOTES } from '../fixture.ts';
import { draftOf, imageOf, outcomes, rowFor, type Scene, scene, submitTo } from '../intake/scene.ts';

const THEFT = later(2);
const AFTER = later(3);

interface Drill {
  readonly library: Scene;
  /** Published before the theft. */
  readonly before: Draft;
  /** Sealed to what is current, and published. */
  releaseAfter(): Promise<Draft>;
  /** Each has its cache, and was online before the theft. */
  readonly energy: Supplier;
  readonly gas: Supplier;
}

interface Supplier {
  /** As `cfl fetch` does: image and notes, verified. */
  reads(draft: Draft, credential?: Credential): Promise<{ image: OtaImage; notes: string }>;
}

/** Example Energy reads images and notes, Example Gas images. */
async function drill(): Promise<Drill> {
  const images = [imageOf('before'), imageOf('after', { firmware: 0x01000204 })] as const;
  const rows = [await rowFor('CPL-000412', images[0]), await rowFor('CPL-000413', images[1])];
  const library = await scene(rows);
  const { meters, place, online } = library;
  await join(library, ENERGY, IS);
  await join(library, GAS, GS);
  await grant(library, ENERGY, ['images', 'notes']);
  await grant(library, GAS);
  const release = async (n: 0 | 1, now: Date) => {
    const draft = await draftOf(meters, images[n], rows.slice(n, n + 1));
    await submitTo(library, meters, draft);
    expect(outcomes(await intake({ place, online, gateway, now }))).toEqual(['accepted']);
    return draft;
  };
  const before = await release(0, later(1));
  const [energy, gas] = [supplier(library, ENERGY), supplier(library, GAS)];
  expect(await energy.reads(before)).toEqual({ image: images[0], notes: NOTES });
  expect(await gas.reads(before)).toEqual({ image: images[0], notes: NO_NOTES });
  return { library, before, releaseAfter: () => release(1, AFTER), energy, gas };
}

const NO_NOTES = expect.stringContaining('example-gas has no grant of notes');

function supplier({ place }: Scene, party: PartyId): Supplier {
  const cache = memoryCache();
  return {
    async reads({ release }, credential) {
      const root = place.metadata.content.get('1.root.json') ?? new Uint8Array();
      const repository = folderRepository(place.metadata, place.targets);
      const reader = await openReader({ root, repository, cache, now: AFTER });
      const read = await reader.fetch(release, { credential: credential ?? (await credentialOf(party)) });
      reader.close();
      const { image, notes } = read;
      return { image, notes: 'leftOut' in notes ? notes.leftOut : new TextDecoder().decode(notes) };
    },
  };
}

/** Ciphertext, as whoever asks the CDN has it. */
async function sealedImage({ place }: Scene, { code, release }: Draft): Promise<Uint8Array> {
  return (await (await loadState(place)).read(imagePath(code, release))) ?? new Uint8Array();
}

async function sealedNotes({ place }: Scene, { code, release }: Draft): Promise<Uint8Array> {
  return (await (await loadState(place)).read(notesPath(code, release, 1))) ?? new Uint8Array();
}

const epochs = async ({ place }: Scene) =>
  (await readAccessBegun(await loadState(place))).recipients.keys.map(
    ({ use, epoch, until }) => `${use} ${epoch}${until === undefined ? '' : ' ended'}`,
  );

test('the secret of the images is stolen: the registrar begins a new epoch, and suppliers do nothing', async () => {
  const { library, before, releaseAfter, energy, gas } = await drill();
  const { keys } = (await openedRing(await loadState(library.place), GAS)).ring;
  const thief = keys.filter(({ use }) => use === 'images');
  expect(thief.map(({ epoch }) => epoch)).toEqual([1]);

  const change = await planRenewal(await opened(library), THEFT, ['images']);
  expect(change.words).toEqual([
    'stolen     the secret of images, epoch 1: what is sealed to it, the thief can read for good',
    'epoch      2 of images begins; what waits at manufacturers is sealed again: cfl-publish seal',
  ]);
  const { added, changed } = await publish(library, change);
  expect([added, changed]).toEqual([
    [],
    [
      'access/escrow.keyring.age',
      'access/example-energy.keyring.age',
      'access/example-gas.keyring.age',
      'access/gateway.keyring.age',
      'access/recipients.json',
    ],
  ]);
  expect(await epochs(library)).toEqual(['images 1 ended', 'images 2', 'notes 1']);

  const after = await releaseAfter();
  // What was before stays open to the thief: its ciphertext is public
  const { plaintext } = await open(await sealedImage(library, before), thief);
  expect(Buffer.from(plaintext)).toEqual(Buffer.from(encodeImage(imageOf('before'))));
  await expect(open(await sealedImage(library, after), thief)).rejects.toMatchObject({ code: 'WRONG_EPOCH' });

  for (const draft of [before, after]) {
    expect(await energy.reads(draft)).toEqual({ image: draft.image, notes: NOTES });
    expect(await gas.reads(draft)).toEqual({ image: draft.image, notes: NO_NOTES });
  }
});

test('a submission that was sealed to the stolen secret, and waits, is refused until it is sealed again', async () => {
  const image = imageOf('before');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  await submitTo(library, library.meters, await draftOf(library.meters, image, [row]));
  await publish(library, await planRenewal(await opened(library), THEFT, ['images']));
  const { place, online } = library;
  expect(outcomes(await intake({ place, online, gateway, now: AFTER }))).toEqual([
    'refused SEAL_EPOCH IMAGE_UNREADABLE',
  ]);
});

test("a supplier's credential is stolen: it gets another, and the stolen one opens nothing that comes after", async () => {
  const { library, before, releaseAfter, energy, gas } = await drill();
  const stolen = await credentialOf(ENERGY);
  const next = await credentialOf('example-energy, after the theft');
  const published = await loadState(library.place);
  const { octets: oldRing } = await openedRing(published, ENERGY);

  const request = { party: ENERGY, uses: [], recipient: next.recipient, stolen: true };
  await publish(library, await planGrant(request, await opened(library), THEFT));
  expect(await epochs(library)).toEqual(['images 1 ended', 'images 2', 'notes 1 ended', 'notes 2']);
  const after = await releaseAfter();

  // The thief kept the old ring, or gets it: its name has a hash, and nothing that was published is deleted
  const { recipients } = await readAccessBegun(await loadState(library.place));
  const context = { library: published.library, holder: ENERGY, recipients };
  const { keys } = await openRing(oldRing, stolen, context);
  expect(keys.map(({ use, epoch }) => `${use} ${epoch}`)).toEqual(READ_KEY_USES.map((use) => `${use} 1`));
  const { plaintext } = await open(await sealedImage(library, before), keys);
  expect(Buffer.from(plaintext)).toEqual(Buffer.from(encodeImage(before.image)));
  for (const sealed of [await sealedImage(library, after), await sealedNotes(library, after)])
    await expect(open(sealed, keys)).rejects.toMatchObject({ code: 'WRONG_EPOCH' });
  const newRing = (await (await loadState(library.place)).read(`access/${ENERGY}.keyring.age`)) ?? oldRing;
  expect(newRing).not.toEqual(oldRing);
  await expect(openRing(newRing, stolen, context)).rejects.toMatchObject({ code: 'WRONG_CREDENTIAL' });

  // Whoever reads the library with it is told so, the supplier as well as the thief
  for (const draft of [before, after]) {
    await expect(energy.reads(draft, stolen)).rejects.toMatchObject({
      code: 'WRONG_CREDENTIAL',
      message: expect.stringContaining('replaced'),
    });
    expect(await energy.reads(draft, next)).toEqual({ image: draft.image, notes: NOTES });
    expect(await gas.reads(draft)).toEqual({ image: draft.image, notes: NO_NOTES });
  }
});
