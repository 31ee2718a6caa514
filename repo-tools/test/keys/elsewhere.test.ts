// Not one private key lies with a program: every one is in a token, or behind another program. From the first root to
// a release that a supplier fetched.

import { execFile } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { memoryIo, type Program, runProgram } from '@cfl/client/cli';
import { sha256 } from '@cfl/client/encoding';
import { CPL_COLUMNS } from '@cfl/client/firmware';
import { createCredentialFile } from '@cfl/client/library';
import { cfl } from '@cfl/client/program';
import { expect, onTestFinished, test } from 'vitest';
import { makePki, startTimestampAuthority } from '../../../client/test/evidence/pki.ts';
import { itWithToken, SoftToken } from '../../../client/test/keys/softhsm.ts';
import { publishProgram, repoProgram } from '../../src/cli/index.ts';
import { NOTES } from '../fixture.ts';
import { imageOf, rowFor } from '../intake/scene.ts';
import { octetsOf } from '../submission/desk.ts';

const PROGRAMS = { cfl, 'cfl-publish': publishProgram, 'cfl-repo': repoProgram } satisfies Record<
  string,
  Program
>;
type Name = keyof typeof PROGRAMS;

interface Run {
  readonly exit: number;
  readonly said: string;
}

/** Somewhere where keys are, and programs that may ask for them. */
interface Elsewhere {
  readonly folder: string;
  /** Puts a key there, and returns its URI. */
  keep(name: string, key: KeyObject): Promise<string>;
  run(program: Name, argv: readonly string[]): Promise<Run>;
}

