// What `cfl` says, good and bad, silence included: results on stdout, everything else on stderr.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import {
  type CplEntry,
  imagePath,
  parseEntryId,
  parseImageHash,
  parseManufacturerCode,
} from '../../src/firmware/index.ts';
import { consistentName, parseTargetPath } from '../../src/tuf/index.ts';
import { digestOf, FFF1, FFF2, type MadeRelease, TestLibrary, type Written } from '../library/fixture.ts';
import { Supplier } from '../library/reader.ts';
import { serve } from '../library/server.ts';

let library: TestLibrary;
let place: Written;
let old: MadeRelease;
let current: MadeRelease;
let gas: MadeRelease;
let withdrawn: MadeRelease;
let suspended: MadeRelease;

beforeAll(async () => {
  library = await TestLibrary.make();
  old = await library.add({ fileVersion: 0x01000201, body: 'old' });
  current = await library.add({ supersedes: [old.release] });
  gas = await library.add({ code: FFF2, deviceType: 'GSME', body: 'gas' });
  withdrawn = await library.add({ fileVersion: 0x0200000a, body: 'withdrawn' });
  suspended = await library.add({ deviceType: 'PPMID', body: 'suspended' });
  library.withdraw(withdrawn.release);
  library.change(suspended.entry.entry, { status: 'Withdrawn' });
  place = await library.write();
});

const TOP = [
  '  ok  root          version 1, 2 of 3 signatures',
  '  ok  timestamp     version 1, good until 2026-11-23 09:00 UTC',
  '  ok  snapshot      version 1',
];
const short = (made: MadeRelease) => made.release.slice(0, 12);
const shortHash = (made: MadeRelease) => made.row.imageHash.slice(0, 12);
const fileName = (made: MadeRelease) => `${made.code}-0000-${made.row.firmwareVersion}-${made.row.imageHash}`;

/** A copy of the library that a test may damage or publish further. */
async function copy(): Promise<Written> {
  const folder = await mkdtemp(join(tmpdir(), 'cfl-copy-'));
  await cp(place.folder, folder, { recursive: true });
  return { ...place, folder };
}

