// What is read from the Panel's file, and what people are told where it is not exact.
import { CPL_COLUMNS, type CplEntry } from '@cfl/client/firmware';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChangeError } from '../../src/change/errors.ts';
import { parseCplMapping } from '../../src/cpl/columns.ts';
import { type CplCsvOptions, CplRowsError, readCplCsv } from '../../src/cpl/csv.ts';
import { cell, csv, many, type Row } from './stub.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const read = (octets: Uint8Array, options: Partial<CplCsvOptions> = {}) =>
  readCplCsv(octets, { name: 'cpl-2026-11-18.csv', ...options });

/** What a person sees: two lines, and the faulty rows between them. */
function refusal(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ChangeError)) throw error;
    return [error.message, ...(error instanceof CplRowsError ? error.lines : []), error.hint];
  }
  throw new Error('It was accepted');
}

it('reads an exact list', () => {
  const { entries, warnings, skipped } = read(csv([{}, { image_hash: '', status: 'Cancelled' }]));
  expect(entries.map(({ entry, status }) => `${entry} ${status}`)).toEqual([
    'CPL-000001 Active',
    'CPL-000002 Cancelled',
  ]);
  expect(entries[0]?.certificates).toEqual([{ kind: 'CPA', reference: 'CPA-0017', expires: '2028-11-01' }]);
  expect([warnings, skipped]).toEqual([[], []]);
});

it.each([
  ['a byte order mark', { mark: '\uFEFF' }],
  ['CRLF', { newline: '\r\n' }],
  ['old Macintosh line ends', { newline: '\r' }],
])('reads it with %s', (_, form) => {
  expect(read(csv([{}, {}], form))).toEqual(read(csv([{}, {}])));
});

it('reads quoted cells, empty rows and empty columns at the end', () => {
  const text = new TextDecoder().decode(csv([{ certificates: 'CPA:one, "two"\u00e9' }]));
  const [header, row] = text.split('\n');
  const octets = utf8(`${header},,\n,,,\n\n${row},,\n`);
  expect(read(octets).entries[0]?.certificates).toEqual([{ kind: 'CPA', reference: 'one, "two"\u00e9' }]);
});

it('lists every faulty row of a list that a spreadsheet has damaged, and says how to go on', () => {
  const rows = many(36, (i) =>
    i === 16 ? { model_id: '1.00E+05' } : i === 22 ? { firmware_version: '1040605' } : {},
  );
  expect(refusal(() => read(csv(rows)))).toEqual([
    'Cannot import "cpl-2026-11-18.csv": 2 of 36 rows are not exact',
    '  row 17  model_id "1.00E+05": expected 4 hex digits; a spreadsheet took 10E4 for a number (or 01E5 or 1E05)',
    '  row 23  firmware_version "1040605": expected 8 hex digits; a spreadsheet dropped a leading zero',
    'Export these columns as text, or leave the two rows out: --skip-rows 17,23',
  ]);
});

const DAMAGE: Record<string, [Row, string]> = {
  'an id taken for a number': [
    { model_id: '1.00E+05' },
    'model_id "1.00E+05": expected 4 hex digits; a spreadsheet took 10E4 for a number (or 01E5 or 1E05)',
  ],
  'a lost leading zero': [
    { firmware_version: '1040605' },
    'firmware_version "1040605": expected 8 hex digits; a spreadsheet dropped a leading zero',
  ],
  'three lost leading zeros': [
    { hardware_version: '2' },
    'hardware_version "2": expected 4 hex digits; a spreadsheet dropped 3 leading zeros',
  ],
  'a firmware version taken for a number': [
    { firmware_version: '1.00E+14' },
    'firmware_version "1.00E+14": expected 8 hex digits; a spreadsheet took it for a number, and its digits are lost',
  ],
  decimals: [
    { hardware_version: '0102.00' },
    'hardware_version "0102.00": expected 4 hex digits; a spreadsheet wrote it as a number with decimals',
  ],
  'a hash cut short': [
    { image_hash: '7d'.repeat(31) },
    `image_hash "${'7d'.repeat(31)}": expected 64 hex digits`,
  ],
  'an error value': [{ model_id: '#REF!' }, 'model_id "#REF!": expected 4 hex digits'],
  'a status in other words': [
    { status: 'active' },
    'status "active": expected exactly one of Active, Cancelled, Expired, Withdrawn',
  ],
  'a letter O for a zero': [{ manufacturer_id: 'FFO1' }, 'manufacturer_id "FFO1": expected 4 hex digits'],
  'a day turned round': [
    { certificates: 'CPA:1:01/11/2028' },
    'certificates "CPA:1:01/11/2028": expected kind:reference:2028-11-01, found "CPA:1:01/11/2028"',
  ],
};

