// A supplier makes its credential: two files, written once, the secret for its owner alone.

import { chmod, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  encodeCredential,
  fingerprintOf,
  makeReadKey,
  openCredential,
  parsePublicCredential,
  spokenFingerprint,
} from '../../src/access/index.ts';
import { cfl } from '../../src/cli/cfl.ts';
import { memoryIo, runProgram } from '../../src/cli/index.ts';
import { TestLibrary } from '../library/fixture.ts';
import { Supplier } from '../library/reader.ts';

const place = () => mkdtemp(join(tmpdir(), 'cfl-keygen-'));
const octets = async (path: string) => new Uint8Array(await readFile(path));

/** With what is typed, in order, and what was asked. */
async function run(
  home: string,
  argv: readonly string[],
  typed: string[] = [],
  env: Record<string, string> = {},
) {
  const asked: string[] = [];
  const passphrase = async (prompt: string, again?: string) => {
    asked.push(...[prompt, again].filter((one) => one !== undefined));
    return typed.shift() ?? expect.fail(`asked "${prompt}"`);
  };
  const io = memoryIo({ env: { CFL_HOME: home, ...env }, now: new Date('2026-11-20T09:00:00Z'), passphrase });
  const exit = await runProgram(cfl, argv, io);
  return { exit, out: io.stdout, err: io.stderr, asked };
}

describe('cfl keygen', () => {
  it('writes both parts, the secret for its owner alone, and says what to do', async () => {
    const home = join(await place(), 'home');
    const { exit, out, err } = await run(home, ['keygen', '--no-passphrase']);
    const recipient = parsePublicCredential(await octets(join(home, 'credential.pub')));
    const spoken = spokenFingerprint(await fingerprintOf(recipient));
    expect({ exit, out, err }).toEqual({
      exit: 0,
      out: [
        `credential   ${join(home, 'credential.age')}`,
        `public part  ${join(home, 'credential.pub')}`,
        `fingerprint  ${spoken}`,
      ],
      err: [
        'Hand the public part to the registrar, and read the fingerprint out by another way',
        'Keep a copy of the credential, and its passphrase apart: nobody can make it again',
      ],
    });
    expect((await stat(join(home, 'credential.age'))).mode & 0o777).toBe(0o600);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    const { secret } = await openCredential(
      await octets(join(home, 'credential.age')),
      async () => undefined,
    );
    const open = await readFile(join(home, 'credential.pub'), 'utf8');
    expect(open).toBe(`# read credential, fingerprint ${spoken}\n${recipient}\n`);
    expect([...out, ...err, open].join()).not.toContain(secret);
  });

  it('seals the secret with the passphrase that was typed twice', async () => {
    const home = await place();
    const { exit, asked } = await run(home, ['keygen', '--json'], ['four short plain words']);
    expect({ exit, asked }).toEqual({
      exit: 0,
      asked: ['New passphrase of the credential: ', 'Once more: '],
    });
    const sealed = await octets(join(home, 'credential.age'));
    expect(new TextDecoder().decode(sealed)).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    const { recipient } = await openCredential(sealed, async () => 'four short plain words');
    expect(recipient).toBe(parsePublicCredential(await octets(join(home, 'credential.pub'))));
  }, 30_000);

  it('overwrites neither part, and asks for no passphrase first', async () => {
    const home = await place();
    await run(home, ['keygen', '--no-passphrase']);
    const [secret, open] = [
      await octets(join(home, 'credential.age')),
      await octets(join(home, 'credential.pub')),
    ];
    for (const more of [['--no-passphrase'], []]) {
      const { exit, out, err, asked } = await run(home, ['keygen', ...more]);
      expect({ exit, out, asked }).toEqual({ exit: 1, out: [], asked: [] });
      expect(err).toEqual([
        `Cannot write the credential "${join(home, 'credential.age')}": it exists already, and a credential is never overwritten`,
        'Write to another file: cfl keygen --to FILE',
      ]);
    }
    expect(await octets(join(home, 'credential.age'))).toEqual(secret);
    expect(await octets(join(home, 'credential.pub'))).toEqual(open);
  });

  it('replaces a lost one in another file', async () => {
    const home = await place();
    await run(home, ['keygen', '--no-passphrase']);
    const to = join(home, 'new.age');
    const { exit, out } = await run(home, ['keygen', '--no-passphrase', '--to', to, '--json']);
    expect(exit).toBe(0);
    const recipient = parsePublicCredential(await octets(join(home, 'new.pub')));
    expect(JSON.parse(out.join())).toEqual({
      format: 'cfl/keygen/1',
      credential: to,
      public: join(home, 'new.pub'),
      fingerprint: await fingerprintOf(recipient),
      spoken: spokenFingerprint(await fingerprintOf(recipient)),
    });
    expect((await readdir(home)).sort()).toEqual(['credential.age', 'credential.pub', 'new.age', 'new.pub']);
  });

  it('leaves no secret where its folder cannot be written', async () => {
    const home = await place();
    await chmod(home, 0o500);
    const { exit } = await run(home, ['keygen', '--no-passphrase']);
    await chmod(home, 0o700);
    if (process.getuid?.() !== 0) expect(exit).toBe(1);
    if (exit === 1) expect(await readdir(home)).toEqual([]);
  });
});