describe('init', () => {
  it('trusts a library whose first root has the digest that was read out', async () => {
    const supplier = await Supplier.make();
    const spaced = place.rootSha256.toUpperCase().replace(/(.{4})/g, '$1 ');
    expect(await supplier.run('init', place.folder, '--root-sha256', spaced)).toMatchObject({
      exit: 0,
      out: [],
      err: ['Trusted "Example Firmware Library": root version 1, 2 of 3 signatures, SHA-256 as given'],
    });
    expect((await supplier.run('refresh')).exit).toBe(0);
  });

  it('trusts the root in a file, and shows its digest', async () => {
    const supplier = await Supplier.make();
    expect((await supplier.run('init', place.folder, '--root', place.rootFile)).err).toEqual([
      `Trusted "Example Firmware Library": root version 1, 2 of 3 signatures, SHA-256 ${place.rootSha256}`,
    ]);
    const { out } = await supplier.run('init', place.folder, '--root', place.rootFile, '--json');
    expect(JSON.parse(out.join())).toEqual({
      format: 'cfl/init/1',
      name: 'Example Firmware Library',
      url: place.folder,
      rootVersion: 1,
      rootSha256: place.rootSha256,
    });
  });

  it('refuses a first root of another digest, and remembers nothing', async () => {
    const supplier = await Supplier.make();
    const { exit, out, err } = await supplier.run('init', place.folder, '--root-sha256', '0'.repeat(64));
    expect({ exit, out }).toEqual({ exit: 1, out: [] });
    expect(err).toEqual([
      `Cannot trust the first root of ${place.folder}: its SHA-256 is ${place.rootSha256}, expected ${'0'.repeat(64)}`,
      'Check the digest with the operator, by another way than this address. If it is right, this copy is not the library',
    ]);
    expect(await supplier.memory()).toEqual(new Map());
  });

  it('refuses the root of another library, and remembers nothing', async () => {
    const other = await (await TestLibrary.make()).write();
    const supplier = await Supplier.make();
    const { exit, err } = await supplier.run('init', place.folder, '--root', other.rootFile);
    expect(exit).toBe(1);
    expect(err[0]).toBe('Cannot accept timestamp version 1: it has 0 good signatures of the 1 it needs');
    expect(await supplier.memory()).toEqual(new Map());
  });

  it('refuses a file that is no root', async () => {
    const supplier = await Supplier.make();
    const { exit, err } = await supplier.run(
      'init',
      place.folder,
      '--root',
      join(place.folder, 'metadata', 'timestamp.json'),
    );
    expect(exit).toBe(1);
    expect(err[0]).toBe('Cannot read the metadata of root: roles is missing, expected an object');
    expect((await supplier.run('init', place.folder, '--root', 'nowhere.json')).err).toEqual([
      'Cannot open "nowhere.json": there is no such file or folder',
      'Check the path, and that you may read and write there',
    ]);
  });

  it('takes a new address of the same library, and no other root', async () => {
    const supplier = await Supplier.of(place);
    const before = await supplier.memory();
    const other = await (await TestLibrary.make()).write();
    const { exit, err } = await supplier.run('init', other.folder, '--root', other.rootFile);
    expect(exit).toBe(1);
    expect(err).toEqual([
      `Cannot pin this root in "${supplier.home}": another root is pinned there, of "Example Firmware Library"`,
      'Keep a second library in a folder of its own: --home DIR',
    ]);
    expect(await supplier.memory()).toEqual(before);
    expect(
      (await supplier.run('init', other.folder, '--root', other.rootFile, '--home', `${supplier.home}-2`))
        .exit,
    ).toBe(0);

    const moved = await copy();
    expect((await supplier.run('init', moved.folder, '--root-sha256', place.rootSha256)).exit).toBe(0);
    expect(JSON.parse((await supplier.run('refresh', '--json')).out.join())).toMatchObject({
      url: moved.folder,
    });
  });

  test.each([
    ['no root', [], 'Cannot pin a library: expected --root or --root-sha256, found neither'],
    [
      'two roots',
      ['--root', 'a', '--root-sha256', 'b'],
      'Cannot pin a library: expected --root or --root-sha256, found both',
    ],
    [
      'half a digest',
      ['--root-sha256', '9b41e07c'],
      'Cannot read "9b41e07c" as a SHA-256: expected 64 hex digits, found 8 characters',
    ],
  ])('%s is exit 2', async (_name, options, message) => {
    const supplier = await Supplier.make();
    expect(await supplier.run('init', place.folder, ...options)).toMatchObject({
      exit: 2,
      out: [],
      err: [message, expect.any(String)],
    });
  });

  test.each(['ftp://library.example', 'https://', 'http://a b'])('"%s" is no address', async (url) => {
    const supplier = await Supplier.make();
    const { exit, err } = await supplier.run('init', url, '--root-sha256', '0'.repeat(64));
    expect({ exit, err }).toEqual({
      exit: 2,
      err: [
        `Cannot read "${url}" as the address of a library: expected https://…, http://… or a folder`,
        'Ask the operator for the address',
      ],
    });
  });

  it('an address without a library is exit 3', async () => {
    const supplier = await Supplier.make();
    const empty = await mkdtemp(join(tmpdir(), 'cfl-empty-'));
    expect(await supplier.run('init', empty, '--root-sha256', '0'.repeat(64))).toMatchObject({
      exit: 3,
      err: [
        `Cannot get the first root of ${empty}: it is not there`,
        'Check the address: it is the one above "metadata" and "targets"',
      ],
    });
  });
});

