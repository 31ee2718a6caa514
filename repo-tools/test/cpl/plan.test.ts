// What an import makes of the published library: numbers, shards, words, and what is refused.
import { sha256 } from '@cfl/client/encoding';
import { type CplIndex, cplIndex, cplShard, parseReleaseId } from '@cfl/client/firmware';
import { parseRoleName } from '@cfl/client/tuf';
import { describe, expect, it } from 'vitest';
import { ChangeError } from '../../src/change/errors.ts';
import { type CplImport, importCpl } from '../../src/cpl/import.ts';
import { applied, csv, emptyLibrary, many, NOW, type Row, type Stub } from './stub.ts';

const CPL = parseRoleName('cpl');
const importing = (
  published: Stub,
  rows: readonly Row[],
  date: string,
  more: { readonly skipRows?: string } = {},
) => importCpl({ published, name: `cpl-${date}.csv`, octets: csv(rows), now: NOW, ...more });

const refusal = (work: Promise<CplImport>): Promise<string[]> =>
  work.then(
    () => ['It was accepted'],
    (error: unknown) => {
      if (error instanceof ChangeError) return [error.message, error.hint];
      throw error;
    },
  );

function indexIn({ change }: CplImport): CplIndex {
  const octets = [...change.targets].find(([path]) => path === 'cpl/index.json')?.[1];
  return cplIndex.parse(octets ?? new Uint8Array());
}

const paths = ({ change }: CplImport) => [...change.targets.keys()].sort();
const ROWS = many(35, (i) => ({ manufacturer_id: i <= 20 ? 'FFF1' : i <= 30 ? 'FFF2' : 'FFF3' }));

describe('the first snapshot', () => {
  it('writes a shard a manufacturer code, the index and the next version of the role', async () => {
    const published = await emptyLibrary();
    const plan = await importing(published, ROWS, '2026-11-11');
    expect(paths(plan)).toEqual(['cpl/1/FFF1.json', 'cpl/1/FFF2.json', 'cpl/1/FFF3.json', 'cpl/index.json']);
    expect(indexIn(plan)).toEqual({
      format: 'cfl/cpl-index/1',
      snapshot: 1,
      date: '2026-11-11T00:00:00Z',
      source: { name: 'cpl-2026-11-11.csv', sha256: await sha256(csv(ROWS)) },
      entries: 35,
      shards: [
        { code: 'FFF1', snapshot: 1, entries: 20 },
        { code: 'FFF2', snapshot: 1, entries: 10 },
        { code: 'FFF3', snapshot: 1, entries: 5 },
      ],
    });
    const { change, summary } = plan;
    expect(change).toMatchObject({
      title: 'CPL snapshot 1 of 2026-11-11',
      words: ['35 rows: 35 new'],
      library: published.library,
    });
    expect(change.upon).toEqual(new Map([[CPL, 1]]));
    expect(change.metadata.get(CPL)?.signed.version).toBe(2);
    expect(summary.written).toEqual(['FFF1', 'FFF2', 'FFF3']);
  });

  it('lists in the role exactly the octets that the change brings', async () => {
    const { change } = await importing(await emptyLibrary(), ROWS, '2026-11-11');
    const role = change.metadata.get(CPL)?.signed;
    const listed = role && 'targets' in role ? role.targets : new Map();
    expect([...listed.keys()].sort()).toEqual([...change.targets.keys()].sort());
    for (const [path, octets] of change.targets) {
      expect(listed.get(path)?.length).toBe(octets.length);
      expect(listed.get(path)?.hashes.get('sha256')).toBe(await sha256(octets));
    }
  });
});