it.each(Object.entries(DAMAGE))('refuses %s', (_, [row, message]) => {
  expect(read(csv([{}])).entries).toHaveLength(1);
  expect(refusal(() => read(csv([{}, row])))).toEqual([
    'Cannot import "cpl-2026-11-18.csv": 1 of 2 rows is not exact',
    `  row 3  ${message}`,
    'Export these columns as text, or leave the row out: --skip-rows 3',
  ]);
});

it('lists all faults of one row, and rows with cells too few or too many', () => {
  const text = new TextDecoder().decode(csv([{ model_id: '1', status: '' }, {}, {}]));
  const lines = text.split('\n');
  const octets = utf8(
    [lines[0], lines[1], `${lines[2]},x`, lines[3]?.split(',').slice(0, 9).join(',')].join('\n'),
  );
  expect(refusal(() => read(octets)).slice(1)).toEqual([
    '  row 2  model_id "1": expected 4 hex digits; a spreadsheet dropped 3 leading zeros',
    '  row 2  status "": expected exactly one of Active, Cancelled, Expired, Withdrawn',
    '  row 3  it has 14 cells, the header has 13',
    '  row 4  it has 9 cells, the header has 13',
    'Export these columns as text, or leave the three rows out: --skip-rows 2,3,4',
  ]);
});

it('names no rows to leave out where there are many, but lists them all', () => {
  const lines = refusal(() => read(csv(many(60, () => ({ model_id: '1' })))));
  expect(lines).toHaveLength(62);
  expect(lines.at(-1)).toBe('Export these columns as text');
});

it('gives the faults to programs too', () => {
  const faults = [
    {
      row: 2,
      message: 'status "": expected exactly one of Active, Cancelled, Expired, Withdrawn',
      duplicate: false,
    },
  ];
  expect(() => read(csv([{ status: '' }]))).toThrow(CplRowsError);
  expect(() => read(csv([{ status: '' }]))).toThrow(expect.objectContaining({ faults }));
});

it('leaves out the faulty rows that it was told, by the numbers that the spreadsheet shows', () => {
  const octets = csv(many(4, (i) => (i === 2 ? { model_id: '1' } : {})));
  expect(read(octets, { skipRows: new Set([3]) })).toMatchObject({ skipped: [3] });
  expect(read(octets, { skipRows: new Set([3]) }).entries.map(({ entry }) => entry)).toEqual([
    'CPL-000001',
    'CPL-000003',
    'CPL-000004',
  ]);
});

it.each([2, 1, 99])('leaves out no row that is exact or is not there: %i', (row) => {
  expect(refusal(() => read(csv([{}, { model_id: '1' }]), { skipRows: new Set([row, 3]) }))).toEqual([
    `Cannot import "cpl-2026-11-18.csv": row ${row} cannot be left out, only faulty rows can`,
    'Rows count as the spreadsheet shows them: the header is row 1',
  ]);
});

it('refuses an entry id that stands twice, until one is left out', () => {
  const octets = csv([{ entry_id: 'CPL-1' }, {}, { entry_id: 'CPL-1', status: 'Expired' }]);
  expect(refusal(() => read(octets))).toEqual([
    'Cannot import "cpl-2026-11-18.csv": 2 of 3 rows are not exact',
    '  row 2  entry_id "CPL-1": expected once, row 4 has it too',
    '  row 4  entry_id "CPL-1": expected once, row 2 has it too',
    'Ask the Panel which rows are right, and leave out the others: --skip-rows ROW,…',
  ]);
  expect(read(octets, { skipRows: new Set([2]) }).entries.map(({ status }) => status)).toEqual([
    'Active',
    'Expired',
  ]);
});