describe('refresh', () => {
  it('says what is trusted now', async () => {
    const supplier = await Supplier.of(place);
    expect(await supplier.run('refresh')).toMatchObject({ exit: 0, out: [], err: TOP });
    expect(JSON.parse((await supplier.run('refresh', '--json')).out.join())).toEqual({
      format: 'cfl/refresh/1',
      name: 'Example Firmware Library',
      url: place.folder,
      root: 1,
      timestamp: 1,
      snapshot: 1,
      goodUntil: '2026-11-23T09:00:00Z',
    });
  });

  it('refuses a library that was not renewed', async () => {
    const supplier = await Supplier.of(place);
    supplier.now = new Date('2026-11-25T10:00:00Z');
    expect(await supplier.run('refresh')).toMatchObject({
      exit: 1,
      err: [
        TOP[0],
        'Cannot accept timestamp version 1: it expired on 2026-11-23 09:00 UTC, 2 days ago',
        'Nothing is known to be wrong, but nothing newer can be ruled out. Ask the operator to renew it',
      ],
    });
  });

  it('refuses an older copy than it has seen, for people and for programs', async () => {
    const before = await copy();
    const after = await copy();
    const version = library.version;
    await library.write(after.folder);
    library.version = version;
    const supplier = await Supplier.of(after);
    expect((await supplier.run('init', before.folder, '--root', place.rootFile)).err[0]).toBe(
      'Cannot accept timestamp version 1: version 2 was already trusted',
    );
    await rm(after.folder, { recursive: true });
    await cp(before.folder, after.folder, { recursive: true });
    const kept = await supplier.memory();
    const { exit, out, err } = await supplier.run('fetch', current.release, '--json');
    expect({ exit, err }).toEqual({ exit: 1, err: [] });
    expect(JSON.parse(out.join())).toEqual({
      format: 'cfl/error/1',
      code: 'ROLLBACK',
      kind: 'refused',
      message: 'Cannot accept timestamp version 1: version 2 was already trusted',
      found: 1,
      expected: 2,
      hint: 'This copy of the library is older than what you have seen. Do not use it; tell the operator',
    });
    expect(await supplier.memory()).toEqual(kept);
  });

  it('tries a server three times, and says what is left', async () => {
    const server = await serve(place.folder);
    const supplier = await Supplier.make();
    await supplier.run('init', server.url, '--root', place.rootFile);
    await server.close();
    const { exit, out, err, waits } = await supplier.run('refresh');
    expect({ exit, out, waits }).toEqual({ exit: 3, out: [], waits: [2000, 5000] });
    expect(err).toEqual([
      `Cannot reach ${server.url}/metadata/2.root.json: connection refused, 3 attempts in 7 s`,
      'Check the address and the network, and try again. What you have is good until 2026-11-23 09:00 UTC',
    ]);
  });

  it('needs a pinned library', async () => {
    const supplier = await Supplier.make();
    for (const argv of [['refresh'], ['list'], ['show', 'x'], ['fetch', 'x']]) {
      expect(await supplier.run(...argv)).toMatchObject({
        exit: 2,
        out: [],
        err: [
          `Cannot read a library: none is pinned in "${supplier.home}"`,
          'Run: cfl init URL --root FILE, or --root-sha256 with the digest that the operator reads out',
        ],
      });
    }
  });

  it('says which file of its own is damaged', async () => {
    const supplier = await Supplier.of(place);
    await writeFile(join(supplier.home, 'library.json'), '{"format":"cfl/pinned/1"}');
    const { exit, err } = await supplier.run('refresh');
    expect(exit).toBe(1);
    expect(err[0]).toBe(
      `Cannot use the folder "${supplier.home}": "library.json": url holds nothing, expected an address or a folder`,
    );
  });
});

