// The main job, as a stranger runs it, and what foreign eyes see of its result.

import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type MemoryIo, memoryIo, runProgram } from '@cfl/client/cli';
import { sha256 } from '@cfl/client/encoding';
import { cfl } from '@cfl/client/program';
import { Updater } from 'tuf-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { itWithSharedData } from '../../test/shared-data.ts';
import { runDemo } from '../demo/run.ts';
import { serve } from '../demo/server.ts';

const NOW = new Date();
let base: string;
let first: MemoryIo;

async function demo(image?: string): Promise<MemoryIo> {
  const io = memoryIo({ now: NOW });
  const exit = await runDemo({ base, serve: false, image, port: 0 }, io);
  expect([exit, ...io.stderr].slice(0, exit === 0 ? 1 : undefined)).toEqual([0]);
  return io;
}

/** As the demo invites to: what `cfl show` prints for its supplier. */
async function show(entry: string): Promise<string> {
  const { url, server } = await serve(
    { site: base, metadata: join(base, 'metadata'), targets: join(base, 'targets') },
    0,
  );
  const home = await mkdtemp(join(tmpdir(), 'cfl-home-'));
  try {
    const io = memoryIo({ now: NOW });
    const root = await sha256(await readFile(join(base, 'metadata', '1.root.json')));
    await runProgram(cfl, ['init', url, '--root-sha256', root, '--home', home], io);
    expect(await runProgram(cfl, ['show', entry, '--home', home], io)).toBe(0);
    return io.stdout.join('\n');
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(home, { recursive: true });
  }
}

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'cfl-demo-'));
  first = await demo();
}, 180_000);

afterAll(() => rm(base, { recursive: true, force: true }));

describe('npm run demo', () => {
  test('makes three manufacturers, 36 entries, a dozen releases, one held, one refused', () => {
    expect(first.stdout.slice(0, 5)).toEqual([
      'Library in metadata/ and targets/, made now',
      '  parties   3 manufacturers, 3 suppliers, the Panel, the DCC',
      '  CPL       snapshot 2, 36 entries',
      '  readers   2 of images, 1 of notes, 1 no more; epochs: images 2, notes 2',
      '  releases  12 published, 1 held, 1 refused',
    ]);
    const decisions = first.stderr.join('\n');
    expect(decisions).toMatch(/held +DUPLICATE: /);
    expect(decisions).toMatch(/refused .*hardware 0201/);
    expect(decisions).toMatch(/CPL-\d+ already has the hash [0-9a-f]{12}: investigation 1 opened/);
  });

  test('fetches a release as a supplier would: image, notes and evidence are written', async () => {
    const [image, notes, evidence] = first.stdout.slice(5);
    expect(image).toMatch(/FFF1-0A01-01000203-[0-9a-f]{64}\.zigbee$/);
    expect(await readFile(notes ?? '', 'utf8')).toContain('Mends the clock');
    expect(evidence).toMatch(/\.evidence\.json$/);
    expect(first.stderr.filter((line) => line.startsWith('  ok  '))).toHaveLength(8);
  });

  test('has evidence for every release: certificate, stamp, endorsement, admission', async () => {
    const shown = await show('CPL-000403');
    expect(shown).toMatch(/made by +Example Meters; certificate [0-9A-F]+ of "Example Issuing CA", P-256/);
    expect(shown).toMatch(/signed +.* UTC, stamped by "Example Time Authority"/);
    expect(shown).toMatch(/endorsed +Example Energy, \d{4}-\d\d-\d\d/);
    expect(shown).toMatch(/admitted +.* UTC, rules [\d-]+/);
    expect(await show('CPL-000408')).toMatch(/certificate [0-9A-F]+ of "Example Issuing CA", RSA 2048/);
  });

  test('builds the catalogue', async () => {
    const page = await readFile(join(base, 'demo', 'site', 'index.html'), 'utf8');
    expect(page).toContain('Example Firmware Library');
    expect(page).toContain('suspended');
  });

  test('leaves no private key and no passphrase in what it serves', async () => {
    const passphrase = await readFile(join(base, 'private', 'passphrase'), 'utf8');
    const timestamp = await readFile(join(base, 'metadata', 'timestamp.json'), 'utf8');
    expect(timestamp).not.toContain(passphrase);
    for (const file of await filesBelow(
      join(base, 'targets'),
      join(base, 'metadata'),
      join(base, 'demo', 'site'),
    )) {
      const content = await readFile(file);
      expect(content.includes('PRIVATE KEY'), file).toBe(false);
      expect(content.includes(passphrase), file).toBe(false);
    }
  });

  test('uses what is there when it runs again', async () => {
    const before = await readFile(join(base, 'metadata', 'timestamp.json'));
    const again = await demo();
    expect(again.stdout[0]).toBe('Library in metadata/ and targets/, as it was made before');
    expect(await readFile(join(base, 'metadata', 'timestamp.json'))).toEqual(before);
  }, 60_000);

  test('clears nothing away that it did not make', async () => {
    const other = await mkdtemp(join(tmpdir(), 'cfl-other-'));
    await mkdir(join(other, 'private'));
    await writeFile(join(other, 'private', 'gate.pem'), "somebody's key");
    await expect(
      runDemo({ base: other, serve: false, image: undefined, port: 0 }, memoryIo()),
    ).rejects.toMatchObject({ code: 'NOT_THE_DEMO' });
    expect(await readFile(join(other, 'private', 'gate.pem'), 'utf8')).toBe("somebody's key");
    await rm(other, { recursive: true });
  });

  test("clears nothing away that was put in the demo's place, however old it is", async () => {
    const other = await mkdtemp(join(tmpdir(), 'cfl-other-'));
    await cp(base, other, { recursive: true });
    const later = new Date(NOW.getTime() + 30 * 86_400_000);
    for (const folder of ['metadata', 'targets', 'private'])
      await rm(join(other, folder), { recursive: true });
    await cp(join(base, 'metadata'), join(other, 'metadata'), { recursive: true });
    await mkdir(join(other, 'private', 'keys'), { recursive: true });
    await writeFile(join(other, 'private', 'keys', 'gate.pem'), "somebody's key");
    await expect(
      runDemo({ base: other, serve: false, image: undefined, port: 0 }, memoryIo({ now: later })),
    ).rejects.toMatchObject({ code: 'NOT_THE_DEMO' });
    expect(await readdir(join(other, 'metadata'))).toEqual(await readdir(join(base, 'metadata')));
    expect(await readdir(join(other, 'private', 'keys'))).toEqual(['gate.pem']);
    await rm(other, { recursive: true });
  });

  test('clears nothing away behind a link', async () => {
    const other = await mkdtemp(join(tmpdir(), 'cfl-other-'));
    await cp(join(base, 'private', 'demo.json'), join(other, 'private', 'demo.json'));
    await mkdir(join(other, 'real'));
    await writeFile(join(other, 'real', 'timestamp.json'), "somebody's");
    await symlink(join(other, 'real'), join(other, 'metadata'));
    await expect(
      runDemo({ base: other, serve: false, image: undefined, port: 0 }, memoryIo()),
    ).rejects.toMatchObject({ code: 'NOT_THE_DEMO' });
    expect(await readdir(join(other, 'real'))).toEqual(['timestamp.json']);
    await rm(other, { recursive: true });
  });
});

