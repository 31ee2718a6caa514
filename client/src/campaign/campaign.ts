// What does a supplier's own tool need to know of a campaign? `campaign.json`, which says what each file beside it is
// for: the service requests of DUIS 11.1 (Update Firmware), 11.3 (Activate Firmware) and 11.4 (PPMID).

import {
  date,
  digest,
  either,
  type Format,
  format,
  integer,
  line,
  list,
  listOfDifferent,
  literal,
  mailbox,
  object,
  oneOf,
  text,
} from '../firmware/fields.ts';
import {
  DEVICE_TYPES,
  entryId,
  firmwareVersion,
  hardwareVersion,
  imageHash,
  manufacturerCode,
  modelId,
  releaseId,
} from '../firmware/identifiers.ts';
import { releaseClass, upgradesFrom } from '../firmware/statement.ts';

const file = text(/^[a-z0-9-]{1,60}\.(?:b64|txt)$/, 'a file beside this one');
const base64 = text(/^[A-Za-z0-9+/]+={0,2}$/, 'base64');

const campaign = object({
  format: literal('cfl/campaign/1'),
  made: date,
  /** The library's name. */
  library: line,
  release: releaseId.exact,
  manufacturer: line,
  code: manufacturerCode.exact,
  contact: mailbox,
  deviceType: oneOf(...DEVICE_TYPES),
  state: oneOf('current', 'superseded'),
  class: releaseClass,
  firmwareVersion: firmwareVersion.exact,
  hardware: object({ lowest: hardwareVersion.exact, highest: hardwareVersion.exact }),
  upgradesFrom,
  entries: listOfDifferent(
    object({ entry: entryId.exact, model: modelId.exact, hardwareVersion: hardwareVersion.exact }),
    ({ entry }) => entry,
    1,
  ),
  image: object(
    {
      /** Base64 of the whole OTA upgrade image. */
      file,
      service: oneOf('11.1', '11.4'),
      octets: integer(1),
      sha256: digest,
      sizeLimit: integer(1),
    },
    { slices: list(object({ file, octets: integer(1), sha256: digest }), 2) },
  ),
  /** Null for a PPMID. */
  signature: either(
    (value) => value === null,
    (): null => null,
    object({
      /** SubjectPublicKeyInfo in DER. */
      publicKey: base64,
      /** r‖s */
      hex: text(/^[0-9a-f]{128}$/, '128 lower-case hex digits'),
      forceReplace: integer(0, 255),
    }),
  ),
  activation: object({ file, service: literal('11.3'), hash: imageHash.exact }),
  meters: object({ count: integer(1), lists: list(object({ file, count: integer(1, 50_000) }), 1) }),
});
export type Campaign = ReturnType<typeof campaign>;

export const campaignFile: Format<Campaign> = format(campaign);

export const CAMPAIGN_FILE = 'campaign.json';
/** DUIS takes no longer list of devices. */
export const LONGEST_LIST = 50_000;