const HOLDERS = {
  root: ['root-1', 'root-2', 'root-3'],
  targets: ['holder-1', 'holder-2', 'holder-3'],
  registrar: ['registrar-1', 'registrar-2', 'registrar-3'],
  cpl: ['panel'],
} as const;
const ONLINE = ['gate', 'catalogue', 'snapshot', 'timestamp'] as const;

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cfl-elsewhere-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The program is given its key by a file that it alone knows of; the public part is what openssl would write. */
async function behindPrograms(): Promise<Elsewhere> {
  const folder = await temporary();
  const vault = await temporary();
  const program = join(vault, 'sign.mjs');
  await writeFile(
    program,
    `import { sign } from 'node:crypto'; import { readFileSync } from 'node:fs';
     process.stdout.write(sign('sha256', readFileSync(0), readFileSync(process.argv[2])));`,
  );
  return {
    folder,
    async keep(name, key) {
      const file = join(vault, `${name}-${randomUUID()}`);
      await writeFile(file, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      const { publicKey } = publicPartOf(key);
      await writeFile(`${file}.pub`, publicKey);
      const words = [`arg=${encodeURIComponent(program)}`, `arg=${encodeURIComponent(file)}`];
      return `cmd:${encodeURIComponent(process.execPath)}?${words.join('&')}&key=${encodeURIComponent(`${file}.pub`)}`;
    },
    async run(program, argv) {
      const io = memoryIo({ now: new Date(), passphrase: async () => PASSPHRASE });
      const exit = await runProgram(PROGRAMS[program], argv, io);
      return { exit, said: [...io.stdout, ...io.stderr].join('\n') };
    },
  };
}

function publicPartOf(key: KeyObject): { publicKey: string } {
  const { x, y } = key.export({ format: 'jwk' });
  const point = [x, y].map((half) => Buffer.from(half ?? '', 'base64url'));
  const spki = Buffer.concat([
    Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex'),
    ...point,
  ]);
  return { publicKey: `-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n` };
}

/** Each program in a process of its own, which takes its time: the token's module reads the environment. */
async function inTokens(): Promise<Elsewhere> {
  const token = await SoftToken.make('library');
  onTestFinished(() => token.remove());
  const folder = await temporary();
  const passphraseFile = join(await temporary(), 'passphrase');
  await writeFile(passphraseFile, PASSPHRASE, { mode: 0o600 });
  const bin = (program: Name) =>
    resolve(
      import.meta.dirname,
      '../../..',
      program === 'cfl' ? 'client' : 'repo-tools',
      'bin',
      `${program}.js`,
    );
  let id = 0;
  return {
    folder,
    async keep(name, key) {
      id += 1;
      await token.importKey('library', { label: name, id: id.toString(16).padStart(4, '0'), key });
      return token.uri('library', name);
    },
    run: (program, argv) =>
      new Promise((done) => {
        const env = { ...token.env, CFL_PIN_FILE: token.pinFile, CFL_PASSPHRASE_FILE: passphraseFile };
        execFile(process.execPath, [bin(program), ...argv], { env, cwd: folder }, (error, out, err) =>
          done({ exit: error === null ? 0 : Number(error.code), said: out + err }),
        );
      }),
  };
}

async function story({ folder, keep, run }: Elsewhere): Promise<void> {
  const at = (...path: string[]) => join(folder, ...path);
  const [library, desk, work] = [at('library'), at('meters'), at('work')];
  for (const path of [at('library/private/keys'), at('library/private/inbox'), at('custodians'), desk, work])
    await mkdir(path, { recursive: true, mode: 0o700 });
  const made = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const does = async (program: Name, argv: readonly string[], expected = 0): Promise<string> => {
    const { exit, said } = await run(program, argv);
    expect([exit, said]).toEqual([expected, said]);
    return said;
  };
  const signedAndApplied = async (
    said: string,
    uris: readonly string[],
    further?: (path: string) => Promise<void>,
  ) => {
    const change = join(library, /private\/changes\/\d+/.exec(said)?.[0] ?? '');
    await further?.(change);
    await does('cfl-repo', ['sign', change, '--at', library, ...uris.flatMap((uri) => ['--key', uri])]);
    return does('cfl-repo', ['apply', change, '--at', library]);
  };

  // Founding: the holders hand on public parts, the operator says where its own four keys are
  const held = new Map<string, string>();
  for (const name of Object.values(HOLDERS).flat()) held.set(name, await keep(name, made()));
  for (const name of ONLINE)
    await writeFile(at('library/private/keys', `${name}.uri`), `${await keep(name, made())}\n`);
  // One after the other: SoftHSM writes its token at each login, and fails where several do so at once
  for (const [name, uri] of held) await does('cfl-repo', ['keygen', '--from', uri, at(`${name}.pub`)]);
  const roles = Object.entries(HOLDERS).map(([role, names]) => [
    role,
    { threshold: role === 'cpl' ? 1 : 2, keys: names.map((name) => `${name}.pub`) },
  ]);
  const ceremony = {
    format: 'cfl/ceremony/1',
    name: 'Example',
    trial: true,
    roles: Object.fromEntries(roles),
  };
  await writeFile(at('ceremony.json'), JSON.stringify(ceremony));
  const urisOf = (...names: string[]) => names.map((name) => held.get(name) ?? '');
  const first = await does('cfl-repo', ['init', at('ceremony.json'), '--at', library], 4);
  const everybody = ['root-1', 'root-3', 'holder-1', 'holder-2', 'registrar-2', 'registrar-3', 'panel'];
  await signedAndApplied(first, urisOf(...everybody));
  const root = await sha256(await readFile(at('library/metadata/1.root.json')));

  const pki = await makePki({ now: new Date() });
  const { trustedRoot, anchors } = pki.files();
  await writeFile(at('trusted_root.json'), trustedRoot);
  await writeFile(at('anchors.json'), anchors);
  await writeFile(at('issuing.crl'), pki.crl({ number: 1 }));
  const trust = ['trust', at('trusted_root.json'), at('anchors.json'), '--at', library];
  await signedAndApplied(await does('cfl-repo', trust, 4), urisOf('registrar-1', 'registrar-2'));
  await does('cfl-repo', ['crl', 'import', at('issuing.crl'), '--at', library]);

  // Who reads: the gateway, by the credential that was made at the founding, and whoever is granted it
  for (const name of ['root-1', 'registrar-1'])
    await createCredentialFile(at('custodians', `${name}.age`), async () => undefined);
  const reading = await does(
    'cfl-repo',
    [
      ...[
        'party',
        'keys',
        '--escrow',
        at('custodians/root-1.pub'),
        '--escrow',
        at('custodians/registrar-1.pub'),
        '--at',
        library,
      ],
      ...['--gateway', at('library/private/credentials/gateway.pub')],
    ],
    4,
  );
  await signedAndApplied(reading, urisOf('registrar-1', 'registrar-2'));

  // A manufacturer joins, with two role keys and the key of its statements
  const { url, close } = await startTimestampAuthority(pki, { clock: () => new Date() });
  onTestFinished(close);
  const [roleKeys, statement] = [[await keep('role-1', made()), await keep('role-2', made())], made()];
  const issued = await pki.issue({ subject: 'Example Meters', key: statement });
  await writeFile(join(desk, 'statement.crt'), issued.certificate);
  await does('cfl-publish', [
    ...['init', library, '--root-sha256', root, '--settings', desk, '--party', 'example-meters'],
    ...['--code', 'FFF1', '--name', 'Example Meters', ...roleKeys.flatMap((uri) => ['--role-key', uri])],
    ...['--statement-key', await keep('statement', statement), '--certificate', 'statement.crt'],
    ...['--time-authority', url, '--mailbox', 'firmware@meters.example'],
  ]);
  const joining = await does('cfl-repo', ['party', 'add', join(desk, 'party.json'), '--at', library], 4);
  await signedAndApplied(
    joining,
    urisOf('registrar-1', 'registrar-3', 'holder-2', 'holder-3'),
    async (change) => {
      await does('cfl-publish', ['sign', change, '--settings', desk], 0);
    },
  );

  const image = imageOf('elsewhere');
  const row = await rowFor('CPL-000412', image);
  const csv = at(`cpl-${new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10)}.csv`);
  await writeFile(csv, csvOf(row.imageHash ?? ''));
  const list = await does('cfl-repo', ['cpl', 'import', csv, '--at', library], 4);
  await signedAndApplied(list, urisOf('panel'));

  await writeFile(join(work, 'meter.ota'), octetsOf(image));
  await does('cfl-publish', ['new', join(work, 'meter.ota'), '--to', work, '--settings', desk]);
  const form = JSON.parse(await readFile(join(work, 'release.json'), 'utf8'));
  const filled = { ...form, class: 'fix', upgradesFrom: 'any' };
  await writeFile(join(work, 'release.json'), JSON.stringify(filled));
  await writeFile(join(work, 'notes.md'), NOTES);
  await does('cfl-publish', ['submit', work, '--to', at('library/private/inbox'), '--settings', desk]);
  expect(await does('cfl-repo', ['intake', '--at', library])).toContain('accepted');

  const home = at('supplier');
  await does('cfl', ['init', library, '--root-sha256', root, '--home', home]);
  await writeFile(at('example-energy.json'), JSON.stringify(SUPPLIER));
  const supplier = ['party', 'add', at('example-energy.json'), '--at', library];
  await signedAndApplied(await does('cfl-repo', supplier, 4), urisOf('registrar-1', 'registrar-2'));
  await does('cfl', ['keygen', '--to', at('energy.age'), '--no-passphrase']);
  const grant = [
    ...['party', 'grant', 'example-energy', '--images', '--notes', '--credential', at('energy.pub')],
    ...['--identity', at('custodians/root-1.age'), '--at', library],
  ];
  await signedAndApplied(await does('cfl-repo', grant, 4), urisOf('registrar-1', 'registrar-2'));
  const fetched = await does('cfl', [
    ...['fetch', 'CPL-000412', '--to', at('firmware'), '--home', home],
    ...['--credential', at('energy.age')],
  ]);
  expect(fetched).toMatch(/FFF1-0000-01000203-[0-9a-f]{64}\.zigbee/);

  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((one) => one.isFile()))
    expect(await readFile(join(file.parentPath, file.name), 'latin1'), file.name).not.toContain(
      'PRIVATE KEY',
    );

  // A URI that names another key than it did is noticed before anything is signed
  const before = await readFile(at('library/metadata/timestamp.json'));
  await writeFile(at('library/private/keys/snapshot.uri'), await keep('stranger', made()));
  await writeFile(at('issuing-2.crl'), pki.crl({ number: 2 }));
  const { exit, said } = await run('cfl-repo', ['crl', 'import', at('issuing-2.crl'), '--at', library]);
  expect([exit, said]).toEqual([1, expect.stringContaining('Cannot use the key "snapshot": found the key')]);
  expect(await readFile(at('library/metadata/timestamp.json'))).toEqual(before);
}

