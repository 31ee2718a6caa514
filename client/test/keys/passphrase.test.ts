// A passphrase: from a file that is named, or typed and not shown; never silently empty.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPassphrase } from '../../src/keys/index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cfl-passphrase-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fromFile(text: string): Promise<string> {
  const path = join(folder, 'passphrase');
  await writeFile(path, text);
  return readPassphrase({ prompt: 'Passphrase: ', env: { CFL_PASSPHRASE_FILE: path } });
}

function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  return { input, output, env: {}, shown: () => String(output.read() ?? '') };
}

describe('from the file that CFL_PASSPHRASE_FILE names', () => {
  test.each([
    ['without a line end', 'two words'],
    ['with a line end', 'two words\n'],
    ['with a line end of Windows', 'two words\r\n'],
  ])('one line %s is read', async (_name, text) => {
    expect(await fromFile(text)).toBe('two words');
  });

  test.each([
    ['an empty file', '\n', 'it is empty'],
    ['two lines', 'one\ntwo\n', 'found several lines'],
  ])('%s is refused', async (_name, text, found) => {
    await expect(fromFile(text)).rejects.toMatchObject({
      code: 'NO_PASSPHRASE',
      message: expect.stringContaining(found),
    });
  });

  test('a file that does not exist is refused, though a terminal is there', async () => {
    const env = { CFL_PASSPHRASE_FILE: join(folder, 'none') };
    await expect(readPassphrase({ prompt: '', ...terminal(), env })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('from a terminal', () => {
  test('what is typed is returned and not shown; only the prompt is', async () => {
    const t = terminal();
    const answer = readPassphrase({ prompt: 'Passphrase of gate.pem: ', ...t });
    t.input.write('sesqmä\x7fame\r');
    expect(await answer).toBe('sesqmame');
    expect(t.shown()).toBe('Passphrase of gate.pem: \n');
  });

  test('a new passphrase is typed twice', async () => {
    const t = terminal();
    const answer = readPassphrase({ prompt: 'New: ', again: 'Again: ', ...t });
    t.input.write('sesame\r');
    setTimeout(() => t.input.write('sesame\r'), 20);
    expect(await answer).toBe('sesame');
  });

  test('two that differ are refused', async () => {
    const t = terminal();
    const answer = readPassphrase({ prompt: 'New: ', again: 'Again: ', ...t });
    t.input.write('sesame\r');
    setTimeout(() => t.input.write('seasme\r'), 20);
    await expect(answer).rejects.toMatchObject({ code: 'NO_PASSPHRASE' });
  });

  test.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('%s ends it', async (_name, typed) => {
    const t = terminal();
    const answer = readPassphrase({ prompt: 'Passphrase: ', ...t });
    t.input.write(typed);
    await expect(answer).rejects.toMatchObject({ code: 'NO_PASSPHRASE' });
  });

  test('where there is none, the error names the file way', async () => {
    const answer = readPassphrase({
      prompt: 'Passphrase: ',
      env: {},
      input: new PassThrough(),
      output: new PassThrough(),
    });
    await expect(answer).rejects.toMatchObject({
      code: 'NO_PASSPHRASE',
      hint: expect.stringContaining('CFL_PASSPHRASE_FILE'),
    });
  });
});
