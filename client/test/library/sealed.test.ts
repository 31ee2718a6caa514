// Who reads what: each kind of reader, each attack on what is sealed, and nothing in the clear anywhere else.

import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, test } from 'vitest';
import {
  type Credential,
  encodeRing,
  fingerprintOf,
  keyringPath,
  makeReadKey,
  RECIPIENTS_PATH,
  recipientsFile,
  seal,
} from '../../src/access/index.ts';
import { imagePath, notesPath, type Party, parsePartyId, type UserRole } from '../../src/firmware/index.ts';
import { consistentName, parseTargetPath } from '../../src/tuf/index.ts';
import { ENERGY, GAS_SUPPLIER, supplierOf } from './access.ts';
import { digestOf, FFF1, type MadeRelease, TestLibrary } from './fixture.ts';
import { type Outcome, Supplier } from './reader.ts';

const JUN = '2026-06-01T00:00:00Z';
const GRID = parsePartyId('sample-grid');

interface Scene {
  readonly library: TestLibrary;
  readonly honest: MadeRelease;
}

async function scene(): Promise<Scene> {
  const library = await TestLibrary.make();
  return { library, honest: await library.add() };
}

interface Read {
  readonly outcome: Outcome;
  readonly supplier: Supplier;
}

/** What `cfl fetch` says to whoever has this credential. */
async function fetched({ library, honest }: Scene, credential: Credential | undefined): Promise<Read> {
  const supplier = await Supplier.of(await library.write(), credential);
  return { outcome: await supplier.fetch(honest.release), supplier };
}

const none = { out: [], exit: 1 };

