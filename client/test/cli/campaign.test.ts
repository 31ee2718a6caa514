// `cfl estate`, then `cfl assemble`: from a list of meters to a campaign that another program verifies.

import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Campaign, campaignFile } from '../../src/campaign/index.ts';
import { cfl } from '../../src/cli/cfl.ts';
import { memoryIo, runProgram } from '../../src/cli/index.ts';
import { decodeImage, manufacturerImage, slicesOf } from '../../src/firmware/index.ts';
import { createKeyFile } from '../../src/keys/index.ts';
import { hasToken, itWithToken, SoftToken } from '../keys/softhsm.ts';
import { FFF2, type MadeRelease, NOW, TestLibrary, type Written } from '../library/fixture.ts';
import { type Outcome, Supplier } from '../library/reader.ts';

const HEAD = 'eui64,manufacturer,model,hardware_version,firmware_version,device_type';
const METERS = 120_001;

function id(n: number): string {
  const hex = n.toString(16).toUpperCase().padStart(16, '0');
  return hex.match(/../g)?.join('-') ?? '';
}
const meters = (from: number, count: number, what: string) =>
  Array.from({ length: count }, (_, i) => `${id(from + i)},${what}`);

let place: Written;
let supplier: Supplier;
let newer: MadeRelease;
let display: MadeRelease;
let gone: MadeRelease;
let folder = '';
let list = '';
let findings = '';
let key = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cfl-campaign-'));
  const library = await TestLibrary.make();
  const older = await library.add({ fileVersion: 0x01000201 });
  newer = await library.make({ body: 'a newer image', supersedes: [older.release] });
  library.list({ ...newer, row: { ...newer.row, published: '2026-11-19T09:00:00Z' } });
  gone = await library.add({ fileVersion: 0x0200000a, body: 'a bad image' });
  library.withdraw(gone.release, { reason: '=HYPERLINK("http://evil.example")' });
  display = await ppmid(library);
  library.change(newer.entry.entry, {
    certificates: [{ kind: 'CPA', reference: 'a', expires: '2026-12-24' }],
  });
  place = await library.write();
  supplier = await Supplier.of(place);
  list = join(folder, 'meters.csv');
  findings = join(folder, 'findings.csv');
  await writeFile(
    list,
    [
      HEAD,
      ...meters(0, 3, 'FFF1,0A01,0102,01000203,ESME'),
      ...meters(10, METERS, 'FFF1,0A01,0102,01000201,ESME'),
      ...meters(200_000, 2, 'FFF1,0A01,0102,0200000A,ESME'),
      ...meters(200_010, 1, 'FFF3,0D00,0100,00000001,ESME'),
      'nonsense,FFF1,0A01,0102,01000203,ESME',
    ].join('\n'),
  );
  key = join(folder, 'firmware.pem');
  await createKeyFile(key, '', { unencrypted: 'trial' });
});
afterAll(() => rm(folder, { recursive: true }));

/** With slices, as for an image that is too large for one transfer. */
async function ppmid(library: TestLibrary): Promise<MadeRelease> {
  const plan = { code: FFF2, deviceType: 'PPMID', body: 'x'.repeat(2000) } as const;
  const slices = await slicesOf((await library.make(plan)).octets, 900);
  return library.add({
    ...plan,
    states: (one) => ({ ...one, predicate: { ...one.predicate, slices } }),
  });
}

const json = (outcome: Outcome) => JSON.parse(outcome.out.join(''));
const campaignIn = async (to: string): Promise<Campaign> =>
  campaignFile.parse(await readFile(join(to, 'campaign.json')));
const imageIn = async (to: string) =>
  new Uint8Array(Buffer.from(await readFile(join(to, 'ota-upgrade-image.b64'), 'latin1'), 'base64'));

