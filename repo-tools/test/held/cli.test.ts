// The command lines of this part, as they are typed: held, audit, replay, withdraw, and several releases at once.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MemoryIo, memoryIo, runProgram } from '@cfl/client/cli';
import { sha256 } from '@cfl/client/encoding';
import { parsePartyId } from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { expect, onTestFinished, test } from 'vitest';
import { program } from '../../src/cli/repo.ts';
import { intake } from '../../src/intake/intake.ts';
import { readDrafts } from '../../src/submission/draft.ts';
import type { KeyRing } from '../../src/submission/keys.ts';
import { readSettings } from '../../src/submission/settings.ts';
import { submitBatchUnchecked } from '../../src/submission/submit.ts';
import { gateway } from '../access.ts';
import { NOW, state } from '../fixture.ts';
import { imageOf, rowFor } from '../intake/scene.ts';
import { type Desk, fillIn, octetsOf, PASSPHRASE, type Run, registeredDesk } from '../submission/desk.ts';

const images = {
  one: imageOf('one'),
  twin: imageOf('twin'),
  other: imageOf('other', { firmware: 0x01000300 }),
};

async function desk(): Promise<Desk> {
  return registeredDesk([
    await rowFor('CPL-000412', images.one),
    await rowFor('CPL-000413', images.twin),
    await rowFor('CPL-000414', images.other),
  ]);
}

/** `cfl-repo` at the library of this desk. */
async function repo({ library }: Desk, ...line: readonly string[]): Promise<Run> {
  const io: MemoryIo = memoryIo({ now: NOW });
  const exit = await runProgram(program, line, io);
  const short = (text: string) => text.replaceAll(library.base, 'LIBRARY');
  return { exit, out: io.stdout.map(short), err: io.stderr.map(short) };
}

const at = ({ library }: Desk) => ['--at', library.base];

/** A folder with a form that is filled in. */
async function formFor(at: Desk, name: keyof typeof images): Promise<string> {
  const base = join(at.base, name);
  const file = await at.write(`${name}.ota`, octetsOf(images[name]));
  expect((await at.run(['new', file, '--to', base])).exit).toBe(0);
  await fillIn({ ...at, base, write: (path, text) => at.write(join(name, path), text) }, {});
  return base;
}

async function send(desk: Desk, ...names: readonly (keyof typeof images)[]): Promise<string> {
  const inbox = join(desk.library.base, 'private/inbox');
  const bases = [];
  for (const name of names) bases.push(await formFor(desk, name));
  const sent = await desk.run(['submit', ...bases, '--to', inbox]);
  expect(sent.err.slice(-1)).not.toEqual([]);
  return /([\w-]+)\/ {2}/.exec(sent.out[0] ?? '')?.[1] ?? sent.err.join('\n');
}

function decide({ library }: Desk) {
  return intake({ place: library.place, online: library.online, gateway, now: NOW });
}

test('several releases go in one submission, are checked one by one and decided as one', async () => {
  const engineer = await desk();
  const bases = [await formFor(engineer, 'one'), await formFor(engineer, 'other')];
  const checked = await engineer.run(['check', ...bases]);
  expect(checked).toMatchObject({ exit: 0, err: [] });
  expect(checked.out.filter((line) => line.startsWith('Release '))).toHaveLength(2);
  expect(checked.out.at(-1)).toBe('2 releases, decided as one: accepted');
  const inbox = join(engineer.library.base, 'private/inbox');
  const sent = await engineer.run(['submit', ...bases, '--to', inbox]);
  expect(sent.exit).toBe(0);
  expect(sent.err[0]).toBe('Signed     2 statements, as Example Meters');
  expect(sent.err.at(-1)).toBe('Signed     role m-fff1 version 2, upon version 1');
  expect(sent.out[0]).toMatch(/^LIBRARY\/private\/inbox\/fff1-[0-9a-f]{12}-1-and-1\/ {2}8 files/);
  const { results } = await decide(engineer);
  expect(results.map(({ outcome }) => outcome)).toEqual(['accepted']);

  const replayed = await repo(engineer, 'replay', engineer.library.base);
  expect(replayed).toMatchObject({ exit: 0, err: [] });
  expect(replayed.out).toEqual([
    expect.stringMatching(/^2 admissions decided again, rules \S+, CPL snapshot 1: 2 of 2 the same$/),
  ]);
});