describe('list', () => {
  const heads = 'CODE  TYPE   MODEL  HARDWARE    FIRMWARE  PUBLISHED   STATE       IMAGE';
  const line = (made: MadeRelease, state: string) =>
    `${made.code}  ${made.row.deviceType.padEnd(5)}  0A01   0100..01FF  ${made.row.firmwareVersion}  2026-11-18  ${state.padEnd(10)}  ${shortHash(made)}`;

  it('shows every release with its state', async () => {
    const supplier = await Supplier.of(place);
    const { exit, out, err } = await supplier.run('list');
    expect({ exit, err }).toEqual({
      exit: 0,
      err: ['5 releases; state of 2026-11-20 09:00 UTC, good until 2026-11-23 09:00 UTC'],
    });
    expect(out[0]).toBe(heads);
    expect([...out.slice(1)].sort()).toEqual(
      [
        line(old, 'superseded'),
        line(current, 'current'),
        line(withdrawn, 'withdrawn'),
        line(suspended, 'suspended'),
        line(gas, 'current'),
      ].sort(),
    );
    expect(out.at(-1)).toBe(line(gas, 'current'));
  });

  it('shows what was asked for', async () => {
    const supplier = await Supplier.of(place);
    const images = async (...argv: string[]) =>
      (await supplier.run('list', ...argv)).out
        .slice(1)
        .map((row) => row.slice(-12))
        .sort();
    expect(await images('--manufacturer', 'fff2')).toEqual([shortHash(gas)]);
    expect(await images('--type', 'PPMID')).toEqual([shortHash(suspended)]);
    expect(await images('--state', 'current')).toEqual([shortHash(current), shortHash(gas)].sort());
    expect(await images('--type', 'ESME', '--state', 'superseded')).toEqual([shortHash(old)]);
    expect(await supplier.run('list', '--manufacturer', 'FFF9')).toMatchObject({
      exit: 0,
      out: [],
      err: ['0 releases; state of 2026-11-20 09:00 UTC, good until 2026-11-23 09:00 UTC'],
    });
  });

  it('gives programs everything', async () => {
    const supplier = await Supplier.of(place);
    const { out, err } = await supplier.run('list', '--json', '--state', 'withdrawn');
    expect(err).toEqual([]);
    expect(JSON.parse(out.join())).toEqual({
      format: 'cfl/list/1',
      asOf: '2026-11-20T09:00:00Z',
      goodUntil: '2026-11-23T09:00:00Z',
      releases: [
        {
          ...withdrawn.row,
          code: FFF1,
          state: 'withdrawn',
          reason: 'withdrawn on 2026-10-14 by Example Meters, "battery drain"',
          supersededBy: [],
        },
      ],
    });
  });

  test.each([
    [
      '--type',
      'IHD',
      'Cannot read "IHD" as a device type: it is a Type 2 device, and those are not on the Central Products List',
    ],
    ['--manufacturer', 'FFF', 'Cannot read "FFF" as a manufacturer code: expected 4 hex digits'],
    [
      '--state',
      'new',
      'Cannot read "new" as a state: expected one of current, superseded, suspended, withdrawn',
    ],
  ])('%s %s is exit 2', async (option, value, message) => {
    const supplier = await Supplier.of(place);
    expect(await supplier.run('list', option, value)).toMatchObject({
      exit: 2,
      out: [],
      err: [message, 'Run: cfl list --help'],
    });
  });

  it('a library that has nothing yet holds nothing', async () => {
    const young = await TestLibrary.make();
    const supplier = await Supplier.of(await young.write());
    expect(await supplier.run('list')).toMatchObject({ exit: 0, out: [] });
  });
});

describe('list --absent', () => {
  it('shows what the CPL allows and nobody submitted, why, and whom to ask', async () => {
    const young = await TestLibrary.make();
    const held = await young.add({});
    const entry = (id: string, to: Partial<CplEntry> = {}) => ({
      ...held.entry,
      entry: parseEntryId(id),
      ...to,
    });
    const other = parseImageHash('cd'.repeat(32));
    const { imageHash: _, ...waits } = entry('CPL-900002');
    const stranger = parseManufacturerCode('FFF9');
    young.entries.push(
      entry('CPL-900001', { imageHash: other }),
      waits,
      entry('CPL-900003', { imageHash: other, status: 'Cancelled' }),
      entry('CPL-900004', { manufacturerId: stranger, imageHash: other }),
    );
    const supplier = await Supplier.of(await young.write());
    const { exit, out, err } = await supplier.run('list', '--absent');
    expect({ exit, out, err }).toMatchInlineSnapshot(`
      {
        "err": [
          "3 entries of the CPL without a release; state of 2026-11-20 09:00 UTC, good until 2026-11-23 09:00 UTC",
        ],
        "exit": 0,
        "out": [
          "ENTRY       CODE  TYPE  MODEL  HARDWARE  FIRMWARE  WHY                           ASK",
          "CPL-900001  FFF1  ESME  0A01   0102      01000203  commercial, or not submitted  Example Meters",
          "CPL-900002  FFF1  ESME  0A01   0102      01000203  no hash on the CPL yet        Example Meters",
          "CPL-900004  FFF9  ESME  0A01   0102      01000203  commercial, or not submitted  nobody here makes this code",
        ],
      }
    `);
    expect((await supplier.run('list', '--absent', '--type', 'GSME')).out).toEqual([]);
    const { out: json } = await supplier.run('list', '--absent', '--manufacturer', 'FFF9', '--json');
    expect(JSON.parse(json.join())).toMatchObject({
      format: 'cfl/absent/1',
      absent: [{ entry: { entry: 'CPL-900004' }, why: 'commercial, or not submitted' }],
    });
  });

  it('has no states', async () => {
    const supplier = await Supplier.of(place);
    expect(await supplier.run('list', '--absent', '--state', 'current')).toMatchObject({ exit: 2, out: [] });
  });
});

