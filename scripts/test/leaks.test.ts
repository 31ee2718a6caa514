// After the demo, does anything that must stay secret stand where others see it? It runs as a process of its own,
// watched, and everything that it wrote and said is searched: some 40 seconds.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { seesProcesses, type Watch, watch } from './leaks/processes.ts';
import { type Kind, type Search, type Secret, searchFor, spellings } from './leaks/search.ts';
import { isKeyFile, mayHold, secretsOf, text } from './leaks/secrets.ts';
import { filesBelow } from './leaks/tree.ts';

const KINDS: readonly Kind[] = ['image', 'notes', 'key', 'passphrase'];

interface Run {
  readonly exit: number | null;
  readonly said: string;
  readonly watched: Watch | undefined;
}

/** With its temporary files in a folder that is searched as well. */
async function runWatched(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Run> {
  const child = spawn(process.execPath, argv, { env: { ...process.env, ...env } });
  const watched = seesProcesses && child.pid !== undefined ? watch(child.pid) : undefined;
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (octets: Buffer) => said.push(octets));
  const exit = await new Promise<number | null>((done) => child.on('close', done));
  await watched?.stop();
  return { exit, said: Buffer.concat(said).toString(), watched };
}

let base: string;
let demo: Run;
let secrets: readonly Secret[];
let search: Search;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'cfl-leaks-'));
  await mkdir(join(base, 'temporary'));
  demo = await runWatched([resolve(import.meta.dirname, 'leaks/child.ts'), base], {
    TMPDIR: join(base, 'temporary'),
  });
  expect([demo.exit, demo.said].slice(0, demo.exit === 0 ? 1 : 2)).toEqual([0]);
  secrets = await secretsOf(base);
  search = searchFor(secrets);
});

afterAll(() => rm(base, { recursive: true, force: true }));

/** `targets/…: the middle of …`, for what stands in files where it may not. */
async function leaksBelow(root: string, ...folders: readonly string[]): Promise<readonly string[]> {
  const leaks: string[] = [];
  for (const file of await filesBelow(...folders.map((folder) => join(root, folder)))) {
    const name = relative(root, file);
    for (const secret of search(await readFile(file)))
      if (!mayHold(name, secret.kind)) leaks.push(`${name}: ${secret.name}`);
  }
  return leaks;
}

function leaksIn({ said, watched }: Run): readonly string[] {
  const seen = [['what it says', said], ...(watched?.seen ?? [])] as const;
  return seen.flatMap(([where, content]) =>
    search(Buffer.from(content, 'latin1')).map(({ name }) => `${where.slice(0, 40)}: ${name}`),
  );
}

describe('after the demo', () => {
  it('there are secrets of every kind, and each is found where it may lie', async () => {
    const found = new Set<Secret>();
    for (const file of await filesBelow(join(base, 'private'), join(base, 'demo'))) {
      for (const secret of search(await readFile(file)))
        if (mayHold(relative(base, file), secret.kind)) found.add(secret);
    }
    for (const kind of KINDS) {
      const all = secrets.filter((secret) => secret.kind === kind);
      expect(all.length, kind).toBeGreaterThan(kind === 'passphrase' ? 0 : 10);
    }
    // Not an encrypted key's number, nor the marks of what nobody wrote
    const lines = secrets.filter(({ name }) => /^(?:a line|the middle|the salt) of|passphrase/.test(name));
    expect(lines.filter((secret) => !found.has(secret)).map(({ name }) => name)).toEqual([]);
  });

  it('nothing that is published holds a plaintext image or note, a private key or the passphrase', async () => {
    expect(await leaksBelow(base, 'metadata', 'targets', 'demo/site')).toEqual([]);
  });

  it('nothing else holds one but the files that are made for it', async () => {
    expect(await leaksBelow(base, 'private', 'demo', 'temporary')).toEqual([]);
  });

  it('nothing that it says holds one, nor a command line or an environment of its processes', ({ skip }) => {
    expect(demo.said).toContain('Library in metadata/ and targets/, made now');
    if (!seesProcesses && process.env['CFL_REQUIRE_ALL'] !== '1') skip('this system has no /proc');
    expect(demo.watched?.processes.size).toBeGreaterThan(0);
    expect(leaksIn(demo)).toEqual([]);
  });
});