describe('an unmodified tuf-js, from the published root alone', () => {
  test('fetches every target of the demo library', async () => {
    const { url, server } = await serve(
      { site: base, metadata: join(base, 'metadata'), targets: join(base, 'targets') },
      0,
    );
    const dir = await mkdtemp(join(tmpdir(), 'cfl-tuf-js-'));
    try {
      await writeFile(join(dir, 'root.json'), await readFile(join(base, 'metadata', '1.root.json')));
      const updater = new Updater({
        metadataDir: dir,
        metadataBaseUrl: `${url}/metadata`,
        targetDir: dir,
        targetBaseUrl: `${url}/targets`,
      });
      await updater.refresh();
      const paths = await everyTarget();
      expect(paths.length).toBeGreaterThan(50);
      for (const [i, path] of paths.entries()) {
        const info = await updater.getTargetInfo(path);
        expect(info, path).toBeDefined();
        if (info === undefined) continue;
        const file = await updater.downloadTarget(info, join(dir, `target-${i}`));
        expect(await sha256(await readFile(file))).toBe(info.hashes.sha256);
      }
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(dir, { recursive: true });
    }
  }, 60_000);
});

describe('real images', () => {
  itWithSharedData(
    'both GB samples, of one manufacturer image, go from the list to the supplier side by side',
    async (data) => {
      const esme = join(data, 'gb-samples', 'gfi-esme-signed.ota');
      const ppmid = join(data, 'gb-samples', 'gfi-ppmid-unsigned.ota');
      const fetched = [await demo(esme), await demo(ppmid)].map((io) => io.stdout[5] ?? '');
      const [signed, plain] = [await readFile(esme), await readFile(ppmid)];

      // The published octets without the supplier's trailer, the size field set to what is left
      const libraryForm = Buffer.from(signed.subarray(0, signed.length - 66));
      libraryForm.writeUInt32LE(libraryForm.length, 52);
      const releases = await everyTarget();
      const images = releases.filter(
        (path) => path.startsWith('firmware/121D/') && path.endsWith('/image.ota.age'),
      );
      expect(images).toEqual(
        [await sha256(libraryForm), await sha256(plain)]
          .sort()
          .map((release) => `firmware/121D/${release}/image.ota.age`),
      );
      const hash = '7542f475e3f12eae887d81e32c46d313741d67076b13caec2f82e00ba5e1bb36';
      expect(fetched.map((file) => basename(file))).toEqual([
        `121D-0000-ACDCACDC-${hash}.zigbee`,
        `121D-0084-ACDCACDC-${hash}.zigbee`,
      ]);
      expect(await readFile(fetched[0] ?? '')).toEqual(libraryForm);
      expect(await readFile(fetched[1] ?? '')).toEqual(plain);
    },
  );
});

/** What the newest role files list, read without our client. */
async function everyTarget(): Promise<readonly string[]> {
  const read = async (file: string) =>
    JSON.parse(await readFile(join(base, 'metadata', file), 'utf8')).signed;
  const timestamp = await read('timestamp.json');
  const snapshot = await read(`${timestamp.meta['snapshot.json'].version}.snapshot.json`);
  const paths: string[] = [];
  for (const [file, { version }] of Object.entries(snapshot.meta as Record<string, { version: number }>)) {
    paths.push(...Object.keys((await read(`${version}.${file}`)).targets));
  }
  return paths.sort();
}

async function filesBelow(...folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    ),
  );
  return found.flat();
}
