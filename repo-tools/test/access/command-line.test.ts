// Read access at the command line: a library with every key here, from its first read keys to a lapsed role.

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { createCredentialFile } from '@cfl/client/library';
import { expect, onTestFinished, test } from 'vitest';
import { program } from '../../src/cli/repo.ts';
import { NOW } from '../fixture.ts';

const LATER = new Date('2027-01-15T09:00:00Z');

async function desk() {
  const base = await mkdtemp(join(tmpdir(), 'cfl-access-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const run = async (line: readonly string[], now = NOW) => {
    const io = memoryIo({ now, passphrase: async () => 'correct horse' });
    const exit = await runProgram(program, [...line, '--at', base], io);
    return { exit, out: io.stdout, err: io.stderr };
  };
  /** Plans, signs with every key here, and publishes. */
  const publish = async (line: readonly string[], now = NOW) => {
    const planned = await run(line, now);
    const place = /private\/changes\/\d+/.exec(planned.out.join('\n'))?.[0];
    if (place === undefined) throw new Error([...planned.out, ...planned.err].join('\n'));
    expect((await run(['sign', join(base, place)], now)).exit).toBe(0);
    expect((await run(['apply', join(base, place)], now)).exit).toBe(0);
    return planned;
  };
  return { base, run, publish };
}

const PARTY = {
  format: 'cfl/party/1',
  id: 'example-energy',
  name: 'Example Energy',
  kinds: ['supplier'],
  codes: [],
  certificates: [],
  userRoles: [
    {
      role: 'IS',
      from: '2025-01-01T00:00:00Z',
      until: '2027-01-01T00:00:00Z',
      evidence: 'SEC Party list of 2026-10-30, entry 114',
    },
  ],
};

test('a trial has read keys at once; a supplier is granted, listed, and lapses with its role', async () => {
  const { base, run, publish } = await desk();
  const founded = await run(['init', '--keys-here']);
  expect([founded.exit, founded.out.at(-1)]).toEqual([
    0,
    'Published version 2. Read keys, opened by root-1, root-2, root-3, registrar-1, registrar-2, registrar-3: private/credentials',
  ]);
  const credentials = join(base, 'private', 'credentials');
  expect((await readdir(credentials)).filter((name) => name.endsWith('.age'))).toHaveLength(7);
  expect((await stat(join(credentials, 'gateway.age'))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(credentials, 'gateway.age'), 'utf8')).toMatch(/^-----BEGIN AGE ENCRYPTED FILE/);

  await writeFile(join(base, 'party.json'), JSON.stringify(PARTY));
  await publish(['party', 'add', join(base, 'party.json')]);
  await createCredentialFile(join(base, 'energy.age'), async () => undefined);
  const given = ['--credential', join(base, 'energy.pub')];
  const granted = await publish(['party', 'grant', 'example-energy', '--images', '--notes', ...given]);
  expect(granted.exit).toBe(4);
  expect(granted.err[0]).toMatch(/^Credential ([0-9a-f]{4} ){3}[0-9a-f]{4}: compare it with its holder$/);
  expect(granted.out.slice(0, 2)).toEqual([
    'grant      Example Energy reads images, as supplier in User Role IS, SEC Party list of 2026-10-30, entry 114',
    'grant      Example Energy reads notes, as supplier in User Role IS, SEC Party list of 2026-10-30, entry 114',
  ]);

  const listed = await run(['party', 'list']);
  expect([listed.exit, ...listed.out].map((line) => String(line).replace(/( [0-9a-f]{4}){4}/, ' …'))).toEqual(
    [
      '0',
      expect.stringMatching(/^PARTY +IMAGES +NOTES +CREDENTIAL$/),
      expect.stringMatching(/^gateway +since 2026-11-20 +- +…$/),
      expect.stringMatching(/^example-energy +since 2026-11-20 +since 2026-11-20 +…$/),
      'images: epoch 1, since 2026-11-20',
      'notes: epoch 1, since 2026-11-20',
      'Custodians: root-1, root-2, root-3, registrar-1, registrar-2, registrar-3',
    ],
  );
  expect((await run(['status'])).out).toContain('access       1 party, images epoch 1, notes epoch 1');

  const lapsing = await run(['party', 'list'], LATER);
  expect([lapsing.exit, lapsing.out[2]]).toEqual([
    4,
    expect.stringContaining('role ended: cfl-repo party renew'),
  ]);
  expect((await run(['status'], LATER)).out).toContain(
    'access       example-energy reads, and its User Role has ended; run: cfl-repo party renew',
  );
  expect(await run(['party', 'renew', '--stolen', 'credential'])).toMatchObject({
    exit: 2,
    err: [
      'Cannot begin an epoch of "credential": expected images or notes',
      'Run: cfl-repo party renew --help',
    ],
  });
  const stolen = await run([
    'party',
    'renew',
    '--stolen',
    'notes',
    '--stolen',
    'images',
    '--stolen',
    'notes',
  ]);
  expect([stolen.exit, ...stolen.out.slice(0, -1)]).toEqual([
    4,
    'stolen     the secret of notes, epoch 1: what is sealed to it, the thief can read for good',
    'stolen     the secret of images, epoch 1: what is sealed to it, the thief can read for good',
    'epoch      2 of notes begins; what waits at manufacturers is sealed again: cfl-publish seal',
    'epoch      2 of images begins; what waits at manufacturers is sealed again: cfl-publish seal',
  ]);
  await publish(['party', 'renew'], LATER);
  expect((await run(['party', 'list'], LATER)).out[2]).toMatch(
    /^example-energy +lapsed 2027-01-15, up to epoch 1 +lapsed 2027-01-15, up to epoch 1/,
  );
  expect(await run(['party', 'grant', 'example-energy'], LATER)).toMatchObject({
    exit: 1,
    err: [expect.stringContaining('its User Role is IS until 2027-01-01'), expect.anything()],
  });
}, 120_000);

test('a ceremony begins without read keys, and is no trial if it says so; the registrar makes them after', async () => {
  const { base, run, publish } = await desk();
  const names = { root: 3, targets: 3, registrar: 3, cpl: 1 };
  const roles: Record<string, unknown> = {};
  for (const [role, count] of Object.entries(names)) {
    const keys: string[] = [];
    for (let n = 1; n <= count; n++) {
      const io = memoryIo({ now: NOW, passphrase: async () => 'correct horse' });
      const file = join(base, 'private', 'keys', `${role}-${n}.pem`);
      await mkdir(join(base, 'private', 'keys'), { recursive: true });
      expect(await runProgram(program, ['keygen', file], io)).toBe(0);
      keys.push(`private/keys/${role}-${n}.pub`);
    }
    roles[role] = { threshold: count === 3 ? 2 : 1, keys };
  }
  const ceremony = { format: 'cfl/ceremony/1', name: 'Example Firmware Library', trial: false, roles };
  await writeFile(join(base, 'ceremony.json'), JSON.stringify(ceremony));
  await publish(['init', join(base, 'ceremony.json')]);
  expect((await run(['party', 'list'])).err[0]).toBe('Cannot go on: the library has no read keys yet');
  expect((await run(['status'])).out).toContain('access       no read keys yet; run: cfl-repo party keys');

  const gateway = ['--gateway', join(base, 'private', 'credentials', 'gateway.pub')];
  for (const name of ['root-1', 'registrar-1'])
    await createCredentialFile(join(base, `${name}.age`), async () => undefined);
  const escrow = ['root-1', 'registrar-1'].flatMap((name) => ['--escrow', join(base, `${name}.pub`)]);
  expect((await run(['party', 'keys', ...escrow.slice(0, 2), ...gateway])).err[0]).toMatch(
    /found 1 custodian, expected 2 or more$/,
  );
  await publish(['party', 'keys', ...escrow, ...gateway]);
  expect((await run(['party', 'list'])).out.at(-1)).toBe('Custodians: root-1, registrar-1');
  expect((await run(['party', 'renew'])).err[0]).toMatch(/no credential of a custodian is given$/);
  expect((await run(['party', 'renew', '--identity', join(base, 'root-1.age')])).err[0]).toMatch(
    /no User Role has lapsed, and no epoch is a year old$/,
  );
}, 120_000);
