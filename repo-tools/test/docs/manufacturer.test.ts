// Is every command of the manufacturer's page one that works there? They are run in the order of the page.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { sha256 } from '@cfl/client/encoding';
import { readPublicKey } from '@cfl/client/keys';
import { folder } from '@cfl/client/library';
import { parseRoleName } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { publish } from '../../../scripts/publish.ts';
import { planParty } from '../../src/ceremony/party.ts';
import { parsePartyFile } from '../../src/ceremony/party-file.ts';
import { readChange, writeChange } from '../../src/change/change.ts';
import { publishProgram, repoProgram } from '../../src/cli/index.ts';
import { intake } from '../../src/intake/intake.ts';
import { planRenewal } from '../../src/renewal/renew.ts';
import { planRotation } from '../../src/renewal/rotate.ts';
import { evidenceIn, listingCrl, trusting } from '../authorities.ts';
import { gateway, reading } from '../credentials.ts';
import { applyAll, NOTES, NOW, state } from '../fixture.ts';
import { imageOf, rowFor } from '../intake/scene.ts';
import { emptyDesk, importRows, octetsOf, PASSPHRASE } from '../submission/desk.ts';
import { filled, type Line, manual } from './manual.ts';

const ROLE = parseRoleName('m-fff1');
const images = ['one', 'two', 'three'].map((text, i) => imageOf(text, { firmware: 0x01000203 + i }));