describe('a supplier', () => {
  it('with both grants gets image, notes and evidence', async () => {
    const all = await scene();
    const { outcome, supplier } = await fetched(all, all.library.access.holder(ENERGY).credential);
    expect(outcome).toMatchObject({ exit: 0 });
    expect(outcome.err).toContain('  ok  decrypted     images key, epoch 1');
    expect(await supplier.files()).toHaveLength(3);
    const [image] = outcome.out;
    expect(new Uint8Array(await readFile(image ?? ''))).toEqual(all.honest.octets);
    const read = await supplier.run('notes', all.honest.release);
    expect(read).toMatchObject({ exit: 0, out: ['# Notes', '## Before you deploy', 'Nothing to do'] });
    expect(read.err).toContain('  ok  decrypted     notes key, epoch 1');
    const { out } = await supplier.run('notes', all.honest.release, '--json');
    expect(JSON.parse(out.join())).toMatchObject({
      format: 'cfl/notes/1',
      epoch: 1,
      text: new TextDecoder().decode(all.honest.notes),
    });
  });

  it('with a grant of images alone gets image and evidence, and reads why there are no notes', async () => {
    const all = await scene();
    all.library.parties.push(supplierOf(GAS_SUPPLIER, 'Example Gas', 'GS'));
    const { credential } = await all.library.access.grant(GAS_SUPPLIER, ['images']);
    const { outcome, supplier } = await fetched(all, credential);
    expect(outcome.exit).toBe(0);
    expect(outcome.err).toContain(
      `Without notes. Cannot decrypt the notes of ${all.honest.release.slice(0, 12)}: example-gas has no grant of notes`,
    );
    expect(await supplier.files()).toEqual([
      expect.stringMatching(/\.evidence\.json$/),
      expect.stringMatching(/\.zigbee$/),
    ]);
    const json = await supplier.fetch(all.honest.release, '--json');
    expect(JSON.parse(json.out.join())).toMatchObject({
      files: { notes: null },
      notesLeftOut: expect.stringContaining('no grant of notes'),
    });
    expect(await supplier.run('notes', all.honest.release)).toMatchObject({
      ...none,
      err: expect.arrayContaining([expect.stringMatching(/^Ask the registrar for a grant of notes/)]),
    });
  });

  it.each([
    ['revoked', /the grant of images to example-energy was revoked on 2026-06-01, it reads up to epoch 1$/],
    ['lapsed', /ended on 2026-06-01 with its User Role, it reads up to epoch 1$/],
  ] as const)('that is %s keeps what it could read, and reads nothing after', async (reason, message) => {
    const library = await TestLibrary.make();
    const before = await library.add();
    await library.access.close(ENERGY, 'images', reason, JUN);
    await library.access.close(ENERGY, 'notes', reason, JUN);
    const after = await library.add({ body: 'after' });
    const supplier = await Supplier.of(await library.write());
    expect(await supplier.fetch(before.release)).toMatchObject({ exit: 0 });
    expect(await supplier.run('notes', before.release)).toMatchObject({ exit: 0 });
    const kept = await supplier.files();
    for (const command of ['fetch', 'notes']) {
      const { exit, out, err } = await supplier.run(
        command,
        after.release,
        ...(command === 'fetch' ? ['--to', supplier.to] : []),
      );
      expect({ exit, out }).toEqual(none);
      expect(err.at(-2)).toMatch(command === 'fetch' ? message : /^Cannot decrypt the notes of/);
    }
    expect(await supplier.files()).toEqual(kept);
  });

  it('whose notes were revoked still gets images', async () => {
    const library = await TestLibrary.make();
    await library.access.close(ENERGY, 'notes', 'revoked', JUN);
    const { release } = await library.add();
    const { exit, err } = await (await Supplier.of(await library.write())).fetch(release);
    expect(exit).toBe(0);
    expect(err).toContainEqual(expect.stringMatching(/^Without notes\. .* was revoked on 2026-06-01/));
  });

  it('whose role has ended is warned until the next renewal ends its grant', async () => {
    const all = await scene();
    all.library.parties = all.library.parties.map((party) =>
      party.id === ENERGY
        ? { ...party, userRoles: party.userRoles.map((role) => ({ ...role, until: JUN })) }
        : party,
    );
    const { outcome, supplier } = await fetched(all, all.library.access.holder(ENERGY).credential);
    expect(outcome.exit).toBe(4);
    expect(outcome.err).toContainEqual(
      expect.stringMatching(/^ {2}warn {2}access +no User Role IS or GS of example-energy is current/),
    );
    expect((await supplier.run('notes', all.honest.release)).exit).toBe(4);
  });

  it('that replaced its credential reads with the new one, and is told of the old one', async () => {
    const all = await scene();
    const holder = all.library.access.holder(ENERGY);
    const old = holder.credential;
    holder.replaced.push({ fingerprint: await fingerprintOf(old.recipient), until: JUN });
    holder.credential = await makeReadKey();
    const { outcome, supplier } = await fetched(all, old);
    expect(outcome).toMatchObject(none);
    expect(outcome.err.at(-2)).toMatch(
      /^Cannot use the credential .{19}: example-energy replaced it on 2026-06-01$/,
    );
    await supplier.use(holder.credential);
    expect(await supplier.fetch(all.honest.release)).toMatchObject({ exit: 0 });
  });
});

describe('whoever is no supplier', () => {
  const others: readonly [string, readonly Party['kinds'][number][], UserRole | undefined][] = [
    ['a network operator', ['supplier'], 'ED'],
    ['a manufacturer', ['manufacturer'], undefined],
    ['an auditor', ['operator'], undefined],
  ];
  it.each(others)('%s lists and shows, and reads neither images nor notes', async (_name, kinds, role) => {
    const all = await scene();
    all.library.parties.push({
      ...supplierOf(GRID, 'Sample Grid', role ?? 'OU'),
      kinds,
      ...(role === undefined ? { userRoles: [] } : {}),
    });
    const { outcome, supplier } = await fetched(all, await makeReadKey());
    expect(outcome).toMatchObject(none);
    expect(outcome.err.at(-2)).toMatch(
      /^Cannot use the credential .{19}: the registrar has granted nothing to it$/,
    );
    expect(await supplier.run('notes', all.honest.release)).toMatchObject(none);
    expect(await supplier.run('list')).toMatchObject({ exit: 0 });
    expect(await supplier.run('show', all.honest.release)).toMatchObject({ exit: 0 });
    expect(await supplier.files()).toEqual([]);
  });

  it('and has no credential is told how to get one', async () => {
    const all = await scene();
    const supplier = await Supplier.make();
    const { folder, rootFile } = await all.library.write();
    await supplier.run('init', folder, '--root', rootFile);
    const { exit, err } = await supplier.fetch(all.honest.release);
    expect(exit).toBe(1);
    expect(err.slice(-2)).toEqual([
      `Cannot read the credential "${join(supplier.home, 'credential.age')}": it does not exist`,
      'Make one and hand its public part to the registrar: cfl keygen. One that is elsewhere: --credential FILE',
    ]);
  });
});

