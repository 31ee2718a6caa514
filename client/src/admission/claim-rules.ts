// Does every claimed entry of the Central Products List match the image, identically?

import {
  type Claim,
  type CplEntry,
  firmwareVersionOf,
  hardwareVersionOf,
  heldDeviceTypes,
  manufacturerCodeOf,
  statedDigests,
  TYPE_2_DEVICES,
} from '../firmware/index.ts';
import type { Facts } from './facts.ts';
import type { Observation, Rule } from './rule.ts';

interface Claimed {
  readonly claim: Claim;
  readonly entry: CplEntry;
  /** `claims[1]` */
  readonly at: string;
}

/** A rule that looks at one claimed entry after the other; ENTRY_UNKNOWN speaks for those that are not there. */
function claimRule(
  words: Omit<Rule, 'sealed' | 'says'>,
  says: (claimed: Claimed, facts: Facts) => readonly Observation[],
): Rule {
  return { ...words, sealed: false, says: (facts) => perEntry(facts, says) };
}

function perEntry(
  facts: Facts,
  says: (claimed: Claimed, facts: Facts) => readonly Observation[],
): readonly Observation[] {
  return facts.statement.predicate.claims.flatMap((claim, i) => {
    const entry = facts.cpl.entries.get(claim.entry);
    return entry === undefined ? [] : says({ claim, entry, at: `claims[${i}]` }, facts);
  });
}

/** Nothing where both are the same. */
function unlike(compared: Omit<Observation, 'message'>, message: string): Observation[] {
  return compared.expected === compared.found ? [] : [{ ...compared, message }];
}

const deviceType: Rule = {
  code: 'DEVICE_TYPE',
  severity: 'refuse',
  sealed: false,
  demand: 'The device type is one that this library holds, and that of every claimed entry',
  source: 'BR01; IHD and CAD are Type 2 devices, CHF and GPF belong to the DCC',
  remedy:
    'Claim only entries of the device type that you state, and submit only types that this library holds',
  says(facts) {
    const stated = facts.statement.predicate.deviceType;
    const held = heldDeviceTypes(facts.library);
    if (held.some((type) => type === stated)) return perEntry(facts, entryOfType);
    const why = TYPE_2_DEVICES.some((type) => type === stated)
      ? 'is a Type 2 device and not on the CPL'
      : stated === 'CHF' || stated === 'GPF'
        ? 'belongs to the DCC'
        : 'is not held here';
    const message = `${stated} ${why}; this library holds ${held.join(', ')}`;
    const hint = 'Do not submit it here';
    return [{ at: 'deviceType', expected: held.join(', '), found: stated, message, hint }];
  },
};

function entryOfType({ entry, at }: Claimed, { statement }: Facts): Observation[] {
  const { deviceType: stated } = statement.predicate;
  const message = `${entry.entry} is a ${entry.deviceType}, the statement says ${stated}`;
  return unlike({ at: `${at}.entry`, expected: entry.deviceType, found: stated }, message);
}

const commercial: Rule = {
  code: 'COMMERCIAL',
  severity: 'refuse',
  sealed: false,
  demand:
    'The release is for compliance, or closes a vulnerability or defect; it is not a commercial version',
  source: 'SECMP0009: non-commercial images are held',
  remedy: 'Offer it to suppliers yourself; the catalogue lists its CPL entry and your mailbox',
  says: ({ statement }) =>
    statement.predicate.class === 'commercial'
      ? [
          {
            at: 'class',
            expected: 'compliance or fix',
            found: 'commercial',
            message:
              'a commercial version is on the CPL but is not held here: class is commercial, expected compliance or fix',
          },
        ]
      : [],
};

const cplRollback: Rule = {
  code: 'CPL_ROLLBACK',
  severity: 'hold',
  sealed: false,
  demand: 'The CPL is not older than the one by which the gateway decided last',
  source: 'Snapshots of the CPL are ordered and never rolled back',
  remedy: 'Nothing to do: the operator must find out why the library shows an older CPL',
  says: ({ cpl }) =>
    cpl.snapshot >= cpl.newestSeen
      ? []
      : [
          {
            at: 'cpl',
            expected: `snapshot ${cpl.newestSeen} or later`,
            found: `snapshot ${cpl.snapshot}`,
            message: `the CPL is snapshot ${cpl.snapshot}, but snapshot ${cpl.newestSeen} was decided by already`,
          },
        ],
};

const entryUnknown: Rule = {
  code: 'ENTRY_UNKNOWN',
  severity: 'refuse',
  sealed: false,
  demand: 'Every claimed entry is on the CPL',
  source: 'BR02',
  remedy: 'Claim entries as the newest CPL names them',
  says: ({ statement, cpl }) =>
    statement.predicate.claims.flatMap(({ entry }, i) =>
      cpl.entries.has(entry)
        ? []
        : [
            {
              at: `claims[${i}].entry`,
              expected: `an entry of snapshot ${cpl.snapshot}`,
              found: entry,
              message: `${entry} is not on the CPL, snapshot ${cpl.snapshot}`,
            },
          ],
    ),
};

const entryNotActive = claimRule(
  {
    code: 'ENTRY_NOT_ACTIVE',
    severity: 'refuse',
    demand: 'Every claimed entry is Active: not Withdrawn, Cancelled or Expired',
    source: 'BR02',
    remedy: 'Claim only entries that are Active',
  },
  ({ entry, at }, { cpl }) => {
    const message = `${entry.entry} is ${entry.status} in snapshot ${cpl.snapshot}, expected Active`;
    return unlike({ at: `${at}.entry`, expected: 'Active', found: entry.status }, message);
  },
);

