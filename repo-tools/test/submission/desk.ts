// A release engineer's desk in a temporary folder, beside a library that knows the party.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MemoryIo, memoryIo, runProgram } from '@cfl/client/cli';
import { sha256 } from '@cfl/client/encoding';
import { type CplEntry, encodeImage, type OtaImage } from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { onTestFinished } from 'vitest';
import { planParty } from '../../src/ceremony/party.ts';
import { parsePartyFile } from '../../src/ceremony/party-file.ts';
import { readChange, writeChange } from '../../src/change/change.ts';
import { program } from '../../src/cli/publish.ts';
import { planCplImport } from '../../src/cpl/index.ts';
import { reading } from '../access.ts';
import { evidenceIn, listingCrl, trusting } from '../authorities.ts';
import { applyAll, foundLibrary, NOTES, NOW, state, type TestLibrary } from '../fixture.ts';

export const PASSPHRASE = 'correct horse';

export interface Run {
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

export interface Desk {
  readonly base: string;
  readonly library: TestLibrary;
  /** `cfl-publish` at this desk. */
  run(line: readonly string[], passphrase?: string): Promise<Run>;
  write(path: string, text: string | Uint8Array): Promise<string>;
}

export async function emptyDesk(): Promise<Desk> {
  const library = await foundLibrary();
  const base = await mkdtemp(join(tmpdir(), 'cfl-desk-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  return {
    base,
    library,
    async run(line, passphrase = PASSPHRASE) {
      const io: MemoryIo = memoryIo({ now: NOW, passphrase: async () => passphrase });
      const exit = await runProgram(program, [...line, '--settings', base], io);
      const short = (text: string) => text.replaceAll(base, 'DESK').replaceAll(library.base, 'LIBRARY');
      return { exit, out: io.stdout.map(short), err: io.stderr.map(short) };
    },
    async write(path, text) {
      await writeFile(join(base, path), text);
      return join(base, path);
    },
  };
}

/** After `init`, and after the registrar has added the party. */
export async function registeredDesk(rows: readonly CplEntry[], code = 'FFF1'): Promise<Desk> {
  const desk = await emptyDesk();
  for (const plan of [trusting, listingCrl, reading])
    await applyAll(desk.library, await plan(await state(desk.library)));
  await init(desk, code);
  const file = (await folder(desk.base).read('party.json')) ?? new Uint8Array();
  const change = await planParty(await parsePartyFile(file), await state(desk.library), NOW);
  await writeChange(folder(desk.base), 'joining', change);
  await desk.run(['sign', join(desk.base, 'joining')]);
  await applyAll(desk.library, await readChange(folder(desk.base), 'joining'));
  await importRows(desk, rows, '2026-11-18');
  return desk;
}

export async function init({ base, library, run }: Desk, code = 'FFF1'): Promise<Run> {
  const root = await library.place.metadata.read('1.root.json');
  const digest = await sha256(root ?? new Uint8Array());
  const named = [
    '--party',
    'example-meters',
    '--name',
    'Example Meters',
    '--mailbox',
    'firmware@meters.example',
  ];
  const begun = (await folder(base).read('publish.json')) !== undefined;
  const signing = begun ? [] : await signingOptions(base);
  const where = ['init', library.base, '--root-sha256', digest];
  return run([...where, ...named, ...signing, '--code', code, '--keys-here']);
}

async function signingOptions(base: string): Promise<readonly string[]> {
  const { key, certificate, timeAuthority } = await evidenceIn(base, 'Example Meters', PASSPHRASE);
  return ['--statement-key', key, '--certificate', certificate, '--time-authority', timeAuthority];
}

export async function importRows({ library }: Desk, rows: readonly CplEntry[], date: string): Promise<void> {
  const source = { name: `cpl-${date}.csv`, octets: new TextEncoder().encode(date), date };
  const { change } = await planCplImport(await state(library), rows, source, NOW);
  await applyAll(library, change);
}

/** Fills in the form that `new` wrote. */
export async function fillIn(desk: Desk, fields: object, notes = NOTES): Promise<void> {
  const octets = await folder(desk.base).read('release.json');
  const form = JSON.parse(new TextDecoder().decode(octets));
  await desk.write('release.json', JSON.stringify({ ...form, class: 'fix', upgradesFrom: 'any', ...fields }));
  await desk.write('notes.md', notes);
}

export function octetsOf(image: OtaImage): Uint8Array {
  return encodeImage(image);
}