it('allows one device model and firmware version under two ids, and warns where both are Active', () => {
  const same = { firmware_version: '01000203' };
  const warned = (row: Row) => read(csv([same, { ...same, ...row }])).warnings;
  expect(warned({ status: 'Expired' })).toEqual([]);
  expect(warned({ hardware_version: '0103' })).toEqual([]);
  const both = 'Rows 2 and 3 both list FFF1 0A01 0102 01000203 as Active: CPL-000001 and CPL-000002';
  expect(warned({})).toEqual([both]);
  expect(warned({ image_hash: 'aa'.repeat(32) })).toEqual([`${both}, with different hashes`]);
});

it('names a missing column', () => {
  const columns = CPL_COLUMNS.map((column) => (column === 'image_hash' ? 'hash' : column));
  expect(refusal(() => read(csv([{}], { columns })))).toEqual([
    'Cannot import "cpl-2026-11-18.csv": it has no column "image_hash"',
    `Its first row holds "${columns.join(', ')}"; name columns that are called differently in a mapping file: --mapping FILE`,
  ]);
});

it('names all missing columns where the header row is missing', () => {
  const headless = new TextDecoder()
    .decode(csv([{}]))
    .split('\n')
    .slice(1)
    .join('\n');
  expect(refusal(() => read(utf8(headless)))[0]).toMatch(
    /^Cannot import .*: it has no column "entry_id", "device_type", .* and "certificates"$/,
  );
});

it('names columns that it does not read', () => {
  const lines = new TextDecoder().decode(csv([{}])).split('\n');
  const octets = utf8([`${lines[0]},Remarks,image-hash`, `${lines[1]},a,b`].join('\n'));
  expect(read(octets).warnings).toEqual(['Not read: columns "Remarks" and "image-hash"']);
});

it('refuses a column that stands twice', () => {
  const lines = new TextDecoder().decode(csv([{}])).split('\n');
  const octets = utf8([`${lines[0]},status`, `${lines[1]},Active`].join('\n'));
  expect(refusal(() => read(octets))[0]).toBe(
    'Cannot import "cpl-2026-11-18.csv": it has two columns "status"',
  );
});

it('reads other headers by a mapping file', () => {
  const columns = CPL_COLUMNS.map((column) =>
    column === 'image_hash' ? 'Manufacturer Image Hash' : column === 'entry_id' ? ' Ref ' : column,
  );
  const json = {
    format: 'cfl/cpl-mapping/1',
    columns: { image_hash: 'Manufacturer Image Hash', entry_id: 'Ref' },
  };
  const mapping = parseCplMapping(utf8(JSON.stringify(json)), 'mapping.json');
  expect(read(csv([{}], { columns }), { mapping })).toEqual(read(csv([{}])));
});

const COLUMNS =
  'entry_id, device_type, manufacturer_id, model_id, hardware_version, firmware_version, smets_version, gbcs_version, image_hash, status, upgradeable_from, smets1, certificates';

it.each([
  ['{', 'it is not JSON'],
  ['[]', 'it holds [], expected an object'],
  [
    '{"format":"cfl/cpl-mapping/2","columns":{}}',
    'its format is "cfl/cpl-mapping/2", expected "cfl/cpl-mapping/1"',
  ],
  [
    '{"format":"cfl/cpl-mapping/1","columns":{"hash":"a"}}',
    `it holds the unknown field "hash", expected only ${COLUMNS}`,
  ],
  [
    '{"format":"cfl/cpl-mapping/1","columns":{"status":1}}',
    'columns.status holds 1, expected a header as text',
  ],
])('refuses the mapping file %s', (text, reason) => {
  expect(refusal(() => parseCplMapping(utf8(text), 'mapping.json'))).toEqual([
    `Cannot read "mapping.json" as a mapping of columns: ${reason}`,
    'Write it like this: {"format":"cfl/cpl-mapping/1","columns":{"entry_id":"CPL reference"}}',
  ]);
});

it('refuses a mapping that takes two columns from one', () => {
  const mapping = new Map([['smets_version', 'gbcs_version'] as const]);
  expect(refusal(() => read(csv([{}]), { mapping }))[0]).toBe(
    'Cannot import "cpl-2026-11-18.csv": the mapping takes two columns from "gbcs_version"',
  );
});

