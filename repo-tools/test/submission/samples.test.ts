// The two real images share one manufacturer image. Both are published, each in its library form.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CplEntry,
  decodeImage,
  hardwareVersionOf,
  imagePath,
  libraryForm,
  likelyReading,
  manufacturerCodeOf,
  manufacturerImageHash,
} from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { expect } from 'vitest';
import { itWithSharedData } from '../../../test/shared-data.ts';
import { intake } from '../../src/intake/intake.ts';
import { publishedReleases } from '../../src/intake/library.ts';
import { gateway } from '../access.ts';
import { NOW, state } from '../fixture.ts';
import { rowFor } from '../intake/scene.ts';
import { fillIn, registeredDesk } from './desk.ts';

itWithSharedData('two releases over one manufacturer image lie side by side', async (data) => {
  const files = { ESME: 'gfi-esme-signed.ota', PPMID: 'gfi-ppmid-unsigned.ota' } as const;
  const octets = { ESME: await sample(data, files.ESME), PPMID: await sample(data, files.PPMID) };
  const image = decodeImage(octets.PPMID);
  const code = manufacturerCodeOf(image.header.manufacturerCode);
  const hardwareVersion = hardwareVersionOf(image.header.minHardwareVersion ?? 0);
  const rows: Record<'ESME' | 'PPMID', CplEntry> = {
    ESME: await rowFor('CPL-000901', image, { deviceType: 'ESME', hardwareVersion }),
    PPMID: await rowFor('CPL-000902', image, { deviceType: 'PPMID', hardwareVersion }),
  };
  const desk = await registeredDesk(Object.values(rows), code);
  for (const type of ['ESME', 'PPMID'] as const) {
    const file = join(data, 'gb-samples', files[type]);
    const strip = type === 'ESME' ? ['--strip-trailer'] : [];
    expect((await desk.run(['new', file, '--to', desk.base, ...strip])).err.slice(-1)).toEqual([
      'Wrote    release.json and notes.md; what an image cannot tell is marked "…" in them',
    ]);
    const { entry, modelId: model, firmwareVersion } = rows[type];
    await fillIn(desk, { deviceType: type, claims: [{ entry, model, hardwareVersion, firmwareVersion }] });
    const sent = await desk.run(['submit', desk.base, '--to', join(desk.library.base, 'private/inbox')]);
    expect(sent.err.slice(0, 1)).toEqual(['Signed     the statement, as Example Meters']);
    const { results } = await intake({
      place: desk.library.place,
      online: desk.library.online,
      gateway,
      now: NOW,
    });
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted']);
    await folder(desk.base).remove('release.json');
  }
  const published = await state(desk.library);
  const releases = await publishedReleases(published, code);
  const hash = await manufacturerImageHash(image, 'whole');
  expect(releases.map(({ imageHash }) => imageHash)).toEqual([hash, hash]);
  const [esme] = releases;
  const stored = await published.read(imagePath(code, (esme ?? releases[0])?.release as never));
  // The published octets without the supplier's 66, and the size field set
  const expected = octets.ESME.slice(0, -66);
  new DataView(expected.buffer).setUint32(52, expected.length, true);
  expect(Buffer.from(stored ?? []).equals(expected)).toBe(true);
  const esmeImage = decodeImage(octets.ESME);
  expect(libraryForm(esmeImage, likelyReading(esmeImage)).body).toEqual(image.body);
});

async function sample(data: string, file: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(join(data, 'gb-samples', file)));
}
