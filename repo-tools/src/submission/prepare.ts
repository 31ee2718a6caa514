// What does the library know about this image already? `cfl-publish new`: the form and the notes to fill in.

import { relative, resolve } from 'node:path';
import type { Json } from '@cfl/client/encoding';
import {
  type CplEntry,
  findParty,
  firmwareVersionOf,
  type HoldingSettings,
  hardwareVersionOf,
  type ImageHash,
  type ManufacturerCode,
  manufacturerCodeOf,
  manufacturerImageHash,
  type OtaImage,
  type ReleaseId,
  releaseIdOf,
  sizeLimitOf,
} from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';
import { publishedReleases, readLibrary } from '../intake/library.ts';
import {
  decoded,
  encodeForm,
  imageInLibraryForm,
  NOTES_FILE,
  notesTemplate,
  octetsOf,
  RELEASE_FILE,
  UNKNOWN,
} from './form.ts';
import type { PublishSettings } from './settings.ts';

/** Octets: nobody guesses notes from their public digest. */
const SALT_LENGTH = 32;

export interface NewRelease {
  readonly image: OtaImage;
  /** Octets of the library form. */
  readonly length: number;
  readonly code: ManufacturerCode;
  readonly release: ReleaseId;
  readonly hash: ImageHash;
  readonly snapshot: number;
  /** The entries with this hash; or else those that could get it: Active, without a hash, of this firmware. */
  readonly entries: readonly CplEntry[];
  readonly onCpl: 'by hash' | 'without a hash' | 'not';
  readonly number: number;
}

export interface NewOptions {
  /** As the user names it. */
  readonly image: string;
  readonly octets: Uint8Array;
  /** The folder of the form. */
  readonly to: string;
  readonly trailer: 'strip' | undefined;
  readonly settings: Pick<PublishSettings, 'party'>;
  readonly published: Published;
}

/** Throws ChangeError where the image is none, ends with a trailer that is not declared, or a form is there already. */
export async function newRelease(options: NewOptions): Promise<NewRelease> {
  const { published, to } = options;
  const library = await readLibrary(published);
  const code = manufacturerCodeOf(decoded(options.octets, options.image).header.manufacturerCode);
  const ofCode = await library.cpl.ofCode(code);
  const image = await formToPublish(options, ofCode);
  const octets = octetsOf(image);
  const [release, hash] = [await releaseIdOf(octets), await manufacturerImageHash(image, 'whole')];
  const former = (await publishedReleases(published, code)).find((one) => one.release === release);
  const found = entriesFor(image, hash, ofCode);
  const made: NewRelease = {
    ...found,
    image,
    length: octets.length,
    code,
    release,
    hash,
    snapshot: library.cpl.snapshot,
    number: (former?.number ?? 0) + 1,
  };
  const mailbox = findParty(library.register, options.settings.party)?.mailbox;
  const slice = sliceFor(made, library.settings);
  await writeForm(to, made, { ...options, mailbox: mailbox ?? UNKNOWN, slice });
  return made;
}

/** The octets alone cannot tell whether they end with a trailer; the CPL's hash can. */
async function formToPublish(
  { octets, image: name, trailer }: NewOptions,
  entries: readonly CplEntry[],
): Promise<OtaImage> {
  const given = decoded(octets, name);
  const known = async (reading: 'whole' | 'without-trailer') => {
    const hash = await manufacturerImageHash(given, reading);
    return entries.some((entry) => entry.imageHash === hash);
  };
  const stripped = given.possibleTrailer !== undefined && (await known('without-trailer'));
  if (trailer === undefined && stripped && !(await known('whole'))) {
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot take "${name}": it ends with a supplier's trailer of 66 octets; without it, its hash is the CPL's`,
      'Give the image as it was built, or run it again with --strip-trailer',
    );
  }
  const image = imageInLibraryForm(octets, name, trailer);
  if (trailer === undefined || stripped) return image;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot strip a supplier's trailer from "${name}": without its last 66 octets its hash is not on the CPL`,
    'Give the image as it was built, or wait until the CPL has its hash',
  );
}