const waitsForCpl = claimRule(
  {
    code: 'WAITS_FOR_CPL',
    severity: 'hold',
    demand: 'Every claimed entry that is Active has a hash',
    source: 'BR03; SEC Appendix Z 4.1',
    remedy: 'Nothing to do: the gateway decides again at each new CPL snapshot',
  },
  ({ entry, at }, { cpl }) =>
    entry.status === 'Active' && entry.imageHash === undefined
      ? [
          {
            at: `${at}.entry`,
            expected: 'an associated hash',
            found: 'none',
            message: `${entry.entry} has no hash in snapshot ${cpl.snapshot}`,
          },
        ]
      : [],
);

const imageHash = claimRule(
  {
    code: 'IMAGE_HASH',
    severity: 'refuse',
    demand: 'The hash of every claimed entry is the hash of the manufacturer image',
    source: 'BR03; SEC Appendix Z 4.3(b)',
    remedy: 'Submit the image that the Panel associated, or ask the Panel to investigate the hash',
  },
  ({ entry, at }, { statement }) => {
    if (entry.imageHash === undefined) return [];
    const expected = entry.imageHash;
    const found = statedDigests(statement).manufacturerImage;
    const message = `${entry.entry} has the hash ${expected.slice(0, 12)}, the manufacturer image has ${found.slice(0, 12)}`;
    return unlike({ at: `${at}.entry`, expected, found }, message);
  },
);

const manufacturer: Rule = {
  code: 'MANUFACTURER',
  severity: 'refuse',
  sealed: false,
  demand: 'The manufacturer of header, statement and every claimed entry is the same',
  source: 'BR03: matches identically',
  remedy: 'Claim only your own entries, with an image that has your code in its header',
  says(facts) {
    const { code, header } = facts.statement.predicate;
    const found = manufacturerCodeOf(header.manufacturerCode);
    const message = `the image's manufacturer code is ${found}, the release is of ${code}`;
    const inHeader = unlike({ at: 'header.manufacturerCode', expected: code, found }, message);
    return [...inHeader, ...perEntry(facts, entryOfManufacturer)];
  },
};

function entryOfManufacturer({ entry, at }: Claimed, { statement }: Facts): Observation[] {
  const { code } = statement.predicate;
  const message = `${entry.entry} is of manufacturer ${entry.manufacturerId}, the release is of ${code}`;
  return unlike({ at: `${at}.entry`, expected: code, found: entry.manufacturerId }, message);
}

const model = claimRule(
  {
    code: 'MODEL',
    severity: 'refuse',
    demand: 'Model and hardware version of every claim are those of the entry',
    source: 'BR03: matches identically',
    remedy: 'State model and hardware version exactly as on the CPL',
  },
  ({ claim, entry, at }) => [
    ...unlike(
      { at: `${at}.model`, expected: entry.modelId, found: claim.model },
      `${entry.entry} is model ${entry.modelId}, the statement claims ${claim.model}`,
    ),
    ...unlike(
      { at: `${at}.hardwareVersion`, expected: entry.hardwareVersion, found: claim.hardwareVersion },
      `${entry.entry} is hardware ${entry.hardwareVersion}, the statement claims ${claim.hardwareVersion}`,
    ),
  ],
);

const firmwareVersion = claimRule(
  {
    code: 'FIRMWARE_VERSION',
    severity: 'refuse',
    demand: "The firmware version of every entry, of its claim and the image's file version are the same",
    source: 'BR03: matches identically',
    remedy: 'The three must be identical; look for BCD taken for hexadecimal',
  },
  ({ claim, entry, at }, { statement }) => {
    const inImage = firmwareVersionOf(statement.predicate.header.fileVersion);
    return [
      ...unlike(
        { at: `${at}.firmwareVersion`, expected: entry.firmwareVersion, found: inImage },
        `${entry.entry} is firmware ${entry.firmwareVersion}, the image's file version is ${inImage}`,
      ),
      ...unlike(
        { at: `${at}.firmwareVersion`, expected: entry.firmwareVersion, found: claim.firmwareVersion },
        `${entry.entry} is firmware ${entry.firmwareVersion}, the statement claims ${claim.firmwareVersion}`,
      ),
    ];
  },
);

const hardwareOutOfRange = claimRule(
  {
    code: 'HARDWARE_OUT_OF_RANGE',
    severity: 'refuse',
    demand: "The hardware version of every claimed entry is within the image's range",
    source: 'BR03: hardware within minimum and maximum',
    remedy: 'Claim only entries whose hardware the image takes',
  },
  ({ entry, at }, { statement }) => {
    const { minHardwareVersion: least, maxHardwareVersion: most } = statement.predicate.header;
    const hardware = Number.parseInt(entry.hardwareVersion, 16);
    if (least <= hardware && hardware <= most) return [];
    const expected = rangeText(least, most);
    const message = `${entry.entry} is hardware ${entry.hardwareVersion}, the image takes ${expected}`;
    return [{ at: `${at}.hardwareVersion`, expected, found: entry.hardwareVersion, message }];
  },
);

/** `0100..01FF` */
export function rangeText(least: number, most: number): string {
  return `${hardwareVersionOf(least)}..${hardwareVersionOf(most)}`;
}

export const claimRules: readonly Rule[] = [
  deviceType,
  commercial,
  cplRollback,
  entryUnknown,
  entryNotActive,
  waitsForCpl,
  imageHash,
  manufacturer,
  model,
  firmwareVersion,
  hardwareOutOfRange,
];
