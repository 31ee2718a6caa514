// The operator's log: whoever takes a record out, changes it, moves it or cuts off the end is found out.

import { parseSha256 } from '@cfl/client/encoding';
import { expect, test } from 'vitest';
import { type Act, openAudit, readAudit, refuseCutOff } from '../../src/audit/log.ts';
import { MemoryFiles } from '../deploy/memory-files.ts';
import { NOW } from '../fixture.ts';

const act = (what: string): Act => ({
  act: 'held',
  what,
  digest: null,
  library: null,
  says: ['DUPLICATE: …'],
});

async function logOf(...names: readonly string[]): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  for (const name of names) await (await openAudit(files, NOW)).record(act(name));
  return files;
}

const place = (number: number) => `audit/${number}.json`;

test('acts are listed in their order, each linked to the one before', async () => {
  const files = await logOf('a', 'b', 'c');
  const records = await readAudit(files);
  expect(records.map(({ record: { number, what } }) => [number, what])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ]);
  expect(records.map(({ record }) => record.before)).toEqual([null, records[0]?.sha256, records[1]?.sha256]);
  refuseCutOff(records, [null, records[1]?.sha256 ?? null]);
});

test('an act that a run recorded before it died is not recorded a second time', async () => {
  const files = await logOf('a');
  const dying = await openAudit(files, NOW);
  await dying.record(act('b'));
  await dying.record(act('c'));
  const next = await openAudit(files, new Date('2026-11-20T10:00:00Z'));
  await next.record(act('b'));
  await next.record(act('c'));
  await next.record(act('d'));
  expect((await readAudit(files)).map(({ record }) => record.what)).toEqual(['a', 'b', 'c', 'd']);
  // A later run that does the same again has done it twice
  await (await openAudit(files, NOW)).record(act('b'));
  expect((await readAudit(files)).map(({ record }) => record.what)).toEqual(['a', 'b', 'c', 'd', 'b']);
});

const ATTACKS: Readonly<Record<string, (files: MemoryFiles) => unknown>> = {
  'a record is missing': (files) => files.content.delete(place(2)),
  'the first is missing': (files) => files.content.delete(place(1)),
  'a record was changed': (files) =>
    files.content.set(place(2), encoded(text(files, 2).replace('"what":"b"', '"what":"x"'))),
  'two changed places': (files) => {
    const [two, three] = [text(files, 2), text(files, 3)];
    files.content.set(place(2), encoded(three));
    files.content.set(place(3), encoded(two));
  },
  'a record is not in its format': (files) => files.content.set(place(2), encoded('{}')),
  'a stranger lies among them': (files) => files.content.set('audit/note.txt', encoded('')),
};

test.each(Object.entries(ATTACKS))('refused where %s', async (_, attack) => {
  const files = await logOf('a', 'b', 'c');
  await readAudit(files);
  attack(files);
  await expect(readAudit(files)).rejects.toMatchObject({ code: 'BROKEN_LOG' });
});

test('a log that was cut off is found out by what the library published', async () => {
  const files = await logOf('a', 'b', 'c');
  const published = (await readAudit(files)).map(({ sha256 }) => sha256);
  refuseCutOff(await readAudit(files), published);
  files.content.delete(place(3));
  const shorter = await readAudit(files);
  expect(() => refuseCutOff(shorter, published)).toThrow(/which is not in it/);
  expect(() => refuseCutOff(shorter, [parseSha256('ab'.repeat(32))])).toThrow(/abababababab/);
});

test('nothing is added to a log whose end cannot be read', async () => {
  const files = await logOf('a', 'b');
  files.content.set(place(2), encoded('half'));
  await expect(openAudit(files, NOW)).rejects.toMatchObject({ code: 'BROKEN_LOG' });
});

function text(files: MemoryFiles, number: number): string {
  return new TextDecoder().decode(files.content.get(place(number)));
}

function encoded(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
