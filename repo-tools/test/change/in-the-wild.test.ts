// A change on its way between holders who sit in different places: signed in any order, twice, too late, for
// another library, changed on its way, overtaken, and in two copies at once. Each is told apart, by code and word.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { expect, test } from 'vitest';
import { joinCopies } from '../../src/change/on-its-way.ts';
import { program } from '../../src/cli/repo.ts';
import { PASSPHRASE, type People, people } from '../ceremony/people.ts';
import { NOW } from '../fixture.ts';
import { honest, REGISTRAR } from './honest.ts';

const CHANGE = 'operator/private/changes/1';
const HERE = 'LIBRARY/private/changes/1';

/** The yearly ceremony of the registrar: two of three must sign. */
async function planned(): Promise<People> {
  const all = await people();
  expect((await all.repo('renew registrar')).exit).toBe(4);
  return all;
}

/** The code of a refusal, as a program reads it. */
async function codeOf(all: People, line: string): Promise<unknown> {
  const io = memoryIo({ now: NOW, passphrase: async () => PASSPHRASE });
  const words = line.replaceAll('LIBRARY', all.operator).replaceAll('BASE', all.base).split(' ');
  const thrown: unknown[] = [];
  const commands = program.commands.map((one) => ({
    ...one,
    run: (...given: Parameters<typeof one.run>) =>
      one.run(...given).catch((error: unknown) => {
        thrown.push(error);
        throw error;
      }),
  }));
  await runProgram({ ...program, commands }, [...words, '--at', all.operator], io);
  return (thrown[0] as { readonly code?: unknown } | undefined)?.code;
}

test.each([
  ['registrar-1', 'registrar-2'],
  ['registrar-3', 'registrar-1'],
])('%s and then %s sign where they are, shown in words what it is', async (first, second) => {
  const all = await planned();
  const one = await all.signsAway(first, CHANGE);
  expect(one).toMatchObject({ exit: 4, out: ['Signed. It still needs: registrar 2 of 3 (has 1)'] });
  expect(one.err[0]).toBe('Change "renewal of registrar", as its planner says:');
  expect(one.err.at(-1)).toBe('  registrar 2   signs the same again');
  const two = await all.signsAway(second, one.copy);
  expect(two.exit).toBe(0);
  await all.carry(two.copy, CHANGE);
  expect((await all.repo(`apply ${HERE}`)).out).toEqual(['Published version 2']);
  await all.reads();
});

test('two holders who sign a copy each at the same time are joined', async () => {
  const all = await planned();
  const one = await all.signsAway('registrar-1', CHANGE);
  const two = await all.signsAway('registrar-2', CHANGE);
  const joined = await all.repo(`sign BASE/${one.copy} --join BASE/${two.copy}`);
  expect(joined.out).toEqual(['Signed in full. Publish it: cfl-repo apply BASE/registrar-1/change']);
  expect((await all.repo(`apply BASE/${one.copy}`)).exit).toBe(0);
});

test('copies of two changes are not joined, though they have one name', async () => {
  const all = await planned();
  const one = await all.signsAway('registrar-1', CHANGE);
  expect((await all.repo('renew registrar', new Date(NOW.getTime() + 1000))).exit).toBe(4);
  const two = await all.signsAway('registrar-2', 'operator/private/changes/2');
  const line = `sign BASE/${one.copy} --join BASE/${two.copy}`;
  expect((await all.repo(line)).err.at(-2)).toBe(
    'Cannot join the two copies of "renewal of registrar": what is signed as registrar is not the same in both',
  );
  expect(await codeOf(all, line)).toBe('NOT_THE_SAME');
});

test('a key that has signed already is told so, and counts once', async () => {
  const all = await planned();
  const one = await all.signsAway('registrar-1', CHANGE);
  const again = await all.signsAway('registrar-1', one.copy);
  expect(again.exit).toBe(1);
  expect(again.err.at(-2)).toMatch(
    /^Nothing to sign in "renewal of registrar" with .*registrar-1\.pem: its signature is on registrar already, and counts once$/,
  );
  const key = (name: string) => `--key BASE/${name}/${name}.pem`;
  await all.carry(one.copy, CHANGE);
  expect(await codeOf(all, `sign ${HERE} ${key('registrar-1')}`)).toBe('ALREADY_SIGNED');
  // Beside one that has not
  const both = await all.repo(`sign ${HERE} ${key('registrar-1')} ${key('registrar-2')}`);
  expect(both.exit).toBe(0);
  expect(both.err.at(-1)).toMatch(/^Nothing to sign/);
});

