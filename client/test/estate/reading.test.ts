// A million rows of people and programs: nothing in a file stops the run, and nothing of it becomes a formula.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assessEstate, csvCell, type EstateReport, judgeBy, openLineFile } from '../../src/estate/index.ts';
import { factsOf, NOW } from './facts.ts';

const HEAD = 'eui64,manufacturer,model,hardware_version,firmware_version,device_type';
const METER = '00-DB-12-34-56-78-90-A0,FFF1,0A01,0102,01000100,ESME';
const OTHER = METER.replace('-A0', '-A1');
const judge = judgeBy(factsOf([{ firmware: '01000100' }], [{ firmware: '01000100' }]), {
  now: NOW,
  endsWithin: 90,
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cfl-estate-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** In pieces of any length: what a file system hands over ends anywhere. */
function read(text: string | Buffer, piece = 1 << 16): Promise<EstateReport> {
  const octets = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(octets.length / piece) }, (_, i) =>
    octets.subarray(i * piece, (i + 1) * piece),
  );
  return assessEstate(Readable.from(pieces), { name: 'meters.csv', judge });
}

describe('an estate', () => {
  test.each([
    ['as it should be', `${HEAD}\n${METER}\n`],
    ['without an end to its last line', `${HEAD}\n${METER}`],
    ['of a spreadsheet', `\ufeff${HEAD}\r\n${METER}\r\n`],
    ['with every cell in quotes', `${HEAD}\n${METER.replace(/[^,]+/g, '"$&"')}\n`],
    [
      'with its columns in another order and others between',
      `Firmware_Version,note,EUI64,device_type,model,hardware_version, manufacturer \n01000100,"a, ""b""",00DB1234567890A0,esme,0a01,0x0102,ff f1,more\n`,
    ],
    ['with empty lines', `${HEAD}\n\n${METER}\n,,,,,\n\n`],
  ])('is read %s', async (_how, text) => {
    for (const piece of [1, 7, 1 << 16]) {
      expect(await read(text, piece)).toMatchObject({
        meters: 1,
        malformed: 0,
        groups: [{ meters: 1, device: { code: 'FFF1', firmwareVersion: '01000100', deviceType: 'ESME' } }],
      });
    }
  });

  test.each([
    [
      'an EUI-64 too short',
      METER.replace('00-', ''),
      'Cannot read "DB-12-34-56-78-90-A0" as a EUI-64: expected 16 hex digits',
    ],
    [
      'a lost zero',
      METER.replace('01000100', '1000100'),
      'Cannot read "1000100" as a firmware version: expected 8 hex digits',
    ],
    [
      'a device type of nobody',
      METER.replace('ESME', 'TOASTER'),
      'Cannot read "TOASTER" as a device type: expected one of',
    ],
    ['too few cells', 'FFF1,0A01', 'it has 2 cells, expected 6 at least'],
    [
      'a formula',
      METER.replace('FFF1', '=HYPERLINK(1)'),
      'Cannot read "=HYPERLINK(1)" as a manufacturer code: expected 4 hex digits',
    ],
    ['a quote that is never closed', `"${METER}`, 'a quote in it is not closed, or stands inside a cell'],
    [
      'a quote inside a cell',
      METER.replace('0A01', '0A"01'),
      'a quote in it is not closed, or stands inside a cell',
    ],
    [
      'quotes that pair up and are not whole',
      `${METER},"a"b"c,"`,
      'a quote in it is not closed, or stands inside a cell',
    ],
    ['no end', `${METER},${'x'.repeat(200_000)}`, 'it has more than 10000 octets'],
  ])('goes on after a row with %s, and counts it under its number', async (_what, line, reason) => {
    for (const piece of [977, 1 << 16]) {
      const report = await read([HEAD, METER, line, OTHER, ''].join('\n'), piece);
      expect(report).toMatchObject({ meters: 2, malformed: 1, faults: [{ row: 3 }] });
      expect(report.faults[0]?.reason).toContain(reason);
    }
  });

  test('counts a meter that stands twice by its first row, however it is written', async () => {
    const again = METER.replaceAll('-', '').toLowerCase().replace('0a01', '0A02').replace('esme', 'GSME');
    const zero = METER.replace(/^[^,]+/, '00'.repeat(8));
    expect(await read([HEAD, METER, zero, OTHER, again, zero].join('\n'))).toMatchObject({
      meters: 3,
      malformed: 2,
      faults: [{ row: 5, reason: 'the meter 00-DB-12-34-56-78-90-A0 stands in an earlier row' }, { row: 6 }],
    });
  });

  test('tells all of many meters apart', async () => {
    const ids = Array.from({ length: 20_000 }, (_, i) =>
      (BigInt(i) * 0x100000001n).toString(16).padStart(16, '0'),
    );
    const lines = [...ids, ...ids].map((id) => METER.replace(/^[^,]+/, id));
    expect(await read([HEAD, ...lines].join('\n'))).toMatchObject({ meters: 20_000, malformed: 20_000 });
  });

  test('counts all rows that are not exact, and lists the first', async () => {
    const report = await read([HEAD, ...Array.from({ length: 500 }, () => 'x,,,,,'), METER].join('\n'));
    expect(report).toMatchObject({ meters: 1, malformed: 500 });
    expect(report.faults).toHaveLength(50);
    expect(report.faults.at(-1)?.row).toBe(51);
  });

  test.each([
    ['is empty', '', 'it is empty'],
    ['lacks a column', 'eui64,model\n', 'the column "manufacturer" is missing, found "eui64", "model"'],
    ['has a column twice', `${HEAD},model\n`, 'the column "model" stands twice'],
    [
      'is a spreadsheet',
      Buffer.from('PK\u0003\u0004abc\n'),
      'it is a spreadsheet or archive (it begins with "PK")',
    ],
  ])('that %s is refused', async (_what, text, reason) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'NOT_A_LIST',
      message: `Cannot read "meters.csv" as a list of meters: ${reason}`,
    });
  });

  test('with more different models than exist is refused, and not kept in memory', async () => {
    const lines = function* () {
      yield `${HEAD}\n`;
      for (let i = 0; i <= 100_000; i++)
        yield `00-DB-12-34-56-78-90-A0,FFF1,0A01,0102,${i.toString(16).padStart(8, '0')},ESME\n`;
    };
    await expect(
      assessEstate(Readable.from(lines()).map(Buffer.from), { name: 'm', judge }),
    ).rejects.toMatchObject({
      code: 'TOO_VARIED',
    });
  });

  test('whatever octets follow its header, every meter that stands in a good line is found', async () => {
    const octets = fc.uint8Array({ maxLength: 400 }).map((some) => Buffer.from(some));
    await fc.assert(
      fc.asyncProperty(
        fc.array(octets, { maxLength: 6 }),
        fc.integer({ min: 1, max: 300 }),
        async (some, piece) => {
          const meter = (i: number) => METER.replace('-A0', `-B${i}`);
          const parts = some.flatMap((one, i) => [one, Buffer.from(`\n${meter(i)}\n`)]);
          const text = Buffer.concat([Buffer.from(`${HEAD}\n${METER}\n`), ...parts]);
          expect((await read(text, piece)).meters).toBe(1 + some.length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the file with one line a meter', () => {
  test('is there whole, and nothing else', async () => {
    const path = join(folder, 'findings.csv');
    const out = await openLineFile(path);
    await assessEstate(Readable.from([Buffer.from(`${HEAD}\n${METER}\n`)]), { name: 'm', judge, out });
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^\.tmp-/)]);
    await out.finish();
    await out.discard();
    expect(await readdir(folder)).toEqual(['findings.csv']);
    expect(await readFile(path, 'utf8')).toBe(
      `${HEAD},finding,next_firmware,next_release,steps,says\n${METER},current,,,0,current\n`,
    );
  });

  test('is not there where the run failed, and the old one stays', async () => {
    const path = join(folder, 'findings.csv');
    const before = await readFile(path);
    const out = await openLineFile(path);
    await expect(
      assessEstate(Readable.from([Buffer.from('x\n')]), { name: 'm', judge, out }),
    ).rejects.toThrow();
    await out.discard();
    expect(await readdir(folder)).toEqual(['findings.csv']);
    expect(await readFile(path)).toEqual(before);
  });

  test.each([
    ['=1+1', "'=1+1"],
    ['+44', "'+44"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['a, "b"', '"a, ""b"""'],
    ['=a,b', `"'=a,b"`],
    ['plain', 'plain'],
  ])('writes the cell %j as no formula', (text, written) => {
    expect(csvCell(text)).toBe(written);
  });
});