describe('cfl estate', () => {
  test('says for each model what to do, and writes one line a meter', async () => {
    const { exit, out, err } = await supplier.run('estate', list, '--out', findings);
    expect(out).toEqual([
      'CODE  TYPE  MODEL  FIRMWARE   METERS  FINDING',
      `FFF1  ESME  0A01   01000201  120,001  upgrade to 01000203 (${newer.row.imageHash.slice(0, 12)}): compliance`,
      `FFF1  ESME  0A01   01000203        3  current; ${newer.entry.entry} expires on 2026-12-24`,
      expect.stringMatching(
        /^FFF1 {2}ESME {2}0A01 {3}0200000A {8}2 {2}runs a release withdrawn on 2026-10-14 by Example Meters, "=HYPERLINK\("http:\/\/evil.example"\)"; upgrade to 01000203/,
      ),
      'FFF3  ESME  0D00   00000001        1  not on the CPL',
    ]);
    expect({ exit, err }).toEqual({
      exit: 4,
      err: [
        'Not read: 1 row that is not exact',
        '  row 120009  Cannot read "nonsense" as a EUI-64: expected 16 hex digits',
        `120,007 meters, 4 lines of 4 need you; ${findings} has one line a meter`,
      ],
    });
    const lines = (await readFile(findings, 'utf8')).split('\n');
    expect(lines).toHaveLength(1 + 120_007 + 1);
    expect(lines[4]).toMatch(
      new RegExp(`^${id(10)},FFF1,0A01,0102,01000201,ESME,upgrade,01000203,${newer.release},1,upgrade to`),
    );
    expect(lines.join('\n')).not.toMatch(/(^|,)"?[=+@]/m);
  });

  test('is one document for a program', async () => {
    const report = json(await supplier.run('estate', list, '--json', '--ends-within', '10'));
    expect(report).toMatchObject({
      format: 'cfl/estate/1',
      meters: 120_007,
      needing: 120_004,
      malformed: { count: 1, rows: [{ row: 120_009 }] },
    });
    expect(
      report.groups.map(({ finding, meters }: { finding: string; meters: number }) => [finding, meters]),
    ).toEqual([
      ['upgrade', METERS],
      ['current', 3],
      ['withdrawn', 2],
      ['not-on-cpl', 1],
    ]);
    expect(report.groups[0]).toMatchObject({
      code: 'FFF1',
      model: '0A01',
      hardwareVersion: '0102',
      firmwareVersion: '01000201',
      deviceType: 'ESME',
      steps: [
        { firmwareVersion: '01000203', release: newer.release, manufacturerImageHash: newer.row.imageHash },
      ],
    });
  });

  test('fits the terminal', async () => {
    const io = memoryIo({ env: { CFL_HOME: supplier.home }, now: NOW, width: 70 });
    await runProgram(cfl, ['estate', list], io);
    expect(Math.max(...io.stdout.map(({ length }) => length))).toBeLessThanOrEqual(70);
    const wide = memoryIo({ env: { CFL_HOME: supplier.home }, now: NOW });
    await runProgram(cfl, ['estate', list], wide);
    const words = (lines: readonly string[]) => lines.join('').replaceAll(' ', '');
    expect(words(io.stdout)).toBe(words(wide.stdout));
  });

  test('reads a file with no meter in it, and says so', async () => {
    const empty = join(folder, 'empty.csv');
    await writeFile(empty, `${HEAD}\n`);
    expect(await supplier.run('estate', empty)).toMatchObject({
      exit: 0,
      out: [],
      err: ['0 meters, 0 lines of 0 need you'],
    });
  });

  test('refuses what is no list, and leaves the findings of before as they are', async () => {
    const before = await readFile(findings);
    const { exit, err } = await supplier.run('estate', place.rootFile, '--out', findings);
    expect(exit).toBe(1);
    expect(err[0]).toMatch(
      /^Cannot read "1.root.json" as a list of meters: its first row is no header: a quote in it/,
    );
    expect((await readFile(findings)).equals(before)).toBe(true);
    expect((await readdir(folder)).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
    expect((await supplier.run('estate', 'nowhere.csv')).exit).toBe(1);
    expect((await supplier.run('estate', list, '--ends-within', 'soon')).exit).toBe(2);
  });
});

describe('cfl assemble', () => {
  test('signs the image, lists at most 50,000 meters in a file, and says what is for what', async () => {
    const to = join(folder, 'campaign');
    const { exit, out, err } = await supplier.run(
      'assemble',
      newer.release,
      '--meters',
      findings,
      '--key',
      key,
      '--to',
      to,
    );
    const size = newer.octets.length + 66;
    expect({ exit, out, err }).toEqual({
      exit: 0,
      out: [
        `${to}/ota-upgrade-image.b64  DUIS 11.1 FirmwareImage: ${size} octets of 750,000`,
        `${to}/firmware-hash.txt      DUIS 11.3 FirmwareHash`,
        `${to}/device-ids-1.txt … -3  120,003 meters, at most 50,000 a list`,
        `${to}/campaign.json          the same, for your own tools`,
      ],
      err: [
        'Left out: 4 meters with another next step, or none',
        'This is a trial library: all its keys were made on one machine. Deploy nothing from it',
      ],
    });
    const campaign = await campaignIn(to);
    expect(campaign).toMatchObject({
      release: newer.release,
      deviceType: 'ESME',
      firmwareVersion: '01000203',
      hardware: { lowest: '0100', highest: '01FF' },
      image: { service: '11.1', octets: size },
      activation: { service: '11.3', hash: newer.row.imageHash },
      meters: {
        count: METERS + 2,
        lists: [{ count: 50_000 }, { count: 50_000 }, { count: 20_003 }],
      },
    });
    const octets = await imageIn(to);
    const read = decodeImage(octets);
    expect(read.header).toEqual({ ...newer.image.header, totalImageSize: octets.length });
    expect(read.possibleTrailer).toEqual({ forceReplace: 0, signatureHex: campaign.signature?.hex });
    const publicKey = createPublicKey({
      key: Buffer.from(campaign.signature?.publicKey ?? '', 'base64'),
      type: 'spki',
      format: 'der',
    });
    const signature = Buffer.from(campaign.signature?.hex ?? '', 'hex');
    expect(verify('sha256', newer.image.body, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(
      true,
    );
    expect(await readFile(join(to, 'firmware-hash.txt'), 'utf8')).toBe(`${newer.row.imageHash}\n`);
    const ids = (await readFile(join(to, 'device-ids-3.txt'), 'utf8')).trimEnd().split('\n');
    expect([ids[0], ids.length]).toEqual([id(10 + 100_000), 20_003]);
  });

  test('writes beside nothing, whatever lies there', async () => {
    const to = join(folder, 'campaign');
    const before = await readFile(join(to, 'campaign.json'));
    const { exit, err } = await supplier.run(
      'assemble',
      newer.release,
      '--meters',
      findings,
      '--key',
      key,
      '--to',
      to,
    );
    expect(exit).toBe(1);
    expect(err).toEqual([
      `Cannot write the campaign to "${to}": found "campaign.json" there, expected an empty folder`,
      'Name a new folder: --to DIR. Lists of two campaigns must not lie beside each other',
    ]);
    expect(await readFile(join(to, 'campaign.json'))).toEqual(before);
  });

  test('takes a list of EUI-64s alone, and another octet forceReplace', async () => {
    const to = join(folder, 'pilot');
    const pilot = join(folder, 'pilot.csv');
    await writeFile(pilot, `EUI64\n${id(1)}\n${id(2)}\n${id(1)}\n`);
    const options = [
      '--meters',
      pilot,
      '--key',
      `file:${key}`,
      '--force-replace',
      '01',
      '--to',
      to,
      '--json',
    ];
    const outcome = await supplier.run('assemble', newer.entry.entry, ...options);
    expect(outcome.exit).toBe(4);
    expect(json(outcome)).toMatchObject({
      format: 'cfl/assemble/1',
      folder: to,
      leftOut: { others: 0, unfit: [], repeated: 1 },
      campaign: { meters: { count: 2 }, signature: { forceReplace: 1 } },
    });
    expect(decodeImage(await imageIn(to)).possibleTrailer?.forceReplace).toBe(1);
  });

  test('gives the image of a PPMID as it was published, and its slices', async () => {
    const to = join(folder, 'display');
    const displays = join(folder, 'displays.csv');
    await writeFile(displays, `${HEAD}\n${meters(1, 2, 'FFF2,0A01,0102,00000001,PPMID').join('\n')}\n`);
    const { exit, out, err } = await supplier.run(
      'assemble',
      display.release,
      '--meters',
      displays,
      '--key',
      key,
      '--to',
      to,
    );
    expect(exit).toBe(0);
    expect(out[0]).toMatch(/DUIS 11\.4 FirmwareImage: 2,060 octets of 750,000$/);
    expect(err[0]).toBe("The image of a PPMID carries no supplier's signature: the key was not used");
    expect(await imageIn(to)).toEqual(display.octets);
    const campaign = await campaignIn(to);
    expect(campaign.signature).toBeNull();
    const slices = await Promise.all(
      (campaign.image.slices ?? []).map(async ({ file }) =>
        Buffer.from(await readFile(join(to, file), 'latin1'), 'base64'),
      ),
    );
    expect(slices.map(({ length }) => length)).toEqual([900, 900, 260]);
    expect(new Uint8Array(Buffer.concat(slices))).toEqual(display.octets);
  });

  test.each<[string, () => string[], number, RegExp]>([
    [
      'no key',
      () => [newer.release, '--meters', findings],
      1,
      /^Cannot assemble an image for a ESME: it carries the supplier's signature, and no key was given$/m,
    ],
    [
      'no meters',
      () => [newer.release, '--key', key],
      2,
      /^Cannot assemble a campaign: --meters is missing$/m,
    ],
    [
      'meters of which none takes it',
      () => [newer.release, '--meters', displaysOf(), '--key', key],
      1,
      /^Left out: 1 meter, of manufacturer FFF2\nCannot assemble a campaign: no meter of the list takes this release$/m,
    ],
    [
      'a key that is not there',
      () => [newer.release, '--meters', findings, '--key', 'nowhere.pem'],
      1,
      /^Cannot open the key "nowhere.pem": it does not exist$/m,
    ],
    [
      'half an octet',
      () => [newer.release, '--meters', findings, '--key', key, '--force-replace', '1'],
      2,
      /^Cannot read "1" as an octet: expected two hex digits$/m,
    ],
    [
      'a withdrawn release',
      () => [gone.release, '--meters', findings, '--key', key],
      1,
      /^Cannot fetch [0-9a-f]{12}: withdrawn on 2026-10-14/,
    ],
    [
      'a program that signs something else',
      () => [
        newer.release,
        '--meters',
        findings,
        '--key',
        `cmd:${process.execPath}?arg=-e&arg=process.stdout.write('no')&key=${key.replace('.pem', '.pub')}`,
      ],
      1,
      /^Cannot use the signature of the program .*: it is not of its public key/m,
    ],
  ])('with %s writes nothing', async (what, argv, exit, first) => {
    const to = join(folder, `never-${what.replaceAll(' ', '-')}`);
    const outcome = await supplier.run('assemble', ...argv(), '--to', to);
    expect(outcome).toMatchObject({ exit, out: [] });
    expect(outcome.err.join('\n')).toMatch(first);
    await expect(readdir(to)).rejects.toThrow('ENOENT');
  });

  function displaysOf(): string {
    const path = join(folder, 'one-display.csv');
    writeFileSync(path, `${HEAD}\n${id(1)},FFF2,0A01,0102,00000001,PPMID\n`);
    return path;
  }
});

describe('cfl assemble with a key in a token', () => {
  let token: SoftToken | undefined;
  beforeAll(async () => {
    if (hasToken) token = await SoftToken.make('example-energy');
  });
  afterAll(() => token?.remove());

  itWithToken('makes a signature that openssl verifies', async () => {
    if (token === undefined) throw new Error('no token');
    const publicKey = await token.addKey('example-energy', { label: 'firmware' });
    const to = join(folder, 'token');
    const argv = [
      'assemble',
      newer.release,
      '--meters',
      findings,
      '--key',
      token.uri('example-energy', 'firmware'),
      '--to',
      to,
    ];
    const env = { ...token.env, CFL_HOME: supplier.home, CFL_PIN_FILE: token.pinFile };
    const script = join(folder, 'assemble.ts');
    await writeFile(script, childScript(argv));
    const { status, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const octets = await imageIn(to);
    const campaign = await campaignIn(to);
    const message = manufacturerImage(decodeImage(octets), 'without-trailer');
    await writeFile(join(folder, 'message'), message);
    await writeFile(join(folder, 'key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(join(folder, 'signature'), derOf(Buffer.from(campaign.signature?.hex ?? '', 'hex')));
    const said = execFileSync('openssl', [
      'dgst',
      '-sha256',
      '-verify',
      join(folder, 'key.pem'),
      '-signature',
      join(folder, 'signature'),
      join(folder, 'message'),
    ]);
    expect(said.toString().trim()).toBe('Verified OK');
    expect(Buffer.from(octets.subarray(-64)).toString('hex')).toBe(campaign.signature?.hex);
  });
});

/** At the moment at which the library of the tests is good. */
function childScript(argv: readonly string[]): string {
  const source = (path: string) => JSON.stringify(resolve(import.meta.dirname, '../../src', path));
  return `import { cfl } from ${source('cli/cfl.ts')};
    import { memoryIo, runProgram } from ${source('cli/index.ts')};
    const io = memoryIo({ env: process.env, now: new Date(${JSON.stringify(NOW.toISOString())}) });
    process.exitCode = await runProgram(cfl, ${JSON.stringify(argv)}, io);
    console.error(io.stderr.join('\\n'));`;
}

/** By hand: nothing of ours takes part in the verification. */
function derOf(raw: Uint8Array): Buffer {
  const integer = (octets: Buffer) => {
    const first = octets.findIndex((octet) => octet !== 0);
    const bare = octets.subarray(first);
    const content = (bare[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bare]) : bare;
    return Buffer.concat([Buffer.of(2, content.length), content]);
  };
  const both = Buffer.concat([
    integer(Buffer.from(raw.subarray(0, 32))),
    integer(Buffer.from(raw.subarray(32))),
  ]);
  return Buffer.concat([Buffer.of(0x30, both.length), both]);
}
