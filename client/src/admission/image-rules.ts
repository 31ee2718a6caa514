// Is the image what the manufacturer signed, in the form that the library holds?

import {
  distributedSize,
  headerDifferences,
  hexOf,
  type OtaHeader,
  type ReleasePredicate,
  type StatedHeader,
  statedDigests,
} from '../firmware/index.ts';
import type { Facts, ImageFacts } from './facts.ts';
import type { Observation, Rule } from './rule.ts';

/** Undefined where the image was not read; IMAGE_UNREADABLE says so. */
export function readImage(facts: Facts): ImageFacts | undefined {
  return 'unread' in facts.image ? undefined : facts.image;
}

/** The header of the image, or, where that is sealed, the header as signed; HEADER_AS_STATED ties them. */
export function knownHeader(facts: Facts): OtaHeader | StatedHeader {
  return readImage(facts)?.header ?? facts.statement.predicate.header;
}

const imageUnreadable: Rule = {
  code: 'IMAGE_UNREADABLE',
  severity: 'refuse',
  sealed: true,
  says: ({ image }) =>
    'unread' in image
      ? [
          {
            at: 'image',
            expected: 'an OTA image',
            found: image.unread,
            message: `the image cannot be read: ${image.unread}`,
            hint: 'Run: cfl inspect on the file that you submit',
          },
        ]
      : [],
};

const libraryForm: Rule = {
  code: 'LIBRARY_FORM',
  severity: 'refuse',
  sealed: true,
  says(facts) {
    const image = readImage(facts);
    if (image === undefined) return [];
    const hint = 'Submit the image without trailer, its total image size set to its length';
    const expected = String(image.length);
    const found = String(image.header.totalImageSize);
    if (image.awaitsTrailer) {
      const message = `total image size is ${found}, the image has ${expected} octets: it counts a supplier's trailer`;
      return [{ at: 'header.totalImageSize', expected, found, message, hint }];
    }
    if (!trailerIsProven(facts, image)) return [];
    const message = "the image ends with a supplier's trailer: without it, its hash is the CPL's";
    return [{ at: 'image', expected: 'no trailer', found: 'a trailer of 66 octets', message, hint }];
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
  says(facts) {
    const header = knownHeader(facts);
    const fields = Object.keys(GB_PROFILE) as (keyof typeof GB_PROFILE)[];
    return fields
      .filter((field) => header[field] !== GB_PROFILE[field])
      .map((field) => {
        const [found, expected] = [header[field], GB_PROFILE[field]].map(
          (value) => `0x${hexOf(value, 4)}`,
        ) as [string, string];
        const message = `${field} is ${found}, GB images have ${expected}`;
        return {
          at: `header.${field}`,
          expected,
          found,
          message,
          hint: 'Build the image with the GB header',
        };
      });
  },
};

const headerAsStated: Rule = {
  code: 'HEADER_AS_STATED',
  severity: 'refuse',
  sealed: true,
  says(facts) {
    const image = readImage(facts);
    if (image === undefined) return [];
    return headerDifferences(facts.statement.predicate.header, image.header).map((difference) => {
      const [expected, found] = [String(difference.expected), String(difference.found)];
      const message = `${difference.field} is ${found} in the image, ${expected} in the signed statement`;
      return {
        at: `header.${difference.field}`,
        expected,
        found,
        message,
        hint: 'Make the statement from this image',
      };
    });
  },
};

const subjectMismatch: Rule = {
  code: 'SUBJECT_MISMATCH',
  severity: 'refuse',
  sealed: true,
  says(facts) {
    const stated = statedDigests(facts.statement);
    const image = readImage(facts);
    return [
      differs('ota-image', 'its path', facts.submitted.release, stated.otaImage),
      differs('ota-image', 'the image', image?.release, stated.otaImage),
      differs('manufacturer-image', 'the image', image?.hash, stated.manufacturerImage),
      differs('notes', 'the notes', facts.notes?.text?.sha256, stated.notes),
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
  const hint = 'Sign a statement about the files that you submit';
  return { at: `subject.${subject}`, expected, found, message, hint };
}

const size: Rule = {
  code: 'SIZE',
  severity: 'refuse',
  sealed: false,
  says(facts) {
    const { predicate } = facts.statement;
    const octets = distributedOctets(facts, predicate);
    const limit = facts.library.sizeLimit;
    if (octets <= limit) return [];
    const message = `the image is ${octets} octets as distributed, the limit is ${limit}`;
    const hint = 'Make the image smaller; the limit is a setting of the library';
    return [
      { at: 'header.totalImageSize', expected: `at most ${limit}`, found: String(octets), message, hint },
    ];
  },
};

function distributedOctets(facts: Facts, { deviceType, header }: ReleasePredicate): number {
  return distributedSize(deviceType, readImage(facts)?.length ?? header.totalImageSize);
}

export const imageRules: readonly Rule[] = [
  imageUnreadable,
  libraryForm,
  headerProfile,
  headerAsStated,
  subjectMismatch,
  size,
];
