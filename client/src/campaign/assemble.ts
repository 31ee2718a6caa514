// How does a verified release become a campaign? The image for these meters, signed; then every file of the folder.
//
//   ota-upgrade-image.b64            for DUIS 11.1 (ESME, GSME, HCALCS) or 11.4 (PPMID)
//   ota-upgrade-image-1.b64 …        its slices, where the manufacturer stated any
//   firmware-hash.txt                for DUIS 11.3
//   device-ids-1.txt …               at most 50,000 EUI-64s each
//   campaign.json                    last: where it is, the rest is
//
// Everything is made and verified before anything is written, into a folder that holds nothing else: a list of an
// earlier campaign must not lie beside this one.

import { encodeDate, sha256, toHex } from '../encoding/index.ts';
import {
  carriesSupplierTrailer,
  type DeviceType,
  firmwareVersionOf,
  hardwareVersionOf,
  type LibrarySettings,
  parseReleaseClass,
  sizeLimitOf,
} from '../firmware/index.ts';
import { type Signer, toPublicKeyObject } from '../keys/index.ts';
import type { Files, VerifiedRelease } from '../library/index.ts';
import { CAMPAIGN_FILE, type Campaign, campaignFile, LONGEST_LIST } from './campaign.ts';
import { CampaignError } from './errors.ts';
import { serviceFor, signManufacturerImage, slicesOfImage, upgradeImage } from './image.ts';

export interface AssembleOptions {
  readonly verified: VerifiedRelease;
  readonly settings: LibrarySettings;
  readonly meters: ReadonlySet<string>;
  /** Opens the supplier's key; asked only for device types whose images carry its signature. */
  readonly openKey: (() => Promise<Signer>) | undefined;
  readonly forceReplace: number;
  readonly now: Date;
}

export interface Assembled {
  readonly campaign: Campaign;
  /** By name, in the order in which they are written. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Throws CampaignError, or KeyError. */
export async function assemble(options: AssembleOptions): Promise<Assembled> {
  const { verified, settings, meters, now } = options;
  const { about, image, state } = verified;
  const { predicate } = about.statement;
  const service = serviceFor(predicate.deviceType);
  // serviceFor refuses every other type
  const deviceType = predicate.deviceType as DeviceType;
  if (meters.size === 0) throw noMeters();
  const signature = carriesSupplierTrailer(deviceType) ? await signatureFor(options) : null;
  const octets = upgradeImage(
    image,
    signature === null
      ? undefined
      : { forceReplace: signature.forceReplace, signature: Buffer.from(signature.hex, 'hex') },
  );
  const slices = await sliceFiles(octets, predicate.slices);
  const lists = listFiles(meters);
  const imageFile = 'ota-upgrade-image.b64';
  const hashFile = 'firmware-hash.txt';
  const campaign: Campaign = {
    format: 'cfl/campaign/1',
    made: encodeDate(now),
    library: settings.name,
    release: about.release,
    manufacturer: about.party.name,
    code: about.code,
    contact: predicate.contact.mailbox,
    deviceType,
    state: state.state === 'superseded' ? 'superseded' : 'current',
    class: parseReleaseClass(predicate.class),
    firmwareVersion: firmwareVersionOf(predicate.header.fileVersion),
    hardware: {
      lowest: hardwareVersionOf(predicate.header.minHardwareVersion),
      highest: hardwareVersionOf(predicate.header.maxHardwareVersion),
    },
    upgradesFrom: predicate.upgradesFrom,
    entries: predicate.claims.map(({ entry, model, hardwareVersion }) => ({ entry, model, hardwareVersion })),
    image: {
      file: imageFile,
      service,
      octets: octets.length,
      sha256: await sha256(octets),
      sizeLimit: sizeLimitOf(settings, deviceType),
      ...(slices.length === 0
        ? {}
        : { slices: slices.map(({ file, octets, sha256 }) => ({ file, octets, sha256 })) }),
    },
    signature,
    activation: { file: hashFile, service: '11.3', hash: about.imageHash },
    meters: { count: meters.size, lists: lists.map(({ file, count }) => ({ file, count })) },
  };
  const files = new Map<string, Uint8Array>([
    [imageFile, base64Line(octets)],
    ...slices.map(({ file, content }) => [file, content] as const),
    [hashFile, textLine(about.imageHash)],
    ...lists.map(({ file, content }) => [file, content] as const),
    [CAMPAIGN_FILE, campaignFile.encode(campaign)],
  ]);
  return { campaign, files };
}

async function signatureFor({
  verified,
  openKey,
  forceReplace,
}: AssembleOptions): Promise<NonNullable<Campaign['signature']>> {
  if (openKey === undefined) {
    throw new CampaignError(
      'NO_KEY',
      `Cannot assemble an image for a ${verified.about.statement.predicate.deviceType}: it carries the supplier's signature, and no key was given`,
      {
        hint: 'Name your key: --key file:PATH, --key pkcs11:… or --key cmd:…',
      },
    );
  }
  const signer = await openKey();
  const signature = await signManufacturerImage(verified.image, signer);
  const spki = toPublicKeyObject(signer.key).export({ type: 'spki', format: 'der' });
  return { publicKey: spki.toString('base64'), hex: toHex(signature), forceReplace };
}

function noMeters(): CampaignError {
  return new CampaignError(
    'NO_METERS',
    'Cannot assemble a campaign: no meter of the list takes this release',
    {
      hint: 'Nothing was written. Make the findings again: cfl estate FILE --out findings.csv',
    },
  );
}

async function sliceFiles(octets: Uint8Array, stated: Parameters<typeof slicesOfImage>[1] | undefined) {
  if (stated === undefined) return [];
  const slices = await slicesOfImage(octets, stated);
  return Promise.all(
    slices.map(async (slice, i) => ({
      file: `ota-upgrade-image-${i + 1}.b64`,
      octets: slice.length,
      sha256: await sha256(slice),
      content: base64Line(slice),
    })),
  );
}

function listFiles(meters: ReadonlySet<string>) {
  const all = [...meters];
  return Array.from({ length: Math.ceil(all.length / LONGEST_LIST) }, (_, i) => {
    const part = all.slice(i * LONGEST_LIST, (i + 1) * LONGEST_LIST);
    return { file: `device-ids-${i + 1}.txt`, count: part.length, content: textLine(part.join('\n')) };
  });
}

function base64Line(octets: Uint8Array): Uint8Array {
  return textLine(Buffer.from(octets).toString('base64'));
}

function textLine(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\n`);
}

/** `campaign.json` comes last. Throws CampaignError FOLDER_NOT_EMPTY. */
export async function writeCampaign(
  files: Files,
  place: string,
  { files: content }: Assembled,
): Promise<void> {
  for (const [name, octets] of content) {
    if (await files.writeNew(name, octets)) continue;
    throw notEmpty(place, name);
  }
}

/** Before a key is opened: nobody should type a PIN for nothing. Throws CampaignError FOLDER_NOT_EMPTY. */
export async function expectEmpty(files: Files, place: string): Promise<void> {
  const [first] = await files.list('');
  if (first !== undefined) throw notEmpty(place, first);
}

function notEmpty(place: string, file: string): CampaignError {
  return new CampaignError(
    'FOLDER_NOT_EMPTY',
    `Cannot write the campaign to "${place}": found "${file}" there, expected an empty folder`,
    {
      hint: 'Name a new folder: --to DIR. Lists of two campaigns must not lie beside each other',
    },
  );
}