describe('a credential that is sealed', () => {
  it('is opened by its passphrase, asked for after everything public was verified', async () => {
    const library = await TestLibrary.make();
    const { release } = await library.add();
    const written = await library.write();
    const supplier = await Supplier.of(written);
    const path = join(supplier.home, 'credential.age');
    const sealed = await encodeCredential(written.credential, { passphrase: 'right', work: 10 });
    await writeFile(path, sealed);
    const fetch = ['fetch', release, '--to', supplier.to];
    const right = await run(supplier.home, fetch, ['right']);
    expect(right).toMatchObject({ exit: 0, asked: [`Passphrase of ${path}: `] });
    const wrong = await run(supplier.home, fetch, ['wrong']);
    expect(wrong).toMatchObject({ exit: 1, out: [] });
    expect(wrong.err).toContain('  ok  statement     Example Meters, 2026-11-18');
    expect(wrong.err.at(-2)).toBe(
      `Cannot open the credential "${path}": the passphrase is wrong, or the file is damaged`,
    );
    expect(await run(supplier.home, ['fetch', '0123456789ab'])).toMatchObject({ exit: 1, asked: [] });
  });

  it('is found by --credential, by CFL_CREDENTIAL, and else beside the pinned library', async () => {
    const library = await TestLibrary.make();
    const { release } = await library.add();
    const written = await library.write();
    const supplier = await Supplier.of(written, await makeReadKey());
    const good = join(supplier.home, 'good.age');
    await writeFile(good, await encodeCredential(written.credential, { passphrase: undefined }));
    const notes = ['notes', release];
    expect(await run(supplier.home, notes)).toMatchObject({ exit: 1 });
    expect(await run(supplier.home, notes, [], { CFL_CREDENTIAL: good })).toMatchObject({ exit: 0 });
    expect(await run(supplier.home, [...notes, '--credential', good])).toMatchObject({ exit: 0 });
    const missing = await run(supplier.home, [...notes, '--credential', 'no.age'], [], {
      CFL_CREDENTIAL: good,
    });
    expect(missing.err.at(-2)).toBe('Cannot read the credential "no.age": it does not exist');
  });
});

describe('a damaged credential', () => {
  it.each([
    ['an empty file', ''],
    ['a public part', '# read credential\nage1pq1\n'],
    ['two secrets', 'A\nB\n'],
    ['armour that was cut short', '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n'],
  ])('is refused: %s', async (_name, text) => {
    const opened = openCredential(new TextEncoder().encode(text), async () => 'any');
    await expect(opened).rejects.toMatchObject({ code: 'NOT_A_CREDENTIAL' });
  });

  it('is refused as a public part with a second recipient', async () => {
    const { recipient } = await makeReadKey();
    const text = new TextEncoder().encode(`${recipient}\n${recipient}\n`);
    expect(() => parsePublicCredential(text)).toThrow(expect.objectContaining({ code: 'NOT_A_RECIPIENT' }));
  });
});