type Attack = readonly [code: string, change: (scene: Scene) => void | Promise<void>];

const image = ({ honest }: Scene) => imagePath(FFF1, honest.release);
const notes = ({ honest }: Scene) => notesPath(FFF1, honest.release, 1);
const ring = keyringPath(ENERGY);

/** Seals it to whoever the registrar did not name. */
async function toOthers(scene: Scene, more: readonly Credential[]): Promise<void> {
  const { recipients } = scene.library.access;
  const [current] = recipients.keys.filter((key) => key.use === 'images' && key.until === undefined);
  if (current === undefined) throw new TypeError('there is an open epoch');
  const all = [current.recipient, ...more.map(({ recipient }) => recipient)];
  scene.library.put(image(scene), await seal(scene.honest.octets, all));
}

const attacks: Readonly<Record<string, Attack>> = {
  'an image with a second stanza smuggled in': [
    'SEALED_TWICE',
    async (scene) => toOthers(scene, [await makeReadKey()]),
  ],
  'an image with a classical stanza beside the right one': [
    'SEALED_TWICE',
    async (scene) => toOthers(scene, [await makeReadKey('classical')]),
  ],
  'an image in the clear under the sealed name': [
    'NOT_SEALED',
    (scene) => scene.library.put(image(scene), scene.honest.octets),
  ],
  'a truncated image': [
    'DAMAGED_CIPHERTEXT',
    (scene) => scene.library.put(image(scene), scene.honest.sealed.image.subarray(0, -20)),
  ],
  'an image cut off behind its header': [
    'DAMAGED_CIPHERTEXT',
    (scene) => scene.library.put(image(scene), scene.honest.sealed.image.subarray(0, 1627)),
  ],
  'the ciphertext of another release under this name': [
    'WRONG_IMAGE',
    async (scene) =>
      scene.library.put(image(scene), (await scene.library.make({ body: 'another' })).sealed.image),
  ],
  'the notes of another release under this name': [
    'WRONG_NOTES',
    async (scene) => {
      const other = await scene.library.make({ body: 'another', notes: '# Nothing\n' });
      scene.library.put(notes(scene), other.sealed.notes);
    },
  ],
  'notes sealed to the images key': [
    'WRONG_EPOCH',
    async (scene) => scene.library.putSealed(notes(scene), 'images', scene.honest.notes),
  ],
  'an image sealed to an epoch that nobody published': [
    'WRONG_EPOCH',
    async (scene) =>
      scene.library.put(image(scene), await seal(scene.honest.octets, [(await makeReadKey()).recipient])),
  ],
  "another party's ring, sealed to it": [
    'WRONG_CREDENTIAL',
    async ({ library }) => {
      const { recipient } = await makeReadKey();
      library.access.instead.set(ring, await seal(new Uint8Array(10), [recipient]));
    },
  ],
  "another party's ring, sealed to this one": [
    'WRONG_RING',
    ({ library }) => {
      library.access.changes = (one) => ({ ...one, holder: GAS_SUPPLIER });
    },
  ],
  "another library's ring": [
    'WRONG_RING',
    ({ library }) => {
      library.access.changes = (one) => ({ ...one, library: 'ab'.repeat(32) as never });
    },
  ],
  'a ring with a second reader': [
    'SEALED_TWICE',
    async ({ library }) => {
      const { credential } = library.access.holder(ENERGY);
      const plaintext = encodeRing(library.access.ringOf(ENERGY, 'ab'.repeat(32) as never));
      library.access.instead.set(
        ring,
        await seal(plaintext, [credential.recipient, (await makeReadKey()).recipient]),
      );
    },
  ],
  'a recipient that does not match its secret': [
    'WRONG_RECIPIENT',
    async ({ library }) => {
      const { recipient } = await makeReadKey();
      const { format, keys } = library.access.recipients;
      const changed = keys.map((key) => (key.use === 'images' ? { ...key, recipient } : key));
      library.access.instead.set(RECIPIENTS_PATH, recipientsFile.encode({ format, keys: changed }));
    },
  ],
};

