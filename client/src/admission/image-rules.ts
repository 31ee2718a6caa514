// Is the image what the manufacturer signed, in the form that the library holds?
//
// The open rules judge the signed statement; the sealed ones tie the plaintext to it, field by field and
// digest by digest. So both together judge the image, and the open ones alone say the same without it.

import {
  distributedSize,
  headerDifferences,
  hexOf,
  LARGEST_IMAGE,
  sizeLimitOf,
  statedDigests,
} from '../firmware/index.ts';
import type { Facts, ImageFacts } from './facts.ts';
import type { Observation, Rule } from './rule.ts';

/** Undefined where the image was not read; IMAGE_UNREADABLE says so. */
function readImage(facts: Facts): ImageFacts | undefined {
  return 'unread' in facts.image ? undefined : facts.image;
}

const imageUnreadable: Rule = {
  code: 'IMAGE_UNREADABLE',
  severity: 'refuse',
  sealed: true,
  demand: 'The image is there and is an OTA upgrade image',
  source: 'Zigbee OTA upgrade file',
  remedy: 'Run: cfl inspect on the file that you submit',
  says: ({ image }) =>
    'unread' in image
      ? [
          {
            at: 'image',
            expected: 'an OTA image',
            found: image.unread,
            message: `the image cannot be read: ${image.unread}`,
          },
        ]
      : [],
};

const libraryForm: Rule = {
  code: 'LIBRARY_FORM',
  severity: 'refuse',
  sealed: true,
  demand: "The image has no supplier's trailer, and the total image size in its header is its length",
  source: "This library: the supplier's signature is the supplier's to add",
  remedy: 'Submit the image without trailer, its total image size set to its length',
  says(facts) {
    const image = readImage(facts);
    if (image === undefined) return [];
    const expected = String(image.length);
    const found = String(image.header.totalImageSize);
    if (image.awaitsTrailer) {
      const message = `total image size is ${found}, the image has ${expected} octets: it counts a supplier's trailer`;
      return [{ at: 'header.totalImageSize', expected, found, message }];
    }
    if (!trailerIsProven(facts, image)) return [];
    const message = "the image ends with a supplier's trailer: without it, its hash is the CPL's";
    return [{ at: 'image', expected: 'no trailer', found: 'a trailer of 66 octets', message }];
  },
};

/** The octets alone cannot tell; an entry with the shorter hash can. */
function trailerIsProven({ cpl, statement }: Facts, { hashWithoutTrailer }: ImageFacts): boolean {
  if (hashWithoutTrailer === undefined) return false;
  return statement.predicate.claims.some(
    ({ entry }) => cpl.entries.get(entry)?.imageHash === hashWithoutTrailer,
  );
}

/** The values of every GB image known. The statement has no place for the other optional fields. */
const GB_PROFILE = {
  headerVersion: 0x0100,
  headerLength: 60,
  fieldControl: 0x0004,
  stackVersion: 0x0002,
} as const;

const headerProfile: Rule = {
  code: 'HEADER_PROFILE',
  severity: 'refuse',
  sealed: false,
  demand: 'Header version, header length, field control and stack version are those of GB images',
  source: 'Zigbee OTA header, as GB images have it',
  remedy: 'Build the image with the GB header',
  says({ statement }) {
    const { header } = statement.predicate;
    const fields = Object.keys(GB_PROFILE) as (keyof typeof GB_PROFILE)[];
    return fields
      .filter((field) => header[field] !== GB_PROFILE[field])
      .map((field) => {
        const found = `0x${hexOf(header[field], 4)}`;
        const expected = `0x${hexOf(GB_PROFILE[field], 4)}`;
        const message = `${field} is ${found}, GB images have ${expected}`;
        return { at: `header.${field}`, expected, found, message };
      });
  },
};

const headerAsStated: Rule = {
  code: 'HEADER_AS_STATED',
  severity: 'refuse',
  sealed: true,
  demand: 'Every field of the header is as the manufacturer signed it',
  source: "This library: neither the CPL's hash nor a supplier's signature covers the header",
  remedy: 'Make the statement from this image',
  says(facts) {
    const image = readImage(facts);
    if (image === undefined) return [];
    return headerDifferences(facts.statement.predicate.header, image.header).map((difference) => {
      const [expected, found] = [String(difference.expected), String(difference.found)];
      const message = `${difference.field} is ${found} in the image, ${expected} in the signed statement`;
      return { at: `header.${difference.field}`, expected, found, message };
    });
  },
};