describe('the next snapshot', () => {
  const next = async (
    rows: readonly Row[],
    date = '2026-11-18',
    more: { readonly skipRows?: string } = {},
  ) => {
    const first = applied(
      await emptyLibrary(),
      (await importing(await emptyLibrary(), ROWS, '2026-11-11')).change,
    );
    return { first, plan: await importing(first, rows, date, more) };
  };
  const row = (i: number, change: Row) => ROWS.map((old, at) => (at === i - 1 ? { ...old, ...change } : old));

  it('says what became different, in words', async () => {
    const rows = [
      ...row(3, { status: 'Cancelled' }),
      { manufacturer_id: 'FFF2' },
      { manufacturer_id: 'FFF2' },
    ];
    const { plan } = await next(rows);
    expect(plan.change.words).toEqual([
      '37 rows: 34 unchanged, 2 new, 1 no longer Active (CPL-000003)',
      '  CPL-000003: status is now Cancelled, was Active',
    ]);
  });

  it('writes the shards whose rows changed, and leaves the others where they stand', async () => {
    const { plan } = await next(row(25, { status: 'Cancelled' }));
    expect(paths(plan)).toEqual(['cpl/2/FFF2.json', 'cpl/index.json']);
    expect(indexIn(plan).shards).toEqual([
      { code: 'FFF1', snapshot: 1, entries: 20 },
      { code: 'FFF2', snapshot: 2, entries: 10 },
      { code: 'FFF3', snapshot: 1, entries: 5 },
    ]);
    expect(plan.change.metadata.get(CPL)?.signed).toMatchObject({ version: 3 });
  });

  it('takes rows in another order for the same rows, and says that they still hold', async () => {
    const octets = csv(ROWS);
    const [header, ...lines] = new TextDecoder().decode(octets).trim().split('\n');
    const { first } = await next(ROWS);
    const turned = new TextEncoder().encode([header, ...lines.reverse()].join('\n'));
    const plan = await importCpl({
      published: first,
      name: 'cpl.csv',
      octets: turned,
      date: '2026-11-18',
      now: NOW,
    });
    expect(paths(plan)).toEqual(['cpl/index.json']);
    expect(plan.change.words).toEqual(['35 rows: 35 unchanged']);
    expect(indexIn(plan)).toMatchObject({ snapshot: 2, date: '2026-11-18T00:00:00Z' });
  });

  it('names each field that changed, a hash that was associated or replaced above all', async () => {
    const rows = row(2, { image_hash: 'ab'.repeat(32) }).map((old, at) =>
      at === 4 ? { ...old, image_hash: '' } : old,
    );
    const { plan } = await next(rows);
    expect(plan.change.words).toEqual([
      '35 rows: 33 unchanged, 2 otherwise changed (CPL-000002, CPL-000005)',
      '  CPL-000002: imageHash is now abababababab, was 7d7d7d7d7d7d',
      '  CPL-000005: imageHash is now absent, was 7d7d7d7d7d7d',
    ]);
  });

  it('names what is gone, and a manufacturer with no entry left has no shard', async () => {
    const { plan } = await next(ROWS.slice(0, 28));
    expect(plan.change.words).toEqual([
      '28 rows: 28 unchanged, 7 no longer on the list (CPL-000029, CPL-000030, CPL-000031, CPL-000032, CPL-000033, and 2 more)',
    ]);
    expect(indexIn(plan).shards.map(({ code, snapshot }) => `${code} ${snapshot}`)).toEqual([
      'FFF1 1',
      'FFF2 2',
    ]);
  });

  it('keeps a snapshot that was published as it is', async () => {
    const { first, plan } = await next(row(25, { status: 'Cancelled' }));
    const signed = plan.change.metadata.get(CPL)?.signed;
    const listed = signed && 'targets' in signed ? [...signed.targets.keys()] : [];
    expect(listed).toEqual(expect.arrayContaining(['cpl/1/FFF1.json', 'cpl/1/FFF2.json', 'cpl/2/FFF2.json']));
    const old = cplShard.parse(applied(first, plan.change).files.get('cpl/1/FFF2.json') ?? new Uint8Array());
    expect(old.entries.find(({ entry }) => entry === 'CPL-000025')?.status).toBe('Active');
  });

  it('says in the change which rows were left out', async () => {
    const { plan } = await next(row(3, { model_id: '1' }), '2026-11-18', { skipRows: '4' });
    expect(plan.change.words).toEqual([
      '34 rows: 34 unchanged, 1 no longer on the list (CPL-000003)',
      'Left out as asked: row 4',
    ]);
  });

  it.each(['2026-11-10', '2026-11-11'])('refuses the older list of %s', async (date) => {
    const { first } = await next(ROWS);
    expect(await refusal(importing(first, ROWS, date))).toEqual([
      `Cannot import "cpl-${date}.csv": it is of ${date}, and snapshot 1 is of 2026-11-11`,
      "Import the Panel's newest list; the list never goes back. If the date is wrong: --date YYYY-MM-DD",
    ]);
  });
});

