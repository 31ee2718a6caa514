// As it is typed: a supplier endorses, the Panel associates, investigates and decides.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { sha256 } from '@cfl/client/encoding';
import { parseImageHash } from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTimestampAuthority } from '../../../client/test/evidence/pki.ts';
import { STAMPED } from '../../../client/test/evidence/scene.ts';
import { readAudit } from '../../src/audit/log.ts';
import { readChange } from '../../src/change/change.ts';
import { program as publishProgram } from '../../src/cli/publish.ts';
import { program as repoProgram } from '../../src/cli/repo.ts';
import { loadState } from '../../src/deploy/index.ts';
import { intake } from '../../src/intake/intake.ts';
import { encodeSettings } from '../../src/submission/settings.ts';
import { gateway } from '../credentials.ts';
import { filled, manual } from '../docs/manual.ts';
import {
  applyCpl,
  endorse,
  imageOf,
  type Member,
  NOW,
  outcomes,
  rowFor,
  type Sent,
  submit,
  type World,
  world,
} from './scene.ts';

interface Run {
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

const OTHER = parseImageHash('a9'.repeat(32));

async function temporary(): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-panel-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  return base;
}

/** The library of the scene as a folder. */
async function written({ place }: World): Promise<string> {
  const base = await temporary();
  for (const box of ['metadata', 'targets', 'private'] as const) {
    const files = folder(join(base, box), ...(box === 'private' ? (['secret'] as const) : []));
    for (const [path, octets] of place[box].content) await files.replace(path, octets);
  }
  return base;
}

async function run(
  program: typeof repoProgram,
  line: readonly string[],
  confirm: () => Promise<boolean> = async () => false,
): Promise<Run & { readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const io = memoryIo({
    now: NOW,
    passphrase: async () => '',
    confirm: (question) => {
      asked.push(question);
      return confirm();
    },
  });
  const exit = await runProgram(program, line, io);
  return { exit, out: io.stdout, err: io.stderr, asked };
}