describe('show', () => {
  it('says what the manufacturer signed, and what the CPL says', async () => {
    const supplier = await Supplier.of(place);
    const { exit, out, err } = await supplier.run('show', short(current));
    expect({ exit, err }).toEqual({ exit: 0, err: [] });
    expect(out).toEqual([
      'Example Meters ESME 0A01, firmware 01000203: current since 2026-11-18',
      `  CPL hash  ${current.row.imageHash}`,
      `  release   ${current.release}`,
      '  hardware  0100 to 01FF',
      '  upgrades  from any version',
      '  class     compliance',
      '  entries   CPL-000413  model 0A01  hardware 0102  Active',
      '  size      460 octets',
      expect.stringMatching(
        /^ {2}made by {3}Example Meters; certificate [0-9A-F]{4} of "Example Issuing CA", P-256$/,
      ),
      '  signed    2026-11-18 10:02:11 UTC, stamped by "Example Time Authority", statement 1',
      '  endorsed  by no supplier',
      '  admitted  2026-11-18 10:05:40 UTC, rules 2026-11-1: 2 passed',
      '  contact   firmware@meters.example',
    ]);
  });

  it('names the state and its reason', async () => {
    const supplier = await Supplier.of(place);
    const title = async (made: MadeRelease) => (await supplier.run('show', made.release)).out[0];
    expect(await title(old)).toBe(
      `Example Meters ESME 0A01, firmware 01000201: superseded by ${short(current)}`,
    );
    expect(await title(withdrawn)).toBe(
      'Example Meters ESME 0A01, firmware 0200000A: withdrawn on 2026-10-14 by Example Meters, "battery drain"',
    );
    expect(await title(suspended)).toBe(
      'Example Meters PPMID 0A01, firmware 01000203: suspended, no entry of it is Active: CPL-000416 is Withdrawn',
    );
    expect(JSON.parse((await supplier.run('show', suspended.release, '--json')).out.join())).toMatchObject({
      format: 'cfl/show/1',
      release: suspended.release,
      state: 'suspended',
      cplSnapshot: 2,
      entries: [{ entry: 'CPL-000416', status: 'Withdrawn' }],
      statement: suspended.statement.predicate,
    });
  });
});

describe('a name', () => {
  it('may be the release, its CPL hash, a beginning of either, or an entry', async () => {
    const supplier = await Supplier.of(place);
    for (const name of [
      current.release,
      current.row.imageHash,
      current.release.slice(0, 8),
      shortHash(current).toUpperCase(),
      'CPL-000413',
    ]) {
      expect((await supplier.run('show', name)).out[2]).toBe(`  release   ${current.release}`);
    }
  });

  it('that nothing has is refused', async () => {
    const supplier = await Supplier.of(place);
    expect((await supplier.run('show', '00000000')).err).toEqual([
      'Cannot find the release "00000000": nothing in the library has this hash or CPL entry',
      'Run: cfl list',
    ]);
    expect((await supplier.run('show', current.release.slice(0, 7))).err[1]).toBe(
      'Give at least 8 digits of its hash',
    );
    expect(await supplier.run('show', 'CPL-00041')).toMatchObject({ exit: 1 });
  });

  it('that several have is exit 2, and they are listed', async () => {
    const twins = await TestLibrary.make();
    const one = await twins.add({ deviceType: 'ESME' });
    const other = await twins.add({ deviceType: 'PPMID', header: { minHardwareVersion: 0 } });
    const supplier = await Supplier.of(await twins.write());
    const { exit, out, err } = await supplier.run('fetch', one.row.imageHash);
    expect({ exit, out }).toEqual({ exit: 2, out: [] });
    expect(err.slice(3)).toEqual([
      `Cannot choose a release for "${one.row.imageHash}": 2 match`,
      `  ${one.release.slice(0, 16)}  FFF1 ESME 0A01  hardware 0100..01FF  firmware 01000203`,
      `  ${other.release.slice(0, 16)}  FFF1 PPMID 0A01  hardware 0100..01FF  firmware 01000203`,
      'Name one by the digits above',
    ]);
    // Their reference file name is the same: the second is not put in the place of the first
    expect((await supplier.fetch(one.release)).exit).toBe(0);
    const before = await supplier.read(`${fileName(one)}.zigbee`);
    const refusal = await supplier.fetch(other.release);
    expect(refusal).toMatchObject({ exit: 1, out: [] });
    expect(refusal.err.at(-2)).toBe(
      `Cannot write "${fileName(one)}.zigbee": another file of this name is there`,
    );
    expect(await supplier.read(`${fileName(one)}.zigbee`)).toEqual(before);
    expect(
      JSON.parse(new TextDecoder().decode(await supplier.read(`${fileName(one)}.evidence.json`))),
    ).toMatchObject({ release: one.release });
  });
});