// Follows the page through a library's life, with encrypted keys that take their time to open
test('the page of the manufacturer is followed from top to bottom', async () => {
  const desk = await emptyDesk();
  const { base, library } = desk;
  const { place, online } = library;
  const at = (...path: string[]) => join(base, ...path);
  const inbox = join(library.base, 'private/inbox');
  for (const path of [at('build'), at('firmware'), at('sent'), inbox]) await mkdir(path, { recursive: true });
  for (const [i, image] of images.entries())
    await writeFile(at('build', `meter-0100020${i + 3}.ota`), octetsOf(image));
  for (const plan of [trusting, listingCrl, reading])
    await applyAll(library, await plan(await state(library)));
  const { timeAuthority } = await evidenceIn(base, 'Example Meters', PASSPHRASE);
  const root = await sha256((await place.metadata.read('1.root.json')) ?? new Uint8Array());
  const names = new Map([
    ['https://library.example', library.base],
    ['9b41…e07c', root],
    ['https://time.example/tsa', timeAuthority],
    ['/mnt/library-inbox', inbox],
    ...['joining', 'release', 'sent', 'renewal', 'new-keys', 'firmware', 'build', 'keys/role-3.pem'].map(
      (name) => [name, at(name)] as const,
    ),
  ]);
  const files = folder(base);
  const form = { class: 'fix', upgradesFrom: 'any', contact: { mailbox: 'firmware@meters.example' } };

  const run = async ({ program, words }: Line): Promise<[number, string]> => {
    const given = filled(words, names);
    const io = memoryIo({ now: NOW, passphrase: async () => PASSPHRASE });
    if (program === 'npm') {
      expect(words.slice(0, 3)).toEqual(['run', 'publish', '--']);
      const exit = await publish([...given.slice(3), '--to', at('sent')], io);
      return [exit, [...io.stdout, ...io.stderr].join('\n')];
    }
    const desks = program === 'cfl-publish' ? ['--settings', base] : [];
    const exit = await runProgram(
      program === 'cfl-publish' ? publishProgram : repoProgram,
      [...given, ...desks],
      io,
    );
    return [exit, [...io.stdout, ...io.stderr].join('\n')];
  };
  const taken = async () =>
    (await intake({ place, online, gateway, now: NOW })).results.map(({ outcome }) => outcome);
  const newest = async (path: string) =>
    (await folder(path).list('')).flatMap((file) => /^(fff1-[^/]+)\/change\.json$/.exec(file)?.[1] ?? []);

  /** What other people do before and after a line; by its section, and the number of the line in it. */
  const around: Readonly<Record<string, { before?: () => Promise<void>; after?: () => Promise<void> }>> = {
    'The first day 1': {
      async after() {
        const party = await parsePartyFile((await files.read('party.json')) ?? new Uint8Array());
        await writeChange(files, 'joining', await planParty(party, await state(library), NOW));
      },
    },
    'The first day 2': {
      async after() {
        await applyAll(library, await readChange(files, 'joining'));
        const rows = images.map((image, i) => rowFor(`CPL-00041${i}`, image));
        await importRows(desk, await Promise.all(rows), '2026-11-18');
      },
    },
    'A release 1': {
      async after() {
        const made = JSON.parse(await readFile(at('release', 'release.json'), 'utf8'));
        await writeFile(at('release', 'release.json'), JSON.stringify({ ...made, ...form }));
        await writeFile(at('release', 'notes.md'), NOTES);
      },
    },
    'A release 3': {
      async after() {
        const [name = ''] = await newest(at('sent'));
        names.set('sent/fff1-7d1a64c20e5b-1', at('sent', name));
        names.set('7d1a64c20e5b', name.split('-')[1] ?? '');
        expect(await taken()).toEqual(['accepted']);
      },
    },
    'From the build 1': {
      async before() {
        const settings = JSON.parse(await readFile(at('publish.json'), 'utf8'));
        const { statement, certificate, ...roles } = settings.keys;
        const keys = {
          ...roles,
          'm-fff1': roles['m-fff1'].map((key: string) => at(key)),
          statement: at(statement),
          certificate: at(certificate),
        };
        await writeFile(
          at('firmware', 'publish.json'),
          JSON.stringify({ ...settings, library: library.base, keys }),
        );
        await writeFile(at('firmware', 'release.json'), JSON.stringify(form));
        await writeFile(at('firmware', 'notes.md'), NOTES);
      },
      async after() {
        expect(await newest(inbox)).toHaveLength(1);
      },
    },
    'Another release went first 1': {
      async before() {
        // The build's waits, while a third is made upon the same version of the role and goes first
        const [waiting = ''] = await newest(inbox);
        await rename(join(inbox, waiting), at('waiting'));
        const third = ['new', at('build/meter-01000205.ota'), '--to', at('third')];
        expect((await desk.run(third)).exit).toBe(0);
        const made = JSON.parse(await readFile(at('third/release.json'), 'utf8'));
        await writeFile(at('third/release.json'), JSON.stringify({ ...made, ...form }));
        await writeFile(at('third/notes.md'), NOTES);
        expect((await desk.run(['submit', at('third'), '--to', inbox])).exit).toBe(0);
        expect(await taken()).toEqual(['accepted']);
        await rename(at('waiting'), join(inbox, waiting));
        expect(await taken()).toEqual(['held']);
        names.set('sent/fff1-5e0c77d1a2b3-1', at('sent', waiting));
      },
      async after() {
        expect(await taken()).toContain('accepted');
      },
    },
    'A release must not be used any more 1': {
      async after() {
        expect(await taken()).toEqual(['accepted']);
        expect(await place.targets.list('withdrawn')).toHaveLength(2);
      },
    },
    'Every year 1': {
      before: async () => writeChange(files, 'renewal', await planRenewal([ROLE], await state(library), NOW)),
      after: async () => void (await applyAll(library, await readChange(files, 'renewal'))),
    },
    'A key is lost, stolen, or old 2': {
      async before() {
        const [lost, added] = [
          await readPublicKey(at('keys/role-1.pub')),
          await readPublicKey(at('keys/role-3.pub')),
        ];
        const rotation = { role: ROLE, add: [added], remove: [lost.id] };
        await writeChange(files, 'new-keys', await planRotation([rotation], await state(library), NOW));
        const settings = JSON.parse(await readFile(at('publish.json'), 'utf8'));
        settings.keys['m-fff1'] = ['keys/role-2.pem', 'keys/role-3.pem'];
        await writeFile(at('publish.json'), JSON.stringify(settings));
      },
      after: async () => void (await applyAll(library, await readChange(files, 'new-keys'))),
    },
  };

  const unused = new Set(Object.keys(around));
  const counts = new Map<string, number>();
  for (const line of manual('manufacturer.md')) {
    const number = (counts.get(line.section) ?? 0) + 1;
    counts.set(line.section, number);
    const turn = `${line.section} ${number}`;
    unused.delete(turn);
    await around[turn]?.before?.();
    const [exit, said] = await run(line);
    expect([turn, exit, said]).toEqual([turn, 0, said]);
    await around[turn]?.after?.();
  }
  expect([...unused]).toEqual([]);
}, 240_000);