/** A supplier's desk: its settings, its key and its certificate. */
async function deskOf(all: World, { party, issued }: Member, library: string): Promise<string> {
  const base = await temporary();
  const authority = await startTimestampAuthority(all.trust.pki, { clock: () => STAMPED });
  onTestFinished(() => authority.close());
  await writeFile(join(base, 'key.pem'), issued.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  await writeFile(join(base, 'certificate.der'), issued.certificate);
  const root = await sha256((await all.place.metadata.read('1.root.json')) ?? new Uint8Array());
  const keys = {
    roles: new Map(),
    statement: 'key.pem',
    certificate: 'certificate.der',
    timeAuthority: authority.url,
  };
  await writeFile(join(base, 'publish.json'), encodeSettings({ library, root, party: party.id, keys }));
  return base;
}

async function asked(row: { readonly imageHash?: typeof OTHER }): Promise<{ all: World; sent: Sent }> {
  const image = imageOf('asked');
  const entry = await rowFor('CPL-000381', image, { waits: true, ...row });
  const all = await world([entry]);
  return { all, sent: await submit(all, all.meters, image, [entry]) };
}

describe('cfl-publish endorse', () => {
  it('shows the statement, asks, signs, and writes what the gateway takes', async () => {
    const { all, sent } = await asked({});
    const library = await written(all);
    const desk = await deskOf(all, all.suppliers.energy, library);
    const submission = join(library, 'private/inbox', sent.name);
    const to = join(library, 'private/inbox');
    const line = ['endorse', submission, '--to', to, '--settings', desk];

    const refused = await run(publishProgram, line);
    expect([refused.exit, refused.asked]).toEqual([1, ['Endorse as Example Energy?']]);
    expect(refused.err.at(-2)).toBe('Nothing was signed: the question was not answered with y');

    const { exit, out, err } = await run(publishProgram, line, async () => true);
    const name = `${sent.name}-endorsed-by-example-energy`;
    expect([exit, out]).toEqual([0, [`${to}/${name}/`]]);
    expect(err[0]).toMatch(
      /^Example Meters asks to associate [0-9a-f]{12} with CPL-000381 \(ESME 0A01\); its signature is good$/,
    );
    expect(err.at(-1)).toBe(
      'NOT READ   the image, which is sealed: the gateway compares it with the statement',
    );

    const files = folder(join(library, 'private'), 'secret');
    const change = await readChange(files, `inbox/${name}`);
    for (const path of await files.list(`inbox/${name}`))
      await all.place.private.replace(
        `inbox/${name}/${path}`,
        (await files.read(`inbox/${name}/${path}`)) ?? new Uint8Array(),
      );
    expect(change.metadata.size).toBe(0);
    expect(outcomes(await intake({ ...all, gateway, now: NOW }))).toEqual([
      'held WAITS_FOR_CPL',
      'held WAITS_FOR_RELEASE',
    ]);
  });

  it('endorses a release that is published, by its name, without a question where a job says so', async () => {
    const image = imageOf('published');
    const rows = [await rowFor('CPL-000412', image)];
    const all = await world(rows);
    const sent = await submit(all, all.meters, image, rows);
    await intake({ ...all, gateway, now: NOW });
    const library = await written(all);
    const desk = await deskOf(all, all.suppliers.gas, library);
    const to = await temporary();
    const release = sent.draft.release.slice(0, 12);
    const line = ['endorse', release, '--yes', '--to', to, '--settings', desk];
    const { exit, out } = await run(publishProgram, line);
    expect([exit, out]).toEqual([0, [`${to}/${sent.name}-endorsed-by-example-gas/`]]);
  });

  it('refuses whoever is no supplier in the User Role IS or GS before it signs anything', async () => {
    const { all, sent } = await asked({});
    const library = await written(all);
    const submission = join(library, 'private/inbox', sent.name);
    const WHY: readonly (readonly [Member, RegExp])[] = [
      [all.other, /it is registered as manufacturer/],
      [all.suppliers.grid, /it is registered as operator/],
      [all.suppliers.export, /its User Role is ES/],
      [all.suppliers.former, /its User Role is none/],
    ];
    for (const [member, why] of WHY) {
      const desk = await deskOf(all, member, library);
      const { exit, err } = await run(publishProgram, ['endorse', submission, '--yes', '--settings', desk]);
      expect([exit, err[0]]).toEqual([1, expect.stringMatching(why)]);
    }
  });
});

describe('cfl-repo cpl associate and decide', () => {
  it('plans the change for the Panel, from the submission by its name', async () => {
    const { all, sent } = await asked({});
    await endorse(all, all.suppliers.energy, sent);
    const library = await written(all);
    const { exit, out } = await run(repoProgram, ['cpl', 'associate', sent.name, '--at', library]);
    expect(exit).toBe(4);
    expect(out.map((line) => line.slice(0, 6)).filter((word) => word.startsWith('4.3('))).toEqual([
      '4.3(a)',
      '4.3(b)',
      '4.3(c)',
    ]);
    expect(out.at(-1)).toBe(
      'Wrote change "CPL snapshot 2: hash of CPL-000381" to private/changes/1; it needs: cpl',
    );
    const files = folder(join(library, 'private'), 'secret');
    const [act] = await readAudit(files);
    expect(act?.record).toMatchObject({ act: 'associated', what: 'CPL snapshot 2: hash of CPL-000381' });
    const change = await readChange(files, 'changes/1');
    expect(await applyCpl(all, change)).toBeGreaterThan(0);
  });

  it('takes an endorsement that lies elsewhere, and refuses without one', async () => {
    const { all, sent } = await asked({});
    const library = await written(all);
    const { name } = await endorse(all, all.suppliers.energy, sent);
    const elsewhere = await temporary();
    for (const path of await all.place.private.list(`inbox/${name}`))
      await folder(elsewhere).replace(
        `${name}/${path}`,
        (await all.place.private.read(`inbox/${name}/${path}`)) ?? new Uint8Array(),
      );
    const line = ['cpl', 'associate', sent.name, '--at', library];
    const refused = await run(repoProgram, line);
    expect(refused.exit).toBe(1);
    expect(refused.out[0]).toBe('4.3(a)  refused  NOT_ENDORSED: no supplier endorses it');
    expect((await run(repoProgram, [...line, '--endorsement', join(elsewhere, name)])).exit).toBe(4);
  });

  it('opens an investigation, and decides it once, with a reason', async () => {
    const { all, sent } = await asked({ imageHash: OTHER });
    await endorse(all, all.suppliers.energy, sent);
    const library = await written(all);
    const at = ['--at', library];
    const opened = await run(repoProgram, ['cpl', 'associate', sent.name, ...at]);
    expect(opened.exit).toBe(4);
    expect(opened.err).toEqual(['Decide: cfl-repo cpl decide 1 --keep | --replace --reason "…"']);
    const disputed = async () =>
      (await run(repoProgram, ['status', ...at])).out.filter((line) => line.startsWith('disputed'));
    expect(await disputed()).toEqual([
      expect.stringMatching(
        /^disputed +investigation 1 of 2026-11-20: FFF\d [0-9a-f]{12}, the hash of CPL-000381; run: cfl-repo cpl decide 1 --keep \| --replace --reason "…"$/,
      ),
    ]);
    expect((await run(repoProgram, ['status', ...at])).exit).toBe(4);

    const decide = (...words: string[]) => run(repoProgram, ['cpl', 'decide', '1', ...words, ...at]);
    expect((await decide('--keep')).exit).toBe(2);
    expect((await decide('--reason', 'because')).exit).toBe(2);
    expect((await decide('--keep', '--replace', '--reason', 'because')).exit).toBe(2);
    expect((await decide('--keep', '--reason', 'two\nlines')).exit).toBe(1);
    const files = folder(join(library, 'private'), 'secret');
    expect(await files.list('investigations')).toEqual(['1.json']);

    const decided = await decide('--replace', '--reason', 'the older hash was of a test image');
    expect(decided.exit).toBe(4);
    expect(decided.out[0]).toMatch(
      /^Investigation 1: CPL-000381 gets the hash [0-9a-f]{12} instead of a9a9a9a9a9a9/,
    );
    expect(await disputed()).toEqual([]);
    const acts = await readAudit(files);
    expect(acts.map(({ record }) => [record.act, record.what])).toEqual([
      ['investigated', expect.stringMatching(/^[0-9a-f]{64}$/)],
      ['decided', expect.stringMatching(/^CPL snapshot 2: investigation 1, /)],
    ]);
    expect(decided.out.at(-1)).toMatch(/^Wrote change "CPL snapshot 2: investigation 1, .*; it needs: cpl$/);
    expect((await decide('--keep', '--reason', 'no')).err[0]).toMatch(
      /^Cannot decide investigation 1: it was decided on 2026-11-20, replace, "the older hash was of a test image"/,
    );
    const published = await loadState(all.place);
    expect(await published.read('cpl/decision-1.json')).toBeUndefined();
    await applyCpl(all, await readChange(files, 'changes/1'));
    expect(await (await loadState(all.place)).read('cpl/decision-1.json')).toBeDefined();
  });
});

describe("the Panel's page", () => {
  const lines = manual('panel.md').filter(({ section }) =>
    ['A hash association', 'An investigation'].includes(section),
  );
  const EXITS: Readonly<Record<string, number>> = { endorse: 0, associate: 4, decide: 4 };

  it.each(lines.map(({ program, words }) => [[program, ...words].join(' '), program, words] as const))(
    '%s',
    async (_line, program, words) => {
      const act = Object.keys(EXITS).find((word) => words.includes(word)) ?? '';
      const { all, sent } = await asked(act === 'decide' ? { imageHash: OTHER } : {});
      if (act !== 'endorse') await endorse(all, all.suppliers.energy, sent);
      const library = await written(all);
      const at = ['--at', library];
      if (act === 'decide') await run(repoProgram, ['cpl', 'associate', sent.name, ...at]);
      const submission = act === 'endorse' ? join(library, 'private/inbox', sent.name) : sent.name;
      const given = filled(
        words,
        new Map([
          ['fff2-31be07d5c890-1', submission],
          ['3', '1'],
        ]),
      );
      const desk = act === 'endorse' ? await deskOf(all, all.suppliers.energy, library) : '';
      const own = act === 'endorse' ? ['--to', await temporary(), '--settings', desk] : at;
      const { exit, err } = await run(
        program === 'cfl-publish' ? publishProgram : repoProgram,
        [...given, ...own],
        async () => true,
      );
      expect([exit, err]).toEqual([EXITS[act], err]);
    },
  );

  it('has all four', () => {
    expect(lines).toHaveLength(4);
  });
});
