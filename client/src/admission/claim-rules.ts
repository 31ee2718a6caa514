// Does every claimed entry of the Central Products List match the image, identically?

import {
  type Claim,
  type CplEntry,
  firmwareVersionOf,
  hardwareVersionOf,
  manufacturerCodeOf,
  statedDigests,
} from '../firmware/index.ts';
import type { Facts } from './facts.ts';
import { knownHeader, readImage } from './image-rules.ts';
import type { Observation, Rule, RuleCode, Severity } from './rule.ts';

interface Claimed {
  readonly claim: Claim;
  readonly entry: CplEntry;
  /** `claims[1]` */
  readonly at: string;
}

/** A rule that looks at one claimed entry after the other; ENTRY_UNKNOWN speaks for those that are not there. */
function claimRule(
  code: RuleCode,
  severity: Severity,
  says: (claimed: Claimed, facts: Facts) => readonly Observation[],
): Rule {
  return {
    code,
    severity,
    sealed: false,
    says: (facts) =>
      facts.statement.predicate.claims.flatMap((claim, i) => {
        const entry = facts.cpl.entries.get(claim.entry);
        return entry === undefined ? [] : says({ claim, entry, at: `claims[${i}]` }, facts);
      }),
  };
}

/** Nothing where both are the same. */
function unlike(
  { at, expected, found }: Pick<Observation, 'at' | 'expected' | 'found'>,
  message: string,
  hint: string,
): Observation[] {
  return expected === found ? [] : [{ at, expected, found, message, hint }];
}

const entryUnknown: Rule = {
  code: 'ENTRY_UNKNOWN',
  severity: 'refuse',
  sealed: false,
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
              hint: 'Claim entries as the newest CPL names them',
            },
          ],
    ),
};

const entryNotActive = claimRule('ENTRY_NOT_ACTIVE', 'refuse', ({ entry, at }, { cpl }) =>
  unlike(
    { at: `${at}.entry`, expected: 'Active', found: entry.status },
    `${entry.entry} is ${entry.status} in snapshot ${cpl.snapshot}, expected Active`,
    'Claim only entries that are Active',
  ),
);

const waitsForCpl = claimRule('WAITS_FOR_CPL', 'hold', ({ entry, at }, { cpl }) =>
  entry.status === 'Active' && entry.imageHash === undefined
    ? [
        {
          at: `${at}.entry`,
          expected: 'an associated hash',
          found: 'none',
          message: `${entry.entry} has no hash in snapshot ${cpl.snapshot}`,
          hint: 'Nothing to do: the gateway decides again at each new CPL snapshot',
        },
      ]
    : [],
);

const imageHash = claimRule('IMAGE_HASH', 'refuse', ({ entry, at }, facts) => {
  if (entry.imageHash === undefined) return [];
  const image = readImage(facts);
  const found = image?.hash ?? statedDigests(facts.statement).manufacturerImage;
  return unlike(
    { at: `${at}.entry`, expected: entry.imageHash, found },
    `${entry.entry} has the hash ${entry.imageHash.slice(0, 12)}, the manufacturer image has ${found.slice(0, 12)}`,
    image?.hashWithoutTrailer === entry.imageHash
      ? "Submit the image without its supplier's trailer: then the hash is the CPL's"
      : 'Submit the image that the Panel associated, or ask the Panel to investigate the hash',
  );
});

const manufacturer: Rule = {
  code: 'MANUFACTURER',
  severity: 'refuse',
  sealed: false,
  says(facts) {
    const { code } = facts.statement.predicate;
    const found = manufacturerCodeOf(knownHeader(facts).manufacturerCode);
    const inHeader = unlike(
      { at: 'header.manufacturerCode', expected: code, found },
      `the image's manufacturer code is ${found}, the release is of ${code}`,
      'Publish an image under the manufacturer code in its header',
    );
    return [...inHeader, ...ofEntries.says(facts)];
  },
};