const subjectMismatch: Rule = {
  code: 'SUBJECT_MISMATCH',
  severity: 'refuse',
  sealed: true,
  demand: 'Image, manufacturer image and notes have the digests that were signed',
  source: 'BR03: authenticity and integrity',
  remedy: 'Sign a statement about the files that you submit',
  says(facts) {
    const stated = statedDigests(facts.statement);
    const image = readImage(facts);
    return [
      differs('ota-image', 'the image', image?.release, stated.otaImage),
      differs('manufacturer-image', 'the image', image?.hash, stated.manufacturerImage),
      differs('notes', 'the file', facts.notes?.text?.sha256, stated.notes),
    ].flatMap((one) => one ?? []);
  },
};

function differs(
  subject: string,
  what: string,
  found: string | undefined,
  expected: string,
): Observation | undefined {
  if (found === undefined || found === expected) return undefined;
  const message = `${subject} is ${expected.slice(0, 12)} in the signed statement, ${what} has ${found.slice(0, 12)}`;
  return { at: `subject.${subject}`, expected, found, message };
}

const size: Rule = {
  code: 'SIZE',
  severity: 'refuse',
  sealed: false,
  demand:
    'As distributed, with the 66 octets that a supplier adds to an ESME, GSME or HCALCS image, the image or each of its slices is within the limit of its device type',
  source: 'SECMP0009: 750 kB; DUIS 11.1 and 11.4',
  remedy:
    'Make the image smaller, or state a larger PPMID image in slices; the limit is a setting of the library',
  says({ statement, library }) {
    const { deviceType, header, slices } = statement.predicate;
    const limit = sizeLimitOf(library, deviceType);
    const whole = distributedSize(deviceType, header.totalImageSize);
    if (slices === undefined) return tooLarge('the image', 'header.totalImageSize', whole, limit);
    return [
      ...tooLarge('the image', 'header.totalImageSize', whole, LARGEST_IMAGE),
      ...slices.flatMap(({ length }, i) => tooLarge(`slice ${i + 1}`, `slices[${i}].length`, length, limit)),
    ];
  },
};

function tooLarge(what: string, at: string, octets: number, limit: number): Observation[] {
  if (octets <= limit) return [];
  const message = `${what} is ${octets} octets as distributed, the limit is ${limit}`;
  return [{ at, expected: `at most ${limit}`, found: String(octets), message }];
}

const slicesWhole: Rule = {
  code: 'SLICES',
  severity: 'refuse',
  sealed: false,
  demand: 'Only a PPMID image is stated in slices, and together they are as long as the image',
  source: 'SECMP0009: larger PPMID images as fragments; DUIS 11.4',
  remedy: 'Give the length of a slice in release.json, and let cfl-publish cut the image',
  says({ statement }) {
    const { deviceType, header, slices } = statement.predicate;
    if (slices === undefined) return [];
    if (deviceType !== 'PPMID') {
      const message = `the image of a ${deviceType} is stated in ${slices.length} slices, only that of a PPMID may be`;
      return [{ at: 'slices', expected: 'none', found: String(slices.length), message }];
    }
    const sum = slices.reduce((octets, { length }) => octets + length, 0);
    if (sum === header.totalImageSize) return [];
    const message = `the slices have ${sum} octets together, the image has ${header.totalImageSize}`;
    return [{ at: 'slices', expected: String(header.totalImageSize), found: String(sum), message }];
  },
};

const sliceMismatch: Rule = {
  code: 'SLICE_MISMATCH',
  severity: 'refuse',
  sealed: true,
  demand: 'Each slice has the digest that was signed',
  source: 'BR03: authenticity and integrity',
  remedy: 'Make the statement from this image',
  says(facts) {
    const computed = readImage(facts)?.slices ?? [];
    return (facts.statement.predicate.slices ?? []).flatMap(({ sha256 }, i) => {
      const found = computed[i];
      if (found === undefined || found === sha256) return [];
      const message = `slice ${i + 1} is ${sha256.slice(0, 12)} in the signed statement, the image has ${found.slice(0, 12)} there`;
      return [{ at: `slices[${i}].sha256`, expected: sha256, found, message }];
    });
  },
};

export const imageRules: readonly Rule[] = [
  imageUnreadable,
  libraryForm,
  headerProfile,
  headerAsStated,
  subjectMismatch,
  size,
  slicesWhole,
  sliceMismatch,
];
