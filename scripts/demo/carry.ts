// `npm start -- --image FILE`: a real OTA image goes the whole way. Its manufacturer joins, the list gets an
// entry with its hash, it is submitted, decided and published.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Io } from '@cfl/client/cli';
import {
  CPL_COLUMNS,
  decodeImage,
  encodeImage,
  firmwareVersionOf,
  hardwareVersionOf,
  hexOf,
  imagePath,
  libraryForm,
  likelyReading,
  manufacturerCodeOf,
  manufacturerImageHash,
  OtaError,
  type OtaImage,
  parseReleaseId,
  releaseIdOf,
} from '@cfl/client/firmware';
import { publishProgram } from '@cfl/repo-tools/cli';
import { loadState, placeAt } from '@cfl/repo-tools/deploy';
import type { Authorities } from './authorities.ts';
import { decideAll, importList } from './library.ts';
import { fillIn, homeOf, inboxOf, joinLibrary, pointToTimeAuthority, settings } from './manufacturer.ts';
import { type DemoNotes, finishNotes } from './notes.ts';
import { run, type Stage } from './stage.ts';
import { MANUFACTURERS } from './world.ts';

type Row = Record<(typeof CPL_COLUMNS)[number], string>;

class CannotCarry extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** Returns the release's digest. Throws where the file is no OTA image or the gateway does not take it. */
export async function carryImage(
  stage: Stage,
  authorities: Authorities,
  path: string,
  io: Io,
): Promise<string> {
  const image = await decoded(path);
  const reading = likelyReading(image);
  const release = await releaseIdOf(encodeImage(libraryForm(image, reading)));
  if (await isPublished(stage, image, release)) return release;
  const party = await partyOf(stage, authorities, image, io);
  io.progress('The Panel lists it');
  const row = await listIt(stage, image, await manufacturerImageHash(image, reading));
  io.progress(`${party} submits it`);
  await submitIt(stage, { party, path, reading, row });
  const decisions = await decideAll(stage);
  io.progress(undefined);
  for (const line of decisions) io.err(line);
  if (await isPublished(stage, image, release)) return release;
  throw new CannotCarry(
    'NOT_ADMITTED',
    `Cannot publish "${basename(path)}": the gateway did not accept it`,
    'The line above says why',
  );
}

async function decoded(path: string): Promise<OtaImage> {
  try {
    return decodeImage(await readFile(path));
  } catch (error) {
    if (!(error instanceof OtaError)) throw error;
    throw new CannotCarry(
      'NOT_AN_IMAGE',
      `Cannot read "${basename(path)}" as an OTA image: ${error.message}`,
      'Give an OTA upgrade image',
    );
  }
}

async function isPublished(stage: Stage, { header }: OtaImage, release: string): Promise<boolean> {
  const published = await loadState(placeAt(stage.base));
  const code = manufacturerCodeOf(header.manufacturerCode);
  return (await published.read(imagePath(code, parseReleaseId(release)))) !== undefined;
}

/** The owner of the image's code; a new one where the library has none. */
async function partyOf(
  stage: Stage,
  authorities: Authorities,
  { header }: OtaImage,
  io: Io,
): Promise<string> {
  const code = manufacturerCodeOf(header.manufacturerCode);
  const known = MANUFACTURERS.find((party) => party.code === code);
  const party = {
    id: known?.id ?? `maker-of-${code.toLowerCase()}`,
    name: `Maker of ${code}`,
    kinds: ['manufacturer'],
    codes: [code],
    mailbox: 'firmware@maker.example',
    purposes: ['release'],
  };
  if ((await readdir(stage.people)).includes(party.id)) {
    await pointToTimeAuthority(stage, party.id, authorities.timeAuthority);
  } else {
    io.progress(`${party.name} joins`);
    await joinLibrary(stage, authorities, party);
  }
  return party.id;
}

/** One row more than in the newest list, of the day after it. */
async function listIt(stage: Stage, image: OtaImage, hash: string): Promise<Row> {
  const newest =
    (await readdir(stage.people))
      .filter((name) => /^cpl-.*\.csv$/.test(name))
      .sort()
      .at(-1) ?? '';
  const list = await readFile(join(stage.people, newest), 'utf8');
  const { header } = image;
  const row: Row = {
    entry_id: `CPL-${String(900 + list.split('\n').length).padStart(6, '0')}`,
    device_type: likelyReading(image) === 'without-trailer' ? 'ESME' : 'PPMID',
    manufacturer_id: manufacturerCodeOf(header.manufacturerCode),
    model_id: hexOf(header.imageType, 4),
    hardware_version: hardwareVersionOf(header.minHardwareVersion ?? 0),
    firmware_version: firmwareVersionOf(header.fileVersion),
    smets_version: '5.1',
    gbcs_version: '4.1',
    image_hash: hash.toUpperCase(),
    status: 'Active',
    upgradeable_from: 'N/A',
    smets1: 'no',
    certificates: 'CPA:EX-CARRIED:2031-11-18',
  };
  const day = newest.slice('cpl-'.length, -'.csv'.length);
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  await importList(stage, next, `${list}${CPL_COLUMNS.map((column) => row[column]).join(',')}\r\n`);
  return row;
}

interface Submitting {
  readonly party: string;
  readonly path: string;
  readonly reading: ReturnType<typeof likelyReading>;
  readonly row: Row;
}

async function submitIt(stage: Stage, { party, path, reading, row }: Submitting): Promise<void> {
  const work = join(homeOf(stage, party), 'work', basename(path));
  await mkdir(work, { recursive: true });
  const image = join(work, basename(path));
  await writeFile(image, await readFile(path));
  const strip = reading === 'without-trailer' ? ['--strip-trailer'] : [];
  await run(stage, publishProgram, ['new', image, '--to', work, ...strip, ...settings(stage, party)]);
  await fillIn(work, {
    // Several entries may have this hash; this release is about its own
    deviceType: row.device_type,
    claims: [
      {
        entry: row.entry_id,
        model: row.model_id,
        hardwareVersion: row.hardware_version,
        firmwareVersion: row.firmware_version,
      },
    ],
    class: 'compliance',
    upgradesFrom: 'any',
    supersedes: [],
  });
  await finishNotes(work, NOTES);
  await run(stage, publishProgram, ['submit', work, '--to', inboxOf(stage), ...settings(stage, party)]);
}

const NOTES: DemoNotes = {
  fixes: 'none',
  severity: 'none',
  sections: {
    'During activation': 'Do not deploy it: nothing is known of what it does to a meter or to the supply',
    'Order and prerequisites': 'Nothing is known',
    'How to go back': 'Nothing is known',
    'What is new': 'Nothing is known of that either',
    'Known issues': 'That a stranger carries it through the demo',
    'Test evidence': 'None',
  },
};