test('one release named twice is refused', async () => {
  const engineer = await desk();
  const base = await formFor(engineer, 'one');
  expect((await engineer.run(['check', base, base])).err).toEqual([
    expect.stringMatching(/^Cannot take "DESK\/one": another folder brings the same release, [0-9a-f]{12}$/),
    'Name each release once; say more about one in its next statement, later',
  ]);
});

test('a hold that a person may lift is shown with what to do, released, and said in the log', async () => {
  const engineer = await desk();
  await send(engineer, 'one');
  await decide(engineer);
  const base = await formFor(engineer, 'twin');
  const checked = await engineer.run(['check', base]);
  expect(checked.exit).toBe(4);
  expect(checked.out[0]).toMatch(/^hold {4}SAME_IDENTITY/);
  // The dry run of submit stops it; it may have been made before the other was published
  const { library } = engineer;
  const drafts = await readDrafts([base], parsePartyId('example-meters'), NOW);
  const { name } = await submitBatchUnchecked(drafts, folder(join(library.base, 'private/inbox')), {
    published: await state(library),
    ring: await ringOf(engineer),
    now: NOW,
  });
  await decide(engineer);
  const shown = await repo(engineer, 'held', 'show', name, ...at(engineer));
  expect(shown.err).toEqual([
    `Let SAME_IDENTITY pass: cfl-repo held release ${name} --reason "…"`,
    `Refuse it for good: cfl-repo held reject ${name} --reason "…"`,
  ]);
  const line = ['held', 'release', name, '--reason', 'never deployed', ...at(engineer)];
  expect(await repo(engineer, ...line)).toEqual({
    exit: 0,
    out: [`Released SAME_IDENTITY for ${name}; the next cfl-repo intake decides it again`],
    err: [],
  });
  expect((await repo(engineer, 'held', 'list', ...at(engineer))).out[1]).toMatch(
    /released: decided at the next intake$/,
  );
  const { results } = await decide(engineer);
  expect(results.map(({ outcome }) => outcome)).toEqual(['accepted']);
  const audited = await repo(engineer, 'audit', ...at(engineer));
  expect(audited.out.map((row) => row.split(/ {2,}/)[2])).toEqual([
    'accepted',
    'held',
    'released',
    'accepted',
  ]);
  expect((await repo(engineer, 'replay', library.base)).out[0]).toMatch(/2 of 2 the same$/);
});

async function ringOf({ base }: Desk): Promise<KeyRing> {
  const { keys } = await readSettings(base);
  return { base, keys, ask: async () => PASSPHRASE };
}

test('nothing held, nothing said; a name that is not held is refused', async () => {
  const engineer = await desk();
  expect(await repo(engineer, 'held', 'list', ...at(engineer))).toEqual({ exit: 0, out: [], err: [] });
  expect(await repo(engineer, 'held', 'show', 'nothing', ...at(engineer))).toEqual({
    exit: 1,
    out: [],
    err: ['Cannot find "nothing" among the held submissions', 'Run: cfl-repo held list'],
  });
  expect(await repo(engineer, 'held', 'release', 'nothing', ...at(engineer))).toEqual({
    exit: 2,
    out: [],
    err: ['Cannot run "cfl-repo held release": it needs a reason', 'Give it in one line: --reason "…"'],
  });
  expect(await repo(engineer, 'withdraw', 'CPL-000412', ...at(engineer))).toMatchObject({
    exit: 2,
    err: ['Cannot run "cfl-repo withdraw": it needs a reason', 'Give it in one line: --reason "…"'],
  });
});