it.each([
  [
    'a spreadsheet',
    Uint8Array.of(0x50, 0x4b, 3, 4),
    'Cannot import "cpl-2026-11-18.csv": it is a spreadsheet or archive (it begins with "PK"), expected CSV in UTF-8',
  ],
  [
    'Windows-1252',
    Uint8Array.of(...utf8('entry_id'), 0xe9),
    'Cannot import "cpl-2026-11-18.csv": it is not UTF-8 text, expected CSV in UTF-8',
  ],
  [
    'UTF-16',
    Uint8Array.of(0xff, 0xfe, 0x61, 0),
    'Cannot import "cpl-2026-11-18.csv": it is not UTF-8 text, expected CSV in UTF-8',
  ],
  ['a header alone', csv([]), 'Cannot import "cpl-2026-11-18.csv": it has a header and no rows'],
  ['no octets', new Uint8Array(), /: it has no column "entry_id"/],
  [
    'a quote that never ends',
    utf8('entry_id,"device_type\nCPL-1,ESME\n'),
    /^Cannot read "cpl-2026-11-18.csv" as CSV: Quote Not Closed/,
  ],
])('refuses %s', (_, octets, message) => {
  const [first] = refusal(() => read(octets));
  expect(first).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});

it('reads 20,000 rows', () => {
  const { entries } = read(
    csv(many(20_000, (i) => ({ firmware_version: i.toString(16).toUpperCase().padStart(8, '0') }))),
  );
  expect(entries).toHaveLength(20_000);
});

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9A-F]{${digits}}$`));
const word = fc
  .stringMatching(/^[ -9<-~\u00a1-\u024f]{1,20}$/)
  .filter((text) => text === text.trim() && text !== '');
const id = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/).filter((text) => text.toUpperCase() !== 'N/A');
const version = fc.stringMatching(/^[\x21-\x7e]{1,8}$/);
const certificate = fc
  .tuple(word, word, fc.constantFrom('', ':2028-11-01', ':renewal=2029-02-28'))
  .map(([kind, reference, when]) => `${kind}:${reference}${when}`);
const row: fc.Arbitrary<Row> = fc.record({
  device_type: fc.constantFrom('ESME', 'GSME', 'PPMID', 'HCALCS', 'CHF', 'GPF'),
  manufacturer_id: hex(4),
  model_id: hex(4),
  hardware_version: hex(4),
  firmware_version: hex(8),
  smets_version: version,
  gbcs_version: version,
  image_hash: fc.oneof(fc.constant(''), fc.stringMatching(/^[0-9a-f]{64}$/)),
  status: fc.constantFrom('Active', 'Cancelled', 'Expired', 'Withdrawn'),
  upgradeable_from: fc.oneof(
    fc.constant('N/A'),
    fc.array(id, { minLength: 1, maxLength: 3 }).map((ids) => ids.join('; ')),
  ),
  smets1: fc.constantFrom('yes', 'no'),
  certificates: fc.array(certificate, { maxLength: 3 }).map((all) => all.join('; ')),
});

/** An entry as one row of the Panel's list. */
function rowOf(entry: CplEntry): string {
  const certificates = entry.certificates.map(({ kind, reference, expires, renewal }) =>
    [kind, reference, ...(expires ? [expires] : []), ...(renewal ? [`renewal=${renewal}`] : [])].join(':'),
  );
  const from = entry.upgradeableFrom === 'N/A' ? 'N/A' : entry.upgradeableFrom.join(';');
  return [
    entry.entry,
    entry.deviceType,
    entry.manufacturerId,
    entry.modelId,
    entry.hardwareVersion,
    entry.firmwareVersion,
    entry.smetsVersion,
    entry.gbcsVersion,
    entry.imageHash ?? '',
    entry.status,
    from,
    entry.smets1 ? 'Y' : 'N',
    certificates.join(';'),
  ]
    .map(cell)
    .join(',');
}

it('reads back what was written from what was read', () => {
  const list = fc.uniqueArray(fc.tuple(id, row), { selector: ([one]) => one, minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(list, fc.constantFrom('\n', '\r\n'), (rows, newline) => {
      const { entries } = read(
        csv(
          rows.map(([entry_id, cells]) => ({ ...cells, entry_id })),
          { newline },
        ),
      );
      const again = utf8([CPL_COLUMNS.join(','), ...entries.map(rowOf)].join(newline));
      expect(read(again).entries).toEqual(entries);
    }),
  );
});