test.each(Object.entries(attacks))('refuses %s, and writes nothing', async (_name, [code, change]) => {
  const all = await scene();
  const written = await all.library.write();
  const supplier = await Supplier.of(written);
  expect(await supplier.run('fetch', all.honest.release, '--to', join(supplier.to, 'honest'))).toMatchObject({
    exit: 0,
  });
  await change(all);
  await all.library.write(written.folder);
  const { exit, out } = await supplier.run(
    'fetch',
    all.honest.release,
    '--to',
    join(supplier.to, 'lie'),
    '--json',
  );
  expect(exit).toBe(1);
  expect(JSON.parse(out.join())).toMatchObject({ format: 'cfl/error/1', code });
  expect(await supplier.files()).toEqual(['honest']);
});

describe('an older ring replayed', () => {
  /** A supplier that has seen version 2, in which the grant of images is revoked. */
  async function revoked() {
    const all = await scene();
    const written = await all.library.write();
    const timestamp = join(written.folder, 'metadata', 'timestamp.json');
    const [oldTimestamp, oldRing] = [await readFile(timestamp), ringOf(all.library)];
    await all.library.access.close(ENERGY, 'images', 'revoked', JUN);
    await all.library.write(written.folder);
    const supplier = await Supplier.of(written);
    expect(await supplier.fetch(all.honest.release)).toMatchObject({ exit: 0 });
    return { ...all, written, supplier, timestamp, oldTimestamp, oldRing };
  }

  function ringOf({ listed }: TestLibrary): Uint8Array {
    return listed.get('registrar')?.get(ring) ?? expect.fail('there is a ring');
  }

  const code = ({ out }: Outcome): unknown => JSON.parse(out.join()).code;

  it('with the metadata of its time is a rollback', async () => {
    const { honest, supplier, timestamp, oldTimestamp } = await revoked();
    await writeFile(timestamp, oldTimestamp);
    expect(code(await supplier.fetch(honest.release, '--json'))).toBe('ROLLBACK');
  });

  it('under its present name is not what the registrar signed', async () => {
    const { honest, library, written, supplier, oldRing } = await revoked();
    const name = consistentName(parseTargetPath(ring), digestOf(ringOf(library)));
    await writeFile(join(written.folder, 'targets', name), oldRing);
    expect(['WRONG_HASH', 'WRONG_LENGTH']).toContain(code(await supplier.fetch(honest.release, '--json')));
  });
});

describe('nothing lies in the clear', () => {
  const before = process.env['TMPDIR'];
  afterEach(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });

  async function filesBelow(base: string): Promise<readonly string[]> {
    const found = await readdir(base, { recursive: true, withFileTypes: true });
    return found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  }

  async function holding(base: string, octets: Uint8Array): Promise<readonly string[]> {
    const files = await filesBelow(base);
    const held = await Promise.all(
      files.map(async (file) => (await readFile(file)).includes(Buffer.from(octets))),
    );
    return files.filter((_file, i) => held[i]);
  }

  it('outside the destination', async () => {
    const all = await scene();
    const written = await all.library.write();
    const supplier = await Supplier.of(written);
    const temporary = await mkdtemp(join(tmpdir(), 'cfl-clear-'));
    process.env['TMPDIR'] = temporary;
    expect(await supplier.fetch(all.honest.release)).toMatchObject({ exit: 0 });
    expect(await supplier.run('notes', all.honest.release)).toMatchObject({ exit: 0 });
    expect(await readdir(temporary)).toEqual([]);
    for (const part of [all.honest.octets.subarray(60, 90), all.honest.notes]) {
      expect(await holding(supplier.to, part)).toHaveLength(1);
      expect(await holding(supplier.home, part)).toEqual([]);
      expect(await holding(written.folder, part)).toEqual([]);
    }
  });
});