const PASSPHRASE = 'a few words for a credential';

const SUPPLIER = {
  format: 'cfl/party/1',
  id: 'example-energy',
  name: 'Example Energy',
  kinds: ['supplier'],
  codes: [],
  certificates: [],
  userRoles: [{ role: 'IS', from: '2026-01-01T00:00:00Z', evidence: 'SEC Party list, entry 114' }],
};

function csvOf(hash: string): string {
  const cells: Record<(typeof CPL_COLUMNS)[number], string> = {
    entry_id: 'CPL-000412',
    device_type: 'ESME',
    manufacturer_id: 'FFF1',
    model_id: '0A01',
    hardware_version: '0102',
    firmware_version: '01000203',
    smets_version: '5.1',
    gbcs_version: '4.2',
    image_hash: hash.toUpperCase(),
    status: 'Active',
    upgradeable_from: 'N/A',
    smets1: 'no',
    certificates: 'CPA:EX-1:2099-11-18',
  };
  return `${CPL_COLUMNS.join(',')}\r\n${CPL_COLUMNS.map((column) => cells[column]).join(',')}\r\n`;
}

test('a manufacturer and an operator whose keys are behind other programs publish a release', async () => {
  await story(await behindPrograms());
});

itWithToken(
  'a manufacturer and an operator whose keys are in a token publish a release',
  async () => {
    await story(await inTokens());
  },
  240_000,
);
