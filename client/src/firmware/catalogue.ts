// What does the library hold? `catalogue/index.json` and its shards, for lists.
//
// Nothing rests on the catalogue: every field of it is derived from statements, decisions and the CPL, and
// a reader who is about to use a release reads those.

import {
  date,
  type Format,
  format,
  integer,
  listOfDifferent,
  literal,
  object,
  oneOf,
  type Read,
  refuse,
} from './fields.ts';
import {
  carriesSupplierTrailer,
  DEVICE_TYPES,
  entryId,
  firmwareVersion,
  type HardwareVersion,
  hardwareVersion,
  imageHash,
  imageType,
  type ManufacturerCode,
  manufacturerCode,
  modelId,
  partyId,
  releaseId,
} from './identifiers.ts';
import { TRAILER_LENGTH } from './image.ts';
import { releaseClass, upgradesFrom } from './statement.ts';

/** Lowest and highest hardware version that the image takes. */
const hardwareRange: Read<readonly [HardwareVersion, HardwareVersion]> = (value, at) => {
  const [lowest, highest, ...rest] = Array.isArray(value) ? value : [];
  if (rest.length > 0) refuse(value, at, 'two hardware versions');
  return [hardwareVersion.exact(lowest, `${at}[0]`), hardwareVersion.exact(highest, `${at}[1]`)];
};

const catalogueRelease = object({
  release: releaseId.exact,
  deviceType: oneOf(...DEVICE_TYPES),
  models: listOfDifferent(modelId.exact, String, 1),
  hardware: hardwareRange,
  /** Of the header: the manufacturer's own. */
  imageType: imageType.exact,
  firmwareVersion: firmwareVersion.exact,
  imageHash: imageHash.exact,
  class: releaseClass,
  published: date,
  upgradesFrom,
  supersedes: listOfDifferent(releaseId.exact, String),
  /** Releases of the same code whose newest statement says that they supersede this one. */
  supersededBy: listOfDifferent(releaseId.exact, String),
  entries: listOfDifferent(entryId.exact, String, 1),
  /** Of the newest statement. */
  number: integer(1),
  /** Octets of the library form. */
  size: integer(1),
  originator: partyId.exact,
});
export type CatalogueRelease = ReturnType<typeof catalogueRelease>;

const shard = object({
  format: literal('cfl/catalogue/1'),
  code: manufacturerCode.exact,
  releases: listOfDifferent(catalogueRelease, ({ release }) => release),
});
export type CatalogueShard = ReturnType<typeof shard>;

const index = object({
  format: literal('cfl/catalogue-index/1'),
  shards: listOfDifferent(
    object({ code: manufacturerCode.exact, shard: integer(0), releases: integer(0) }),
    (one) => `${one.code}-${one.shard}`,
  ),
});
export type CatalogueIndex = ReturnType<typeof index>;

export const catalogueShard: Format<CatalogueShard> = format(shard);
export const catalogueIndex: Format<CatalogueIndex> = format(index);

export const CATALOGUE_INDEX_PATH = 'catalogue/index.json';

export function catalogueShardPath(code: ManufacturerCode, number: number): string {
  return `catalogue/${code}-${number}.json`;
}

/** Octets as a device receives them: the supplier's trailer is added where the device type has one. */
export function distributedSize(
  deviceType: Parameters<typeof carriesSupplierTrailer>[0],
  size: number,
): number {
  return carriesSupplierTrailer(deviceType) ? size + TRAILER_LENGTH : size;
}
