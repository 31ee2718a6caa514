// The Central Products List as the library publishes it: `cpl/index.json`, and one shard a manufacturer code.
//
// Rules
// - A snapshot is immutable and has a number; numbers only grow.
// - A shard holds every entry of one manufacturer code and no other, each entry id once.
// - A shard is written again only when its rows changed, so the index says at which snapshot the newest
//   shard of each code stands.

import {
  boolean,
  date,
  day,
  digest,
  either,
  type Format,
  FormatError,
  format,
  integer,
  line,
  list,
  listOfDifferent,
  literal,
  object,
  oneOf,
  type Read,
  text,
} from './fields.ts';
import {
  DEVICE_TYPES,
  type EntryId,
  entryId,
  firmwareVersion,
  hardwareVersion,
  imageHash,
  type ManufacturerCode,
  manufacturerCode,
  modelId,
} from './identifiers.ts';

export const CPL_STATUSES = ['Active', 'Cancelled', 'Expired', 'Withdrawn'] as const;
export type CplStatus = (typeof CPL_STATUSES)[number];

/** `5.1`, `4.2`: kept as the list has it. */
export const specificationVersion: Read<string> = text(
  /^[\x21-\x7e]{1,20}$/,
  'a version of 1 to 20 characters',
);
export const certificateWord: Read<string> = text(
  /^[^\p{Cc}\p{Cs}:;]{1,80}$/u,
  '1 to 80 characters without ":" or ";"',
);

const certificate = object(
  { kind: certificateWord, reference: certificateWord },
  { expires: day, renewal: day },
);
/** An assurance certificate; at most one of its two dates, `2028-11-01`, is there. */
export type CplCertificate = ReturnType<typeof certificate>;

const upgradeableFrom: Read<readonly EntryId[] | 'N/A'> = either(
  Array.isArray,
  list(entryId.exact),
  literal('N/A'),
);

const cplEntry = object(
  {
    entry: entryId.exact,
    deviceType: oneOf(...DEVICE_TYPES),
    manufacturerId: manufacturerCode.exact,
    modelId: modelId.exact,
    hardwareVersion: hardwareVersion.exact,
    firmwareVersion: firmwareVersion.exact,
    smetsVersion: specificationVersion,
    gbcsVersion: specificationVersion,
    status: oneOf(...CPL_STATUSES),
    upgradeableFrom,
    smets1: boolean,
    certificates: list(certificate),
  },
  { imageHash: imageHash.exact },
);
export type CplEntry = ReturnType<typeof cplEntry>;

const shard = object({
  format: literal('cfl/cpl-shard/1'),
  snapshot: integer(1),
  code: manufacturerCode.exact,
  entries: listOfDifferent(cplEntry, ({ entry }) => entry),
});
export type CplShard = ReturnType<typeof shard>;

function ofOneCode(value: unknown, at: string): CplShard {
  const parsed = shard(value, at);
  const stranger = parsed.entries.findIndex((entry) => entry.manufacturerId !== parsed.code);
  if (stranger === -1) return parsed;
  const found = `"${parsed.entries[stranger]?.manufacturerId}"`;
  throw new FormatError(`entries[${stranger}].manufacturerId`, { found, expected: `"${parsed.code}"` });
}

export const cplShard: Format<CplShard> = format(ofOneCode);

const index = object({
  format: literal('cfl/cpl-index/1'),
  snapshot: integer(1),
  date,
  source: object({ name: line, sha256: digest }),
  entries: integer(0),
  shards: listOfDifferent(
    object({ code: manufacturerCode.exact, snapshot: integer(1), entries: integer(1) }),
    ({ code }) => code,
  ),
});
/** `entries` counts all; each shard's `snapshot` is the number in its path. */
export type CplIndex = ReturnType<typeof index>;

export const cplIndex: Format<CplIndex> = format(index);

export const CPL_INDEX_PATH = 'cpl/index.json';

export function cplShardPath(snapshot: number, code: ManufacturerCode): string {
  return `cpl/${snapshot}/${code}.json`;
}