test('a submission that waits is listed with its rule; the audit log says since when', async () => {
  const engineer = await registeredDesk([await rowFor('CPL-000412', images.one, { waits: true })]);
  const name = await send(engineer, 'one');
  await decide(engineer);
  expect(await repo(engineer, 'held', 'list', ...at(engineer))).toEqual({
    exit: 4,
    out: [
      `SUBMISSION${' '.repeat(name.length - 10)}  SINCE                 HELD BY`,
      `${name}  2026-11-20 09:00 UTC  WAITS_FOR_CPL`,
    ],
    err: [],
  });
  const shown = await repo(engineer, 'held', 'show', name, ...at(engineer));
  expect(shown.out[0]).toBe(`${name}: held since 2026-11-20 09:00 UTC, received 2026-11-20 09:00 UTC`);
  expect(shown.out[2]).toMatch(/^hold {4}WAITS_FOR_CPL/);
  expect(shown.err).toEqual([`Refuse it for good: cfl-repo held reject ${name} --reason "…"`]);
  const refused = await repo(engineer, 'held', 'release', name, '--reason', 'never mind', ...at(engineer));
  expect(refused.exit).toBe(1);
  expect(refused.err[0]).toBe(`Cannot release "${name}": no rule holds it that a person may lift`);
  const audited = await repo(engineer, 'audit', ...at(engineer));
  expect(audited.exit).toBe(0);
  expect(audited.out).toEqual([
    `1  2026-11-20 09:00:00 UTC  held  ${name}  WAITS_FOR_CPL: CPL-000412 has no hash in snapshot 1`,
  ]);
  expect(audited.err).toEqual([
    expect.stringMatching(/^1 record, none missing or changed; the newest has the SHA-256 [0-9a-f]{64}$/),
  ]);
});

test('a manufacturer withdraws its own release; its status and every reader know it', async () => {
  const engineer = await desk();
  await send(engineer, 'one');
  await decide(engineer);
  const inbox = join(engineer.library.base, 'private/inbox');
  expect(await engineer.run(['withdraw', 'CPL-000999', '--reason', 'x', '--to', inbox])).toMatchObject({
    exit: 1,
  });
  const sent = await engineer.run(['withdraw', 'CPL-000412', '--reason', 'battery drain', '--to', inbox]);
  expect(sent.exit).toBe(0);
  expect(sent.err[0]).toMatch(
    /^Signed {5}the withdrawal of [0-9a-f]{12}, as example-meters: "battery drain"$/,
  );
  const place = (sent.out[0] ?? '').replace('LIBRARY', engineer.library.base).replace(/\/$/, '');
  const own = join(engineer.base, 'sent');
  for (const path of await folder(place).list(''))
    await folder(own).replace(path, (await folder(place).read(path)) ?? new Uint8Array());
  expect((await engineer.run(['status', own])).out).toEqual([
    'Not yet there: the library shows no decision about it',
  ]);
  await decide(engineer);
  expect(await engineer.run(['status', own])).toMatchObject({
    exit: 0,
    out: [expect.stringMatching(/^Withdrawn on 2026-11-20 09:00 UTC: release [0-9a-f]{12}, for good$/)],
  });
});

test('a replay is trusted by a root that is given, and remembers where the chain ended', async () => {
  const engineer = await desk();
  const { base, place } = engineer.library;
  await send(engineer, 'one');
  await decide(engineer);
  const root = await place.metadata.read('1.root.json');
  const digest = await sha256(root ?? new Uint8Array());
  const files = await mkdtemp(join(tmpdir(), 'cfl-auditor-'));
  onTestFinished(() => rm(files, { recursive: true, force: true }));
  const chain = join(files, 'chain.json');
  const line = ['replay', base, '--root-sha256', digest, '--remember', chain];
  expect((await repo(engineer, ...line)).exit).toBe(0);
  const kept = JSON.parse(await readFile(chain, 'utf8'));
  expect(kept).toMatchObject({ format: 'cfl/chain-head/1', sequence: 1 });
  expect((await repo(engineer, ...line, '--open')).out[1]).toMatch(
    /^Sealed {3}\d+ rules of each \(.+\) left out$/,
  );

  await writeFile(chain, `${JSON.stringify({ ...kept, sha256: 'ab'.repeat(32) })}\n`);
  const forked = await repo(engineer, ...line);
  expect(forked.exit).toBe(1);
  expect(forked.err[0]).toMatch(/^Cannot accept the chain of decisions: number 1 is another/);

  const wrong = await repo(engineer, 'replay', base, '--root-sha256', 'ab'.repeat(32));
  expect(wrong.err[0]).toMatch(
    /^Cannot trust the first root of LIBRARY: its SHA-256 is [0-9a-f]{64}, expected abab/,
  );
  expect(await repo(engineer, 'replay', 'https://library.example')).toMatchObject({ exit: 2 });
  expect(await repo(engineer, 'replay', base, '--release', '5b7e00c19d42')).toEqual({
    exit: 1,
    out: ['Not in the library; a refusal is known to the submitter and the operator only'],
    err: [],
  });
});
