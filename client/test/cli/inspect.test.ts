// `cfl inspect`: right about every real header, and clear about what is no image.

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { itWithSharedData } from '../../../test/shared-data.ts';
import { cfl } from '../../src/cli/cfl.ts';
import { memoryIo, runProgram } from '../../src/cli/index.ts';
import { TestLibrary } from '../library/fixture.ts';

let folder: string;
let honest: Uint8Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cfl-inspect-'));
  honest = (await (await TestLibrary.make()).make()).octets;
});

async function inspect(octets: Uint8Array, ...options: string[]) {
  const file = join(folder, 'image.ota');
  await writeFile(file, octets);
  const io = memoryIo();
  return { exit: await runProgram(cfl, ['inspect', file, ...options], io), out: io.stdout, err: io.stderr };
}

const text = (content: string) => new TextEncoder().encode(content);
const HINT = 'Give the whole file as the manufacturer made it; if it was copied, copy it again';

it('shows what the header says, and the hash for the CPL', async () => {
  const { exit, out, err } = await inspect(honest);
  expect({ exit, err }).toEqual({ exit: 0, err: [] });
  expect(out).toEqual([
    'manufacturer  FFF1',
    'image type    0000',
    'firmware      01000203',
    'hardware      0100 to 01FF',
    'header        version 0100, 60 octets, field control 0004',
    'stack         0002',
    'text          "Example"',
    'size          460 octets',
    expect.stringMatching(/^CPL hash {6}[0-9a-f]{64}$/),
    'trailer       none',
  ]);
});

it('gives programs numbers, and null for what is not there', async () => {
  const { out } = await inspect(honest, '--json');
  expect(JSON.parse(out.join())).toEqual({
    format: 'cfl/inspect/1',
    headerVersion: 256,
    headerLength: 60,
    fieldControl: 4,
    manufacturerCode: 65521,
    imageType: 0,
    fileVersion: 16777731,
    stackVersion: 2,
    headerStringHex: '4578616d706c65'.padEnd(64, '0'),
    totalImageSize: 460,
    minHardwareVersion: 256,
    maxHardwareVersion: 511,
    securityCredentialVersion: null,
    upgradeFileDestination: null,
    manufacturerImageHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    trailer: null,
  });
  const header = JSON.parse((await inspect(honest.subarray(0, 60), '--header-only', '--json')).out.join());
  expect(header).toMatchObject({ totalImageSize: 460, manufacturerImageHash: null, trailer: null });
});

describe('what is no image', () => {
  test.each<[string, () => Uint8Array, string]>([
    ['a text', () => text('# ESME notes'), 'offset 0 holds 23 20 45 53, expected 1E F1 EE 0B'],
    [
      'an image one octet short',
      () => honest.subarray(0, -1),
      "it has 459 octets, its header says 460 (or 394 before the supplier's 66)",
    ],
    [
      'an image one octet long',
      () => Uint8Array.from([...honest, 0]),
      "it has 461 octets, its header says 460 (or 394 before the supplier's 66)",
    ],
    ['nothing', () => text(''), 'it has 0 octets, its header alone needs at least 56'],
    ['half a header', () => honest.subarray(0, 58), 'it has 58 octets, its header alone needs at least 60'],
    [
      'a header alone',
      () => honest.subarray(0, 60),
      "it has 60 octets, its header says 460 (or 394 before the supplier's 66)",
    ],
  ])('%s is refused in two lines', async (_name, octets, reason) => {
    expect((await inspect(honest)).exit).toBe(0);
    const { exit, out, err } = await inspect(octets());
    expect({ exit, out, err }).toEqual({
      exit: 1,
      out: [],
      err: [`Cannot read "${join(folder, 'image.ota')}" as an OTA image: ${reason}`, HINT],
    });
  });

  it('for programs it is one document', async () => {
    const { exit, out, err } = await inspect(text('# ESME'), '--json');
    expect({ exit, err }).toEqual({ exit: 1, err: [] });
    expect(JSON.parse(out.join())).toMatchObject({
      format: 'cfl/error/1',
      code: 'NOT_AN_IMAGE',
      kind: 'refused',
      found: '23 20 45 53',
      expected: '1E F1 EE 0B',
      hint: HINT,
    });
  });

  it('a file that is not there is named', async () => {
    const io = memoryIo();
    expect(await runProgram(cfl, ['inspect', 'nowhere.ota'], io)).toBe(1);
    expect(io.stderr).toEqual([
      'Cannot open "nowhere.ota": there is no such file or folder',
      'Check the path, and that you may read and write there',
    ]);
  });
});