describe('the search finds what is planted', () => {
  const oneOf = (kind: Kind) => {
    const [secret] = secrets.filter((one) => one.kind === kind).toReversed();
    if (secret === undefined) throw new Error(`no secret of the kind ${kind}`);
    return secret;
  };

  it.each(KINDS)('in a published file, in every spelling: %s', async (kind) => {
    const root = await mkdtemp(join(tmpdir(), 'cfl-planted-'));
    onTestFinished(() => rm(root, { recursive: true }));
    await mkdir(join(root, 'targets/firmware'), { recursive: true });
    const secret = oneOf(kind);
    for (const [i, form] of spellings(secret.octets).entries()) {
      const around = [randomBytes(1_000), form, randomBytes(1_000)];
      await writeFile(join(root, 'targets/firmware', `${i}.age`), Buffer.concat(around));
    }
    const found = await leaksBelow(root, 'targets');
    expect(found).toHaveLength(spellings(secret.octets).length);
    expect(found).toContain(`targets/firmware/0.age: ${secret.name}`);
  });

  it.each(KINDS)('in a record of private/, though not where it may lie: %s', async (kind) => {
    const root = await mkdtemp(join(tmpdir(), 'cfl-planted-'));
    onTestFinished(() => rm(root, { recursive: true }));
    const secret = oneOf(kind);
    await mkdir(join(root, 'private/audit'), { recursive: true });
    await writeFile(join(root, 'private/audit/1.json'), secret.octets);
    expect(await leaksBelow(root, 'private')).toContain(`private/audit/1.json: ${secret.name}`);
  });

  it('whoever encoded it with something else around it', () => {
    const secret = oneOf('passphrase');
    for (let before = 0; before < 6; before++) {
      const whole = Buffer.concat([randomBytes(before), secret.octets, randomBytes(7)]);
      for (const form of ['hex', 'base64', 'base64url'] as const)
        expect(search(Buffer.from(whole.toString(form)))).toContain(secret);
    }
  });

  it('in what a process says, its command line, its environment, and those of its children', async ({
    skip,
  }) => {
    if (!seesProcesses && process.env['CFL_REQUIRE_ALL'] !== '1') skip('this system has no /proc');
    const [line, passphrase] = [secrets.findLast(({ kind }) => kind === 'notes'), oneOf('passphrase')];
    const told = Buffer.from(line?.octets ?? []).toString();
    const script = [
      'const [told] = process.argv.slice(1);',
      'console.log(told);',
      'const wait = "setTimeout(() => undefined, 400)";',
      'require("node:child_process").spawnSync(process.execPath, ["-e", wait, "AGE-SECRET-KEY-PQ-1EXAMPLE"]);',
    ].join('\n');
    const secret = Buffer.from(passphrase.octets).toString();
    const found = leaksIn(await runWatched(['-e', script, told], { CFL_PLANTED: secret }));
    expect(found).toContain(`what it says: ${line?.name}`);
    for (const [where, name] of [
      ['cmdline', line?.name],
      ['cmdline', 'an age secret key'],
      ['environ', passphrase.name],
    ])
      expect(
        found.some((one) => one.startsWith(`${where} of`) && one.endsWith(`: ${name}`)),
        name,
      ).toBe(true);
    const honest = await runWatched(['-e', 'console.log("nothing"); setTimeout(() => undefined, 200)'], {});
    expect(leaksIn(honest)).toEqual([]);
  });

  it('and takes no file of keys for one that has a name like it', () => {
    expect(isKeyFile('private/keys/gate.pem')).toBe(true);
    for (const name of ['targets/keys/gate.pem', 'private/audit/gate.pem.json', 'metadata/1.root.json'])
      expect(isKeyFile(name)).toBe(false);
    expect(search(text('key', '', 'nothing at all').octets)).toEqual([]);
  });
});