function entriesFor(
  { header }: OtaImage,
  hash: ImageHash,
  entries: readonly CplEntry[],
): Pick<NewRelease, 'entries' | 'onCpl'> {
  const byHash = entries.filter((entry) => entry.imageHash === hash);
  if (byHash.length > 0) return { entries: byHash, onCpl: 'by hash' };
  const { fileVersion, minHardwareVersion: least, maxHardwareVersion: most } = header;
  const could = entries.filter((entry) => {
    const hardware = Number.parseInt(entry.hardwareVersion, 16);
    const inRange = least !== null && most !== null && least <= hardware && hardware <= most;
    const sameFirmware = entry.firmwareVersion === firmwareVersionOf(fileVersion);
    return entry.status === 'Active' && entry.imageHash === undefined && sameFirmware && inRange;
  });
  return { entries: could, onCpl: could.length > 0 ? 'without a hash' : 'not' };
}

/** As large as the limit allows; only a PPMID takes an image in slices. */
function sliceFor({ entries, length }: NewRelease, settings: HoldingSettings): number | undefined {
  const limit = sizeLimitOf(settings, 'PPMID');
  const isPpmid = entries.length > 0 && entries.every(({ deviceType }) => deviceType === 'PPMID');
  return isPpmid && length > limit ? limit : undefined;
}

async function writeForm(
  to: string,
  made: NewRelease,
  { image, trailer, mailbox, slice }: NewOptions & { mailbox: string; slice: number | undefined },
): Promise<void> {
  const files = folder(to);
  const models = [...new Set(made.entries.map(({ modelId }) => modelId))];
  const types = new Set(made.entries.map(({ deviceType }) => deviceType));
  // One manufacturer image may serve several device types; a release is of one
  const [deviceType = UNKNOWN] = types.size === 1 ? types : [];
  const claims = made.entries.map(({ entry, modelId, hardwareVersion, firmwareVersion }) => ({
    entry,
    model: modelId,
    hardwareVersion,
    firmwareVersion,
  }));
  const firmware = firmwareVersionOf(made.image.header.fileVersion);
  const claim = { entry: UNKNOWN, model: UNKNOWN, hardwareVersion: UNKNOWN, firmwareVersion: firmware };
  const stated = new Map<string, Json>([
    ['number', made.number],
    ['deviceType', deviceType],
    ['claims', claims.length > 0 ? claims : [claim]],
    ['class', UNKNOWN],
    ['upgradesFrom', UNKNOWN],
    ['supersedes', []],
    ['acknowledged', []],
    ['contact', { mailbox }],
  ]);
  const form = encodeForm({ image: relative(to, resolve(image)), trailer, slice, stated });
  const salt = crypto.getRandomValues(new Uint8Array(SALT_LENGTH));
  const head = { deviceType, models, firmwareVersion: firmware, salt };
  const notes = new TextEncoder().encode(notesTemplate(head));
  await writeNew(files, RELEASE_FILE, form);
  // Notes that a person has begun stay; the form was the one to be made
  await files.writeNew(NOTES_FILE, notes);
}

async function writeNew(files: ReturnType<typeof folder>, name: string, octets: Uint8Array): Promise<void> {
  if (await files.writeNew(name, octets)) return;
  throw new ChangeError(
    'EXISTS',
    `Cannot write "${name}": it is there already`,
    'Move it away, or choose another folder: --to DIR',
  );
}

/** `0100..01FF`; empty where the image states none. */
export function hardwareText({ header }: OtaImage): string {
  const { minHardwareVersion: least, maxHardwareVersion: most } = header;
  return least === null || most === null ? '' : `${hardwareVersionOf(least)}..${hardwareVersionOf(most)}`;
}