describe('fetch', () => {
  const checks = (state = 'current; 1 of 1 CPL entries Active in snapshot 2') => [
    ...TOP,
    '  ok  manufacturer  role m-fff1 version 1, signed by Example Meters, listed in snapshot 1',
    `  ok  state         ${state}`,
    '  ok  statement     Example Meters, 2026-11-18',
    "  ok  image         its SHA-256 is the CPL's hash",
    '  ok  header        11 of 11 fields as the manufacturer signed them',
  ];
  const TRIAL =
    'This is a trial library: images and notes lie in it for everyone to read. Deploy nothing from it';
  const ADVICE = 'Read the notes and test the image before you deploy it';

  it('says each check, writes three files, and prints where they are', async () => {
    const supplier = await Supplier.of(place);
    const { exit, out, err } = await supplier.fetch(short(current));
    expect({ exit, err }).toEqual({ exit: 0, err: [...checks(), TRIAL, ADVICE] });
    const names = ['zigbee', 'notes.md', 'evidence.json'].map((ending) => `${fileName(current)}.${ending}`);
    expect(out).toEqual(names.map((name) => join(supplier.to, name)));
    expect(await supplier.files()).toEqual([...names].sort());
    expect(new Uint8Array(await supplier.read(names[0] ?? ''))).toEqual(current.octets);
    expect(new Uint8Array(await supplier.read(names[1] ?? ''))).toEqual(current.notes);
    expect(JSON.parse(new TextDecoder().decode(await supplier.read(names[2] ?? '')))).toMatchObject({
      format: 'cfl/evidence/1',
      release: current.release,
      state: 'current',
      verified: '2026-11-20T09:00:00Z',
      rootSha256: place.rootSha256,
      versions: { root: 1, timestamp: 1, snapshot: 1, targets: 1, 'm-fff1': 1, cpl: 2 },
      bundle: JSON.parse(new TextDecoder().decode(current.bundle)),
    });
    expect(await supplier.fetch(short(current))).toMatchObject({ exit: 0, out });
  });

  it('takes a statement under an Ed25519 key, and a superseded release', async () => {
    const supplier = await Supplier.of(place);
    expect(await supplier.fetch(gas.release)).toMatchObject({ exit: 0 });
    expect((await supplier.fetch(old.release)).err).toEqual([
      ...checks(`superseded by ${short(current)}; a CPL entry is Active in snapshot 2`),
      TRIAL,
      ADVICE,
    ]);
  });

  it('gives programs one document', async () => {
    const supplier = await Supplier.of(place);
    const { exit, out, err } = await supplier.fetch(current.release, '--json');
    expect({ exit, err, count: out.length }).toEqual({ exit: 0, err: [], count: 1 });
    expect(JSON.parse(out.join())).toMatchObject({
      format: 'cfl/fetch/1',
      release: current.release,
      state: 'current',
      trial: true,
      files: { image: join(supplier.to, `${fileName(current)}.zigbee`) },
    });
  });

  it('refuses a withdrawn release unless it is asked for by name', async () => {
    const supplier = await Supplier.of(place);
    expect(await supplier.fetch(withdrawn.release)).toMatchObject({
      exit: 1,
      out: [],
      err: [
        ...TOP,
        `Cannot fetch ${short(withdrawn)}: withdrawn on 2026-10-14 by Example Meters, "battery drain"`,
        'Nothing replaces it yet. To fetch it all the same: --withdrawn',
      ],
    });
    expect(await supplier.files()).toEqual([]);
    const asked = await supplier.fetch(withdrawn.release, '--withdrawn');
    expect(asked.exit).toBe(4);
    expect(asked.err).toContain(
      '  warn  state         withdrawn on 2026-10-14 by Example Meters, "battery drain"; read because it was asked for',
    );
    expect(asked.err.at(-1)).toBe('It was withdrawn: do not deploy it');
    expect(await supplier.files()).toHaveLength(3);
  });

  it('refuses a suspended release, and --withdrawn does not help', async () => {
    const supplier = await Supplier.of(place);
    for (const more of [[], ['--withdrawn']]) {
      const { exit, out, err } = await supplier.fetch(suspended.release, ...more);
      expect({ exit, out }).toEqual({ exit: 1, out: [] });
      expect(err.slice(-2)).toEqual([
        `Cannot fetch ${short(suspended)}: suspended, no entry of it is Active: CPL-000416 is Withdrawn`,
        'It may not be used until the CPL carries it again. Ask firmware@meters.example',
      ]);
    }
    expect(await supplier.files()).toEqual([]);
  });

  it('says nothing of a trial where the library is none', async () => {
    const real = await TestLibrary.make();
    const release = await real.add();
    real.trial = false;
    const supplier = await Supplier.of(await real.write());
    expect((await supplier.fetch(release.release)).err.slice(-2)).toEqual([checks().at(-1), ADVICE]);
  });

  it('works over HTTP, and asks for nothing twice', async () => {
    const server = await serve(place.folder);
    const supplier = await Supplier.make();
    await supplier.run('init', `${server.url}/`, '--root-sha256', place.rootSha256);
    server.asked.length = 0;
    expect(await supplier.fetch(current.release)).toMatchObject({ exit: 0 });
    expect(server.asked.filter((path, i) => server.asked.indexOf(path) !== i)).toEqual([]);
    await server.close();
  });

  const imageFile = () =>
    consistentName(parseTargetPath(imagePath(FFF1, current.release)), digestOf(current.octets));

  it('a transfer that ends early is exit 3, and leaves nothing', async () => {
    const server = await serve(place.folder);
    const supplier = await Supplier.make();
    await supplier.run('init', server.url, '--root-sha256', place.rootSha256);
    server.answers.set(`/targets/${imageFile()}`, (response) => {
      response.writeHead(200, { 'content-length': String(current.octets.length) });
      response.write(current.octets.subarray(0, 100), () => response.destroy());
    });
    const { exit, out, err } = await supplier.fetch(current.release);
    expect({ exit, out }).toEqual({ exit: 3, out: [] });
    expect(err.at(-2)).toMatch(/image\.ota: the transfer ended after 100 octets, 3 attempts in 7 s$/);
    expect(await supplier.files()).toEqual([]);
    server.answers.clear();
    expect(await supplier.fetch(current.release)).toMatchObject({ exit: 0 });
    await server.close();
  });

  it('a file that is not there is exit 3; a damaged one is exit 1; both leave nothing', async () => {
    const damaged = await copy();
    const supplier = await Supplier.of(damaged);
    const path = join(damaged.folder, 'targets', imageFile());
    const octets = await readFile(path);
    await rm(path);
    expect(await supplier.fetch(current.release)).toMatchObject({ exit: 3, out: [] });
    await writeFile(path, octets.with(200, (octets[200] ?? 0) ^ 1));
    const { exit, err } = await supplier.fetch(current.release);
    expect(exit).toBe(1);
    expect(err.at(-2)).toMatch(/image\.ota: its sha256 is [0-9a-f]{64}, [0-9a-f]{64} is signed$/);
    expect(await supplier.files()).toEqual([]);
    await writeFile(path, octets);
    expect(await supplier.fetch(current.release)).toMatchObject({ exit: 0 });
  });
});