test('too late: it is published already, also where the library has gone on since', async () => {
  const all = await planned();
  const late = await all.signsAway('registrar-3', CHANGE);
  for (const name of ['registrar-1', 'registrar-2'])
    expect((await all.repo(`sign ${HERE} --key BASE/${name}/${name}.pem`)).exit).toBeLessThan(5);
  expect((await all.repo(`apply ${HERE}`)).exit).toBe(0);
  const message = '"renewal of registrar": registrar version 2 of it is published already';
  for (const verb of ['sign', 'apply']) {
    const line = `${verb} BASE/${late.copy}`;
    expect((await all.repo(line)).err[0]).toBe(`Cannot ${verb} ${message}`);
    expect(await codeOf(all, line)).toBe('ALREADY_APPLIED');
  }
  await all.repo('renew registrar');
  const next = 'LIBRARY/private/changes/2';
  for (const name of ['registrar-1', 'registrar-2'])
    await all.repo(`sign ${next} --key BASE/${name}/${name}.pem`);
  expect((await all.repo(`apply ${next}`)).exit).toBe(0);
  expect((await all.repo(`sign BASE/${late.copy}`)).err[0]).toBe(`Cannot sign ${message}`);
});

test('upon a moved base: another change went first', async () => {
  const all = await planned();
  await all.repo('renew registrar', new Date(NOW.getTime() + 1000));
  const other = 'LIBRARY/private/changes/2';
  for (const name of ['registrar-1', 'registrar-2'])
    await all.repo(`sign ${other} --key BASE/${name}/${name}.pem`);
  expect((await all.repo(`apply ${other}`)).exit).toBe(0);
  const overtaken = await all.signsAway('registrar-1', CHANGE);
  expect(overtaken).toMatchObject({ exit: 1 });
  expect(overtaken.err[0]).toBe(
    'Cannot sign "renewal of registrar": registrar is at version 2, this change was made upon version 1 and brings 2',
  );
  expect(await codeOf(all, `sign ${HERE}`)).toBe('BASE_MOVED');
});

test('for another library', async () => {
  const [all, head] = [await planned(), `${CHANGE}/change.json`];
  const text = await readFile(join(all.base, head), 'utf8');
  const digest = /"library": "([0-9a-f]{64})"/.exec(text)?.[1] ?? '';
  await writeFile(join(all.base, head), text.replace(digest, 'ab'.repeat(32)));
  const refused = await all.signsAway('registrar-1', CHANGE);
  expect(refused.err[0]).toBe(
    `Cannot sign "renewal of registrar": it belongs to library abababababab, this is library ${digest.slice(0, 12)}`,
  );
  expect(await codeOf(all, `sign ${HERE}`)).toBe('OTHER_LIBRARY');
});

test('tampered after the first signature: nobody signs it, and whose signature it breaks is said', async () => {
  const all = await planned();
  const one = await all.signsAway('registrar-1', CHANGE);
  await all.carry(one.copy, CHANGE);
  const file = join(all.base, CHANGE, 'metadata/registrar.json');
  const honestly = await readFile(file, 'utf8');
  await writeFile(file, honestly.replace('"expires":"2027', '"expires":"2097'));
  const line = `sign ${HERE} --key BASE/registrar-2/registrar-2.pem`;
  expect((await all.repo(line)).err[0]).toBe(
    'Cannot sign "renewal of registrar": the signature of registrar-1 does not fit registrar version 2 as it is here, so it was changed on its way',
  );
  expect(await codeOf(all, line)).toBe('TAMPERED');
  expect(await codeOf(all, `apply ${HERE}`)).toBe('TAMPERED');
  expect(await codeOf(all, `sign BASE/${one.copy} --join ${HERE}`)).toBe('TAMPERED');
  await writeFile(file, honestly);
  expect((await all.repo(line)).exit).toBe(0);
});

test('a file that was swapped on its way is not signed for', async () => {
  const all = await people();
  const party = {
    format: 'cfl/party/1',
    id: 'example-energy',
    name: 'Example Energy',
    kinds: ['supplier'],
    codes: [],
    certificates: [],
  };
  await writeFile(join(all.base, 'party.json'), JSON.stringify(party));
  expect((await all.repo('party add BASE/party.json')).exit).toBe(4);
  expect((await all.signsAway('registrar-1', CHANGE)).exit).toBe(4);
  const file = join(all.base, CHANGE, 'targets/register/parties.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('Example Energy', 'Sample Energy'));
  const refused = await all.signsAway('registrar-2', CHANGE);
  expect(refused.err[0]).toBe(
    'Cannot sign "party add example-energy": no role file of it lists register/parties.json as it is here, so it was changed on its way',
  );
  expect(await codeOf(all, `sign ${HERE}`)).toBe('TAMPERED');
});

test('copies are not joined where one lacks a role, or names another library', async () => {
  const { change } = await honest();
  expect((await joinCopies(change, change)).metadata.size).toBe(1);
  for (const other of [
    { ...change, metadata: new Map([...change.metadata].map(([, document]) => [REGISTRAR, document])) },
    { ...change, library: 'ab'.repeat(32) },
  ])
    await expect(joinCopies(change, other)).rejects.toMatchObject({ code: 'NOT_THE_SAME' });
});
