// Attack: a change's folder holds something else than a change.

import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folder } from '@cfl/client/library';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readChange, writeChange } from '../../src/change/change.ts';
import { MemoryFiles } from '../deploy/memory-files.ts';
import { octets } from '../deploy/scene.ts';
import { accept, type Honest, honest } from './honest.ts';

let scene: Honest;
let written: MemoryFiles;
beforeAll(async () => {
  scene = await honest();
  written = new MemoryFiles();
  await writeChange(written, 'changes/1', scene.change);
});

const BASE = 'changes/1';

/** The honest folder with further files, or with others in their place. */
function withFiles(files: Record<string, string | Uint8Array | undefined>): MemoryFiles {
  const copy = new MemoryFiles(written.content);
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) copy.content.delete(`${BASE}/${path}`);
    else copy.content.set(`${BASE}/${path}`, typeof content === 'string' ? octets(content) : content);
  }
  return copy;
}

function expectUnreadable(files: MemoryFiles, reason: string | RegExp) {
  const message =
    typeof reason === 'string'
      ? `Cannot read the change "${BASE}": ${reason}`
      : expect.stringMatching(reason);
  return expect(readChange(files, BASE)).rejects.toMatchObject({ code: 'NOT_A_CHANGE', message });
}

it('what was written is read again, and published', async () => {
  const read = await readChange(written, BASE);
  expect(read).toEqual(scene.change);
  expect(await accept(scene, read)).toBeDefined();
});

it('what was written and read again is the same octets', async () => {
  const again = new MemoryFiles();
  await writeChange(again, BASE, await readChange(written, BASE));
  expect(again.content).toEqual(written.content);
});

describe('strange files', () => {
  it.each([
    'README.md',
    'change.json.bak',
    'metadata/m-fff1.txt',
    'metadata/notes/m-fff1.json',
    'metadata/.json',
    'Metadata/m-fff1.json',
    'targets.zip',
    'private/keys/gate.pem',
  ])('"%s" is refused by name', async (path) => {
    await expectUnreadable(withFiles({ [path]: '{}' }), `it holds "${path}", which belongs to no change`);
  });

  it.each([
    ['a second spelling of the same role', 'metadata/m%2Dfff1.json'],
    ['a name that is no encoding', 'metadata/%ZZ.json'],
    ['an encoding cut short', 'metadata/m-fff1%.json'],
    ['lower-case encoding', 'metadata/a%2fb.json'],
  ])('%s is refused', async (_name, path) => {
    const honest = written.content.get(`${BASE}/metadata/m-fff1.json`);
    await expectUnreadable(withFiles({ [path]: honest }), `it holds "${path}", which belongs to no change`);
  });

  it.each(['targets/a\\b', 'targets/a\nb', 'targets/\u0000'])(
    'the target path %j is refused',
    async (path) => {
      await expect(readChange(withFiles({ [path]: 'x' }), BASE)).rejects.toMatchObject({
        code: 'NOT_METADATA',
      });
    },
  );

  it('a role file that is no role file is refused', async () => {
    for (const content of ['', '{}', 'null', '{"signed":{},"signatures":[]}']) {
      const files = withFiles({ 'metadata/m-fff1.json': content });
      await expect(readChange(files, BASE), content).rejects.toMatchObject({ code: 'NOT_METADATA' });
    }
  });

  it("a timestamp and a snapshot are nobody's to bring", async () => {
    for (const name of ['timestamp', 'snapshot']) {
      const file = [...scene.place.metadata.content].find(([path]) => path.endsWith(`${name}.json`))?.[1];
      await expect(readChange(withFiles({ [`metadata/${name}.json`]: file }), BASE)).rejects.toMatchObject({
        code: 'NOT_METADATA',
      });
    }
  });
});