interface RealHeader {
  readonly id: number;
  readonly headerHex: string;
  readonly expect: Readonly<Record<string, number | string | null>>;
}

itWithSharedData('is right about 300 headers of real Zigbee images', async (data) => {
  const lines = (await readFile(join(data, 'zigbee-ota-headers.jsonl'), 'utf8')).trim().split('\n');
  for (const line of lines) {
    const { headerHex, expect: expected }: RealHeader = JSON.parse(line);
    const { exit, out } = await inspect(
      new Uint8Array(Buffer.from(headerHex, 'hex')),
      '--header-only',
      '--json',
    );
    const { minHw, maxHw, ...fields } = expected;
    expect(exit).toBe(0);
    expect(JSON.parse(out.join())).toMatchObject({
      ...fields,
      minHardwareVersion: minHw ?? null,
      maxHardwareVersion: maxHw ?? null,
    });
  }
  expect(lines).toHaveLength(300);
});

itWithSharedData('is right about both images of the trade', async (data) => {
  const hash = '7542f475e3f12eae887d81e32c46d313741d67076b13caec2f82e00ba5e1bb36';
  const read = async (name: string) =>
    JSON.parse((await inspect(await readFile(join(data, 'gb-samples', name)), '--json')).out.join());
  expect(await read('gfi-esme-signed.ota')).toMatchObject({
    manufacturerImageHash: hash,
    trailer: { forceReplace: 0 },
  });
  expect(await read('gfi-ppmid-unsigned.ota')).toMatchObject({ manufacturerImageHash: hash, trailer: null });
});

describe('the program itself', () => {
  const program = join(import.meta.dirname, '../../bin/cfl.js');
  const run = (...argv: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
      encoding: 'utf8',
      env: { ...process.env, CFL_HOME: folder },
    });
    return { status, stdout, stderr };
  };

  it('starts, says and exits as the commands do', async () => {
    const file = join(folder, 'spawned.ota');
    await writeFile(file, honest.subarray(0, -1));
    expect(run('inspect', file)).toEqual({
      status: 1,
      stdout: '',
      stderr: `Cannot read "${file}" as an OTA image: it has 459 octets, its header says 460 (or 394 before the supplier's 66)\n${HINT}\n`,
    });
    await writeFile(file, honest);
    expect(run('inspect', file, '--json')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/^\{"format":"cfl\/inspect\/1",.*\}\n$/),
    });
    expect(run('refresh')).toMatchObject({ status: 2, stdout: '' });
    expect(run()).toMatchObject({ status: 2, stdout: '' });
    expect(run('--help')).toMatchObject({ status: 0, stderr: '' });
  });
});

test.each(cfl.commands.map((command) => [command.name, command] as const))(
  'cfl %s --help has examples of itself',
  async (name, command) => {
    const io = memoryIo();
    expect(await runProgram(cfl, [name, '--help'], io)).toBe(0);
    expect(io.stdout.join('\n')).toContain('Examples\n  cfl ');
    expect(command.examples.some(({ line }) => line.includes(`cfl ${name}`))).toBe(true);
    expect(command.examples.every(({ line }) => /\bcfl /.test(line))).toBe(true);
  },
);