const ofEntries = claimRule('MANUFACTURER', 'refuse', ({ entry, at }, { statement }) =>
  unlike(
    { at: `${at}.entry`, expected: statement.predicate.code, found: entry.manufacturerId },
    `${entry.entry} is of manufacturer ${entry.manufacturerId}, the release is of ${statement.predicate.code}`,
    'Claim only your own entries',
  ),
);

const model = claimRule('MODEL', 'refuse', ({ claim, entry, at }) => [
  ...unlike(
    { at: `${at}.model`, expected: entry.modelId, found: claim.model },
    `${entry.entry} is model ${entry.modelId}, the statement claims ${claim.model}`,
    'State the model exactly as on the CPL',
  ),
  ...unlike(
    { at: `${at}.hardwareVersion`, expected: entry.hardwareVersion, found: claim.hardwareVersion },
    `${entry.entry} is hardware ${entry.hardwareVersion}, the statement claims ${claim.hardwareVersion}`,
    'State the hardware version exactly as on the CPL',
  ),
]);

const firmwareVersion = claimRule('FIRMWARE_VERSION', 'refuse', ({ claim, entry, at }, facts) => {
  const inImage = firmwareVersionOf(knownHeader(facts).fileVersion);
  const hint = 'The three must be identical; look for BCD taken for hexadecimal';
  return [
    ...unlike(
      { at: `${at}.firmwareVersion`, expected: entry.firmwareVersion, found: inImage },
      `${entry.entry} is firmware ${entry.firmwareVersion}, the image's file version is ${inImage}`,
      hint,
    ),
    ...unlike(
      { at: `${at}.firmwareVersion`, expected: entry.firmwareVersion, found: claim.firmwareVersion },
      `${entry.entry} is firmware ${entry.firmwareVersion}, the statement claims ${claim.firmwareVersion}`,
      hint,
    ),
  ];
});

const hardwareOutOfRange = claimRule('HARDWARE_OUT_OF_RANGE', 'refuse', ({ entry, at }, facts) => {
  const { minHardwareVersion: least, maxHardwareVersion: most } = knownHeader(facts);
  const hardware = Number.parseInt(entry.hardwareVersion, 16);
  if (least !== null && most !== null && least <= hardware && hardware <= most) return [];
  const expected = least === null || most === null ? 'a hardware range' : rangeText(least, most);
  const takes = least === null || most === null ? 'the image states no range' : `the image takes ${expected}`;
  return [
    {
      at: `${at}.hardwareVersion`,
      expected,
      found: entry.hardwareVersion,
      message: `${entry.entry} is hardware ${entry.hardwareVersion}, ${takes}`,
      hint: 'Claim only entries whose hardware the image takes',
    },
  ];
});

export function rangeText(least: number, most: number): string {
  return `${hardwareVersionOf(least)}..${hardwareVersionOf(most)}`;
}

const HELD_TYPES: readonly string[] = ['ESME', 'GSME', 'PPMID', 'HCALCS'];

const deviceType: Rule = {
  code: 'DEVICE_TYPE',
  severity: 'refuse',
  sealed: false,
  says(facts) {
    const found = facts.statement.predicate.deviceType;
    if (HELD_TYPES.includes(found)) return typeOfEntries.says(facts);
    const why =
      found === 'IHD' || found === 'CAD' ? 'is a Type 2 device, not on the CPL' : 'belongs to the DCC';
    const message = `a ${found} ${why}; this library holds ${HELD_TYPES.join(', ')}`;
    return [
      { at: 'deviceType', expected: HELD_TYPES.join(', '), found, message, hint: 'Do not submit it here' },
    ];
  },
};

const typeOfEntries = claimRule('DEVICE_TYPE', 'refuse', ({ entry, at }, { statement }) =>
  unlike(
    { at: `${at}.entry`, expected: entry.deviceType, found: statement.predicate.deviceType },
    `${entry.entry} is a ${entry.deviceType}, the statement says ${statement.predicate.deviceType}`,
    'Claim only entries of the device type that you state',
  ),
);

export const claimRules: readonly Rule[] = [
  deviceType,
  entryUnknown,
  entryNotActive,
  waitsForCpl,
  imageHash,
  manufacturer,
  model,
  firmwareVersion,
  hardwareOutOfRange,
];