describe('the date of a list', () => {
  const on = async (request: { readonly name: string; readonly date?: string }) =>
    importCpl({ published: await emptyLibrary(), octets: csv([{}]), now: NOW, ...request });

  it('stands in its name, or is given', async () => {
    expect(indexIn(await on({ name: 'cpl-2026-11-18.csv' })).date).toBe('2026-11-18T00:00:00Z');
    expect(indexIn(await on({ name: 'cpl-2026-11-18.csv', date: '2026-11-19' })).date).toBe(
      '2026-11-19T00:00:00Z',
    );
  });

  it.each([
    [{ name: 'cpl.csv' }, 'its name says no date, such as cpl-2026-11-18.csv'],
    [{ name: 'cpl-2026-02-30.csv' }, '"2026-02-30" is not a day, expected one such as 2026-11-18'],
    [{ name: 'cpl.csv', date: '18/11/2026' }, '"18/11/2026" is not a day, expected one such as 2026-11-18'],
    [{ name: 'cpl-2062-11-18.csv' }, 'its date 2062-11-18 is still to come'],
  ])('refuses %o', async (request, reason) => {
    const [message] = await refusal(on(request));
    expect(message).toBe(`Cannot import "${request.name}": ${reason}`);
  });
});

it.each(['17;23', '0', '', '2-4'])('refuses --skip-rows %s', async (skipRows) => {
  const [message, hint] = await refusal(importing(await emptyLibrary(), ROWS, '2026-11-11', { skipRows }));
  expect(message).toMatch(/^Cannot read ".*" as rows: found ".*", expected numbers with commas between$/);
  expect(hint).toBe('Write them like this: --skip-rows 17,23');
});

it('refuses where nothing delegates to the role cpl', async () => {
  const { library, trusted, read } = await emptyLibrary();
  const published = { library, trusted, read, role: async () => undefined };
  const [message] = await refusal(
    importCpl({ published, name: 'cpl-2026-11-18.csv', octets: csv([{}]), now: NOW }),
  );
  expect(message).toBe('Cannot import "cpl-2026-11-18.csv": nothing delegates to the role cpl');
});

it('refuses where a shard that the index names is not published', async () => {
  const published = await emptyLibrary();
  const { change } = await importing(published, ROWS, '2026-11-11');
  const whole = applied(published, change);
  const files = new Map([...whole.files].filter(([path]) => path !== 'cpl/1/FFF2.json'));
  const [message] = await refusal(
    importing(applied(await emptyLibrary(files), { ...change, targets: new Map() }), ROWS, '2026-11-18'),
  );
  expect(message).toBe(
    'Cannot read CPL snapshot 1: "cpl/1/FFF2.json" is not published, and cpl/index.json names it',
  );
});

describe('what follows for the releases', () => {
  const release = parseReleaseId('e4'.repeat(32));
  const row = {
    release,
    deviceType: 'ESME',
    models: ['0A01'],
    hardware: ['0100', '01FF'],
    firmwareVersion: '00000001',
    imageType: '0000',
    imageHash: '7d'.repeat(32),
    class: 'fix',
    published: '2026-11-12T09:00:00Z',
    upgradesFrom: 'any',
    supersedes: [],
    supersededBy: [],
    entries: ['CPL-000001'],
    number: 1,
    size: 241_940,
    originator: 'example-meters',
  };
  const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  const catalogue = new Map([
    [
      'catalogue/index.json',
      json({ format: 'cfl/catalogue-index/1', shards: [{ code: 'FFF1', shard: 0, releases: 1 }] }),
    ],
    ['catalogue/FFF1-0.json', json({ format: 'cfl/catalogue/1', code: 'FFF1', releases: [row] })],
  ]);

  it('is said when a release becomes suspended, and when that is lifted', async () => {
    const empty = await emptyLibrary(catalogue);
    const active = await importing(empty, [{}], '2026-11-11');
    const one = applied(empty, active.change);
    const cancelled = await importing(one, [{ status: 'Cancelled' }], '2026-11-18');
    expect(cancelled.summary.suspended).toMatchObject([{ release }]);
    expect(cancelled.change.words).toEqual([
      '1 row: 1 no longer Active (CPL-000001)',
      '  CPL-000001: status is now Cancelled, was Active',
      'What follows: release e4e4e4e4e4e4 is suspended, no entry of it is Active: CPL-000001 is Cancelled',
    ]);
    const again = await importing(applied(one, cancelled.change), [{}], '2026-11-19');
    expect(again.change.words.at(-1)).toBe(
      'What follows: release e4e4e4e4e4e4 is suspended no more: current',
    );
    expect(again.summary).toMatchObject({ suspended: [], activeAgain: ['CPL-000001'] });
  });
});