describe('links on the disk', () => {
  async function onDisk(): Promise<string> {
    const base = await mkdtemp(join(tmpdir(), 'cfl-test-'));
    onTestFinished(() => rm(base, { recursive: true, force: true }));
    await writeChange(folder(base), 'change', scene.change);
    return base;
  }

  it('are no files of a change: what they point to is not read', async () => {
    const base = await onDisk();
    await symlink('/etc', join(base, 'change/targets/etc'));
    await symlink('/etc/hostname', join(base, 'change/targets/hostname'));
    await symlink('/etc/hostname', join(base, 'change/metadata/m-fff2.json'));
    const { metadata, targets } = await readChange(folder(base), 'change');
    expect([...metadata.keys()]).toEqual([...scene.change.metadata.keys()]);
    expect([...targets.keys()]).toEqual([...scene.change.targets.keys()].sort());
  });

  it('are no change.json either', async () => {
    const base = await onDisk();
    await folder(base).remove('change/change.json');
    await folder(base).replace('elsewhere.json', octets('{"format":"cfl/change/1"}'));
    await symlink('../elsewhere.json', join(base, 'change/change.json'));
    await expect(readChange(folder(base), 'change')).rejects.toMatchObject({
      code: 'NOT_A_CHANGE',
      message: 'Cannot read the change "change": it has no change.json',
    });
  });

  it('nor is a folder of that name', async () => {
    const base = await onDisk();
    await folder(base).remove('change/change.json');
    await mkdir(join(base, 'change/change.json'));
    await expect(readChange(folder(base), 'change')).rejects.toMatchObject({ code: 'NOT_A_CHANGE' });
  });
});

describe('change.json', () => {
  const head = {
    format: 'cfl/change/1',
    title: 'files of m-fff1',
    words: ['one line'],
    created: '2026-11-20T09:00:00Z',
    upon: { 'm-fff1': 2 },
  };
  const text = (change: Record<string, unknown>) => JSON.stringify({ ...head, ...change });

  it('is read where it is exact', async () => {
    expect(await readChange(withFiles({ 'change.json': text({}) }), BASE)).toMatchObject({
      title: head.title,
    });
  });

  it.each([
    ['is missing', undefined, 'it has no change.json'],
    ['is empty', '', 'it is not JSON'],
    ['is no JSON', 'change', 'it is not JSON'],
    ['is null', 'null', 'change.json is not an object'],
    ['is a list', '[]', 'change.json is not an object'],
    [
      'is of another format',
      text({ format: 'cfl/change/2' }),
      'its format is "cfl/change/2", expected "cfl/change/1"',
    ],
    ['has an unknown field', text({ note: 1 }), 'it has the unknown field "note"'],
    ['has a field of every object', text({ constructor: 1 }), 'it has the unknown field "constructor"'],
    ['has no title', text({ title: undefined }), 'title or words are not text'],
    ['has words that are not text', text({ words: [1] }), 'title or words are not text'],
    [
      'has words of several lines',
      text({ words: ['a\nregister  nothing'] }),
      'title or words are not lines of text',
    ],
    [
      'has a title that moves the cursor',
      text({ title: 'a\u001b[2K' }),
      'title or words are not lines of text',
    ],
    [
      'has a title that turns the direction',
      text({ title: 'a\u202eb' }),
      'title or words are not lines of text',
    ],
    ['names a library with a number', text({ library: 1 }), 'library is not text'],
    ['is made upon a list', text({ upon: [] }), 'upon is not an object'],
    ['is made upon nothing said', text({ upon: undefined }), 'upon is not an object'],
    ['is made upon half a version', text({ upon: { 'm-fff1': 1.5 } }), /: .*1\.5/],
    ['is made upon a version below none', text({ upon: { 'm-fff1': -1 } }), 'upon.m-fff1 is not a version'],
    ['is made upon text', text({ upon: { 'm-fff1': '2' } }), 'upon.m-fff1 is not a version'],
  ])('that %s is refused', async (_name, content, reason) => {
    await expectUnreadable(withFiles({ 'change.json': content }), reason);
  });

  it.each([
    [
      'a key twice',
      `{"format":"cfl/change/1","title":"a","title":"b","words":[],"created":"2026-11-20T09:00:00Z","upon":{}}`,
    ],
    [
      'a version twice',
      `{"format":"cfl/change/1","title":"a","words":[],"created":"2026-11-20T09:00:00Z","upon":{"m-fff1":1,"m-fff1":2}}`,
    ],
    ['no exact date', text({ created: '2026-11-20 09:00' })],
    ['no date', text({ created: undefined })],
    ['a byte order mark', `\ufeff${text({})}`],
    ['an empty role name', text({ upon: { '': 1 } })],
  ])('with %s is refused', async (_name, content) => {
    await expectUnreadable(withFiles({ 'change.json': content }), /^Cannot read the change "changes\/1": /);
  });

  it('with a role of the name __proto__ is made upon that, and nothing else', async () => {
    const content = `{"format":"cfl/change/1","title":"a","words":[],"created":"2026-11-20T09:00:00Z","upon":{"__proto__":1}}`;
    const { upon } = await readChange(withFiles({ 'change.json': content }), BASE);
    expect([...upon]).toEqual([['__proto__', 1]]);
  });
});
