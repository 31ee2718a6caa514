// A library in the classical form opens with the `age` program of the distribution, octet for octet: what is
// sealed here is the age format, and no form of our own. The post-quantum form is newer than that program.

import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import {
  type Credential,
  checkSealed,
  ESCROW,
  encodeCredential,
  GRANTS_PATH,
  keyringPath,
  open,
  openCredential,
  parseRing,
  RECIPIENTS_PATH,
} from '../../src/access/index.ts';
import { parseSha256 } from '../../src/encoding/index.ts';
import { imagePath, notesPath } from '../../src/firmware/index.ts';
import {
  folder,
  folderRepository,
  Library,
  memoryCache,
  openAccess,
  readRelease,
} from '../../src/library/index.ts';
import { ENERGY } from '../library/access.ts';
import { FFF1, type MadeRelease, NOW, TestLibrary, type Written } from '../library/fixture.ts';
import { Supplier } from '../library/reader.ts';

function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const skips = !has('age') && process.env['CFL_REQUIRE_ALL'] !== '1';

let library: TestLibrary;
let written: Written;
let releases: MadeRelease[];

beforeAll(async () => {
  library = await TestLibrary.make('classical');
  releases = [
    await library.add(),
    await library.add({ body: 'large '.repeat(30_000), fileVersion: 0x01000204 }),
  ];
  written = await library.write();
});

/** A published file, by the name under which it lies. */
function published(path: string): Uint8Array {
  for (const files of library.listed.values()) {
    const octets = files.get(path);
    if (octets !== undefined) return octets;
  }
  throw new TypeError(`there is no ${path}`);
}

async function opened(octets: Uint8Array, secret: string): Promise<Uint8Array> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-age-'));
  await writeFile(join(base, 'identity'), `${secret}\n`, { mode: 0o600 });
  await writeFile(join(base, 'sealed.age'), octets);
  const args = ['--decrypt', '--identity', join(base, 'identity'), join(base, 'sealed.age')];
  return new Uint8Array(execFileSync('age', args, { maxBuffer: 20_000_000 }));
}

describe.skipIf(skips)('the age program', () => {
  const secretOf = (use: string) => library.access.secrets.find((key) => key.use === use)?.secret ?? '';

  it('opens every image and all notes', async () => {
    for (const { release, octets, notes } of releases) {
      expect(await opened(published(imagePath(FFF1, release)), secretOf('images'))).toEqual(octets);
      expect(await opened(published(notesPath(FFF1, release, 1)), secretOf('notes'))).toEqual(notes);
    }
  });

  it("opens every ring, a custodian's too", async () => {
    const { credential } = library.access.holder(ENERGY);
    const ring = parseRing(await opened(published(keyringPath(ENERGY)), credential.secret));
    expect(ring).toEqual(library.access.ringOf(ENERGY, parseSha256(written.rootSha256)));
    const escrow = parseRing(await opened(published(keyringPath(ESCROW)), library.access.custodian.secret));
    expect(escrow.keys).toEqual(library.access.secrets);
  });

  it('seals what is opened here', async () => {
    const { credential } = library.access.holder(ENERGY);
    const sealed = execFileSync('age', ['--recipient', credential.recipient], { input: 'an image' });
    const { plaintext } = await open(new Uint8Array(sealed), [credential], { suite: 'classical' });
    expect(new TextDecoder().decode(plaintext)).toBe('an image');
  });
});

test('is read from its pinned root by the code that reads the other form', async () => {
  const { credential } = written;
  const [first] = releases;
  if (first === undefined) throw new TypeError('two were made');
  const root = (await folder(written.folder).read('metadata/1.root.json')) ?? new Uint8Array();
  const repository = folderRepository(
    folder(join(written.folder, 'metadata')),
    folder(join(written.folder, 'targets')),
  );
  const reading = new Library({ root, repository, cache: memoryCache(), now: NOW });
  const { octets, notes } = await readRelease(
    reading,
    { ...first.row, code: FFF1 },
    { withdrawn: 'refuse', access: () => openAccess(reading, credential, 'classical') },
  );
  expect([octets, notes]).toEqual([first.octets, first.notes]);
});

test('is refused by the programs, which take the post-quantum form alone', async () => {
  const { credential } = written;
  const [first] = releases;
  const { exit, err } = await (await Supplier.of(written)).fetch(first?.release ?? '');
  expect(exit).toBe(1);
  expect(err.at(-2)).toMatch(/^Cannot read a secret key: it is not in the form AGE-SECRET-KEY-PQ-1…$/);
  expect(() => checkSealed(published(RECIPIENTS_PATH))).toThrow(/as a sealed file/);
  expect(() => checkSealed(published(keyringPath(ENERGY)))).toThrow(
    /sealed by "X25519", expected mlkem768x25519/,
  );
  const clear: Credential = await openCredential(
    await encodeCredential(credential, { passphrase: undefined }),
    async () => undefined,
    { suite: 'classical' },
  );
  expect(clear).toEqual(credential);
  expect(published(GRANTS_PATH).length).toBeLessThan(400);
});
