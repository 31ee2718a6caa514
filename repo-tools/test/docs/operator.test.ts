// Is every command of the operator's page one that works there? They are run in the order of the page, section by
// section, in a trial library; what stands for something else is filled in.

import { readFileSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { sha256 } from '@cfl/client/encoding';
import { createKeyFile, readPublicKey } from '@cfl/client/keys';
import { createCredentialFile } from '@cfl/client/library';
import { beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../client/test/evidence/pki.ts';
import { pkiOf } from '../../../client/test/evidence/scene.ts';
import { makeVerifier } from '../../../site/build/verifier-file.ts';
import { later, type People, type Run, trial } from '../ceremony/people.ts';
import { csv } from '../cpl/stub.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/operator.md'), 'utf8');

interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

const sections: readonly Section[] = page
  .split(/^#{2,3} /m)
  .slice(1)
  .map((text) => ({
    title: text.slice(0, text.indexOf('\n')),
    lines: [...text.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
      block.split('\n').filter((line) => line !== ''),
    ),
  }))
  .filter(({ lines }) => lines.length > 0);

/** How far the library has come when a section begins, in days. */
const DAYS: ReadonlyMap<string, number> = new Map([
  ['3', 1],
  ['5', 180],
  ['6', 180],
  ['7.1', 200],
]);

/** Where a section works, if not in the library of the page. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['1', 'ceremony'],
  ['7.7', 'successor'],
]);

/** As many holders as must sign, where the page shows one. */
const HOLDERS: Readonly<Record<string, readonly string[]>> = {
  'root-1.pem': ['root-1', 'root-2'],
  'holder-1.pem': ['holder-1', 'holder-2'],
  'registrar-1.pem': ['registrar-1', 'registrar-2'],
};

let all: People;
let now = later(0);

test('every section of the page has its turn', () => {
  expect(sections.length).toBeGreaterThan(13);
  expect(sections.flatMap(({ lines }) => lines).every((line) => line.startsWith('cfl-repo '))).toBe(true);
});

describe('the page, run from top to bottom', () => {
  beforeAll(async () => {
    all = await trial('kept');
    await writeInputs(all);
  });

  // Keys that the page makes are encrypted, and opening one takes a third of a second
  test.each(sections.map((section) => [section.title, section] as const))(
    '%s',
    { timeout: 120_000 },
    async (title, section) => {
      const number = title.split(' ')[0] ?? '';
      now = later(DAYS.get(number) ?? (now.getTime() - later(0).getTime()) / 86_400_000);
      // On bad days the holders' keys are with the holders
      if (number.startsWith('7')) await takeAway(all);
      const folder = ELSEWHERE.get(number);
      if (folder !== undefined) await prepare(all, folder);
      const at = folder === undefined ? all : all.inFolder(folder);
      if (DAYS.has(number) && folder === undefined) await at.repo('renew', now);
      for (const line of section.lines) {
        const { exit, err, out } = await run(line, at);
        expect([0, 4], `${line}\n${[...out, ...err].join('\n')}`).toContain(exit);
      }
      if (folder !== 'ceremony') await at.reads(undefined, now);
    },
  );
});

async function run(line: string, at: People): Promise<Run> {
  const command = line.replace(/^cfl-repo /, '');
  if (command.startsWith('keygen ')) return at.keygen(join(at.operator, command.slice('keygen '.length)));
  if (command.startsWith('init --keys-here')) return all.inFolder('trial').repo(command, now);
  return takesNoFolder(command)
    ? at.anywhere(await filledIn(command, at), now)
    : at.repo(await filledIn(command, at), now);
}

/** `check` and `replay` look at a library from outside. */
function takesNoFolder(command: string): boolean {
  return /^(check|replay) /.test(command);
}

async function filledIn(command: string, at: People): Promise<string> {
  const pki = await pkiOf('Example');
  const root = (await at.place.metadata.read('1.root.json')) ?? new Uint8Array();
  const words = command.split(' ').flatMap((word, i, line) => {
    const holders = HOLDERS[word];
    const isCeremony = at.operator.endsWith('ceremony');
    if (line[i - 1] === '--key' && isCeremony)
      return [...Object.values(HOLDERS).flat(), 'panel'].flatMap((name, n) => [
        ...(n === 0 ? [] : ['--key']),
        `BASE/${name}/${name}.pem`,
      ]);
    if (line[i - 1] === '--key' && holders !== undefined)
      return holders.flatMap((name, n) => [...(n === 0 ? [] : ['--key']), `BASE/${name}/${name}.pem`]);
    return /\.(pem|pub|age|json|csv|crl|html)$/.test(word) || word.startsWith('private/')
      ? [`LIBRARY/${word}`]
      : [word];
  });
  return words
    .join(' ')
    .replace('CHANGE', await newestChange(at))
    .replace('https://library.example', 'LIBRARY')
    .replace('HEX', await sha256(root))
    .replace('ISSUER', digestOf(pki.issuing.certificate))
    .replace('KEY-1', await keyId(at, 'm-fff1-1'))
    .replace('KEY-2', await keyId(at, 'm-fff1-2'));
}

async function takeAway({ operator }: People): Promise<void> {
  const keys = join(operator, 'private/keys');
  for (const file of await readdir(keys))
    if (/^((root|holder|registrar)-\d|panel)\.pem$/.test(file)) await rm(join(keys, file));
}

async function newestChange({ operator }: People): Promise<string> {
  const numbers = (await readdir(join(operator, 'private/changes')).catch(() => [])).map(Number);
  return `LIBRARY/private/changes/${Math.max(0, ...numbers)}`;
}

async function keyId({ operator }: People, name: string): Promise<string> {
  const path = join(operator, 'private/keys', `${name}.pub`);
  return (await readPublicKey(path).catch(() => undefined))?.id.slice(0, 12) ?? '';
}

/** After section 5, and before the bad days. */
const LAPSES = '2027-06-01T00:00:00Z';

const CREDENTIALS = [
  'private/credentials/gateway.age',
  'credentials/root-1.age',
  'credentials/root-2.age',
  'credentials/example-energy.age',
  'credentials/example-energy-2.age',
];

/** What the page's commands are given: the files of the authorities, two parties, a list, credentials, a verifier file. */
async function writeInputs({ operator, place }: People): Promise<void> {
  const root = (await place.metadata.read('1.root.json')) ?? new Uint8Array();
  const pki = await pkiOf('Example');
  const { trustedRoot, anchors } = pki.files();
  const closed = JSON.parse(new TextDecoder().decode(anchors));
  for (const one of closed.authorities) if (one.kind === 'timestamp') one.until = '2026-12-01T00:00:00Z';
  const keys = join(operator, 'private/keys');
  const made = ['m-fff1-1', 'm-fff1-2'].map((name) =>
    createKeyFile(join(keys, `${name}.pem`), '', { unencrypted: 'trial' }),
  );
  const party = {
    format: 'cfl/party/1',
    id: 'example-meters',
    name: 'Example Meters',
    kinds: ['manufacturer'],
    codes: ['FFF1'],
    certificates: [],
    roleKeys: { threshold: 1, keys: (await Promise.all(made)).map(({ json }) => json) },
  };
  const role = { role: 'IS', from: '2025-01-01T00:00:00Z', until: LAPSES, evidence: 'SEC Party list, 114' };
  const goesOn = { role: 'IS', from: LAPSES, evidence: 'SEC Party list, 131' };
  const supplier = {
    format: 'cfl/party/1',
    id: 'example-energy',
    name: 'Example Energy',
    kinds: ['supplier'],
    codes: [],
    certificates: [],
    userRoles: [role],
  };
  for (const name of CREDENTIALS) {
    await mkdir(dirname(join(operator, name)), { recursive: true });
    await createCredentialFile(join(operator, name), async () => undefined);
  }
  await rename(join(operator, 'credentials/root-1.age'), join(operator, 'root-1.age'));
  await mkdir(join(operator, 'private/inbox'), { recursive: true });
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'trusted_root.json': trustedRoot,
    'anchors.json': anchors,
    'anchors-closed.json': JSON.stringify(closed),
    'issuing-ca-1.crl': pki.crl({ number: 1 }),
    'party.json': JSON.stringify(party),
    'example-energy.json': JSON.stringify(supplier),
    'example-energy-2027.json': JSON.stringify({ ...supplier, userRoles: [role, goesOn] }),
    'cpl-2026-11-18.csv': csv([{}]),
    'verify-0.1.0.html': await makeVerifier({
      root,
      libraries: ['https://library.example'],
      version: '0.1.0',
    }),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(operator, name), content);
}

async function prepare({ base, operator }: People, folder: string): Promise<void> {
  const place = join(base, folder);
  await mkdir(place, { recursive: true });
  if (folder === 'successor')
    for (const part of ['metadata', 'targets'])
      await cp(join(operator, part), join(place, part), { recursive: true });
  if (folder !== 'ceremony') return;
  const roles = { root: 'root', targets: 'holder', registrar: 'registrar', cpl: 'panel' };
  const held = Object.entries(roles).map(([role, name]) => {
    const names = role === 'cpl' ? [name] : [1, 2, 3].map((n) => `${name}-${n}`);
    return [role, { threshold: role === 'cpl' ? 1 : 2, keys: names.map((one) => `../${one}/${one}.pub`) }];
  });
  const ceremony = {
    format: 'cfl/ceremony/1',
    name: 'Example Firmware Library',
    trial: true,
    roles: Object.fromEntries(held),
  };
  await writeFile(join(place, 'ceremony.json'), JSON.stringify(ceremony));
}
