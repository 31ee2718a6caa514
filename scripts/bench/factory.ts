// A library with one manufacturer, made by the programs themselves, and a submission of many small releases.
//
// Images have a few kilooctets, so that what is measured is the library's own work. Everything lies in a
// temporary folder, on a real disk.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CPL_COLUMNS, decodeImage, hexOf, manufacturerImageHash } from '@cfl/client/firmware';
import { publishProgram, repoProgram } from '@cfl/repo-tools/cli';
import { type Authorities, openAuthorities } from '../demo/authorities.ts';
import { demoImage } from '../demo/image.ts';
import { importList } from '../demo/library.ts';
import { fillIn, homeOf, inboxOf, joinLibrary, settings } from '../demo/manufacturer.ts';
import { openStage, run, type Stage } from '../demo/stage.ts';
import type { DemoRelease } from '../demo/world.ts';

const PARTY = 'example-meters';
const OCTETS = 4_000;

export interface Factory {
  readonly stage: Stage;
  /** The Panel's list, as it was imported. */
  readonly list: string;
  /** Writes one submission with so many new releases into the inbox. */
  submit(count: number): Promise<void>;
  close(): Promise<void>;
}

/** With entries of the CPL for so many releases, and others up to so many rows. */
export async function openFactory(releases: number, rows = releases): Promise<Factory> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-bench-'));
  const now = new Date();
  const stage = await openStage(base, now);
  const authorities = await openAuthorities(stage);
  await found(stage, authorities);
  const all = Array.from({ length: releases }, (_, i) => releaseNumber(i));
  const list = await listOf(all, rows - releases);
  await importList(stage, now.toISOString().slice(0, 10), list);
  let made = 0;
  return {
    stage,
    list,
    async submit(count) {
      const folders: string[] = [];
      for (const [i, release] of all.slice(made, made + count).entries())
        folders.push(await formFor(stage, release, { number: made + i, template: folders[0] }));
      made += count;
      const to = inboxOf(stage);
      await mkdir(to, { recursive: true, mode: 0o700 });
      await run(stage, publishProgram, ['submit', ...folders, '--to', to, ...settings(stage, PARTY)]);
    },
    async close() {
      await authorities.close();
      await rm(base, { recursive: true, force: true });
    },
  };
}

async function found(stage: Stage, authorities: Authorities): Promise<void> {
  const named = ['--keys-here', '--name', 'Example Firmware Library'];
  await run(stage, repoProgram, ['init', ...named, '--at', stage.base]);
  await authorities.becomeTrusted();
  await joinLibrary(stage, authorities, {
    id: PARTY,
    name: 'Example Meters',
    kinds: ['manufacturer'],
    codes: ['FFF1'],
    mailbox: 'firmware@meters.example',
    purposes: ['release'],
  });
}

function releaseNumber(i: number): DemoRelease {
  return {
    code: 'FFF1',
    deviceType: 'ESME',
    model: '0A01',
    firmware: (0x01000000 + i).toString(16).toUpperCase().padStart(8, '0'),
    takes: ['0100', '01FF'],
    hardware: ['0102'],
    octets: OCTETS,
    class: 'fix',
    from: 'any',
    says: 'Mends the clock',
  };
}

interface FormOptions {
  readonly number: number;
  /** A folder that was filled in already, for a release of the same model; else `cfl-publish new` makes the form. */
  readonly template: string | undefined;
}

async function formFor(
  stage: Stage,
  release: DemoRelease,
  { number, template }: FormOptions,
): Promise<string> {
  const work = join(homeOf(stage, PARTY), 'work', String(number));
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'image.ota'), demoImage(release));
  if (template === undefined) {
    const image = join(work, 'image.ota');
    await run(stage, publishProgram, ['new', image, '--to', work, ...settings(stage, PARTY)]);
    const acknowledged = ['NO_ENDORSEMENT'];
    await fillIn(work, { class: 'fix', upgradesFrom: 'any', supersedes: [], acknowledged });
    await writeFile(join(work, 'notes.md'), await notesIn(work));
    return work;
  }
  const [first] = (JSON.parse(await readFile(join(template, 'release.json'), 'utf8')) as Form).claims;
  await writeFile(join(work, 'release.json'), await readFile(join(template, 'release.json')));
  const claims = [{ ...first, entry: entryId(number), firmwareVersion: release.firmware }];
  await fillIn(work, { claims, acknowledged: ['NO_ENDORSEMENT'] });
  await writeFile(join(work, 'notes.md'), await readFile(join(template, 'notes.md')));
  return work;
}

interface Form {
  readonly claims: readonly object[];
}

/** As `new` wrote them, finished. */
async function notesIn(work: string): Promise<string> {
  const text = await readFile(join(work, 'notes.md'), 'utf8');
  return text
    .replace(/^(fixes|severity|embargo): …$/gm, '$1: none')
    .replaceAll('…', 'It restarts once and the supply is not interrupted');
}

async function listOf(releases: readonly DemoRelease[], others: number): Promise<string> {
  const own = releases.map(async (release, i) =>
    lineOf({
      entry_id: entryId(i),
      device_type: release.deviceType,
      manufacturer_id: release.code,
      model_id: release.model,
      hardware_version: release.hardware[0] ?? '',
      firmware_version: release.firmware,
      image_hash: (await manufacturerImageHash(decodeImage(demoImage(release)), 'whole')).toUpperCase(),
    }),
  );
  const more = Array.from({ length: others }, (_, i) => lineOf(otherRow(i, releases.length)));
  return `${[CPL_COLUMNS.join(','), ...(await Promise.all(own)), ...more].join('\r\n')}\r\n`;
}

type Cells = Record<(typeof CPL_COLUMNS)[number], string>;

function lineOf(cells: Partial<Cells>): string {
  const whole: Partial<Cells> = {
    smets_version: '5.1',
    gbcs_version: '4.1',
    status: 'Active',
    upgradeable_from: 'N/A',
    smets1: 'no',
    certificates: 'CPA:EX-0A01:2031-11-18',
    ...cells,
  };
  return CPL_COLUMNS.map((column) => whole[column]).join(',');
}

const CODES = 20;
const MODELS = 50;

/** Of 20 manufacturer codes with 50 models each; each version is upgradeable from the one before. */
function otherRow(i: number, before: number): Partial<Cells> {
  const round = Math.floor(i / (CODES * MODELS));
  return {
    entry_id: entryId(before + i),
    device_type: i % 2 === 0 ? 'ESME' : 'GSME',
    manufacturer_id: hexOf(0xff00 + (i % CODES), 4),
    model_id: hexOf(0x0b00 + (Math.floor(i / CODES) % MODELS), 4),
    hardware_version: '0102',
    firmware_version: hexOf(0x02000000 + round, 8),
    image_hash: hexOf(i + 1, 8).repeat(8),
    ...(round === 0 ? {} : { upgradeable_from: entryId(before + i - CODES * MODELS) }),
  };
}

function entryId(i: number): string {
  return `CPL-${String(i + 1).padStart(6, '0')}`;
}
