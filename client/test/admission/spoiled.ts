// One fixture for each rule: the honest submission, spoiled in the one way that the rule is for.

import type { EvidenceFact, Facts, ImageFacts, RuleCode } from '../../src/admission/index.ts';
import {
  imageTypeOf,
  parseEntryId,
  parseFirmwareVersion,
  parseHardwareVersion,
  parseModelId,
  parseReleaseId,
  type ReleasePredicate,
  type Statement,
} from '../../src/firmware/index.ts';
import { octets } from '../firmware/synthetic.ts';
import { type Changes, FFF2, factsWith, fileWith, OTHER_HASH, publishedRelease } from './honest.ts';

export interface Spoiled {
  /** What the rule finds, or the beginning of it. */
  readonly message: string;
  readonly changes: Changes;
  /** For what can only be made once the honest facts are known. */
  readonly further?: (facts: Facts) => Facts;
}

export async function spoil({ changes, further = (facts) => facts }: Spoiled): Promise<Facts> {
  return further(await factsWith(changes));
}

/** As the verification of a bundle fails. */
export function failed(code: string): Changes {
  const evidence: EvidenceFact = {
    ok: false,
    code,
    message: `the evidence is not good: ${code}`,
    hint: 'Do what the evidence says',
  };
  return { facts: { evidence } };
}

function evidenceFails(code: string): Spoiled {
  return { message: `the evidence is not good: ${code}`, changes: failed(code) };
}

const wide = [parseHardwareVersion('0000'), parseHardwareVersion('01FF')] as const;

/** A PPMID image of 1,000 octets in slices of these lengths, under a limit of 600. */
export function sliced(...lengths: number[]): Changes {
  return {
    body: octets(940),
    predicate: {
      deviceType: 'PPMID',
      slices: lengths.map((length) => ({ length, sha256: OTHER_HASH as never })),
    },
    entry: { deviceType: 'PPMID' },
    facts: { library: { sizeLimit: 750_000, sizeLimits: { PPMID: 600 } } },
  };
}

/** The statement lists the digests that the image has. */
export function withTrueSlices(facts: Facts): Facts {
  const { predicate } = facts.statement;
  const computed = (facts.image as ImageFacts).slices;
  const slices = (predicate.slices ?? []).map(({ length }, i) => ({
    length,
    sha256: computed[i] as never,
  }));
  return { ...facts, statement: { ...facts.statement, predicate: { ...predicate, slices } } };
}

export function withHeader(header: Partial<ReleasePredicate['header']>): (one: Statement) => Statement {
  return ({ predicate, ...one }) => ({
    ...one,
    predicate: { ...predicate, header: { ...predicate.header, ...header } },
  });
}

function claiming(entry: string): (one: Statement) => Statement {
  return ({ predicate, ...one }) => {
    const more = predicate.claims.slice(0, 1).map((claim) => ({ ...claim, entry: parseEntryId(entry) }));
    return { ...one, predicate: { ...predicate, claims: [...predicate.claims, ...more] } };
  };
}

function withSubject(name: string): (one: Statement) => Statement {
  return (one) => ({
    ...one,
    subject: one.subject.map((subject) =>
      subject.name === name ? { ...subject, digest: { sha256: OTHER_HASH as never } } : subject,
    ),
  });
}

function notes(facts: Facts, changes: Partial<NonNullable<Facts['notes']>>): Facts {
  return facts.notes === undefined ? facts : { ...facts, notes: { ...facts.notes, ...changes } };
}

/** Of the image. */
function seals(facts: Facts, changes: Partial<Facts['seals'][number]>): Facts {
  const changed = facts.seals.map((one) => (one.file === 'image' ? { ...one, ...changes } : one));
  return { ...facts, seals: changed };
}

export const SPOILED: { readonly [C in RuleCode]: Spoiled } = {
  STATEMENT_SIGNATURE: evidenceFails('BAD_SIGNATURE'),
  CERTIFICATE_UNTRUSTED: evidenceFails('UNKNOWN_ISSUER'),
  CERTIFICATE_PURPOSE: evidenceFails('WRONG_USAGE'),
  CERTIFICATE_EXPIRED: evidenceFails('OUTSIDE_VALIDITY'),
  CERTIFICATE_REVOKED: evidenceFails('REVOKED'),
  CRL_STALE: evidenceFails('STALE_CRL'),
  STAMP_UNTRUSTED: evidenceFails('BAD_STAMP'),
  CERTIFICATE_NOT_YOURS: {
    message:
      'the statement is signed with certificate 021F of "Example Issuing CA", which is not registered for Example Meters',
    changes: { evidence: { certificate: 'bb'.repeat(32) } },
  },
  STAMP_AGE: {
    message:
      'the statement was stamped on 2026-10-21 09:00 UTC and received on 2026-11-20 09:00 UTC, expected a stamp younger than 30 days',
    changes: { evidence: { stampedAt: '2026-10-21T09:00:00Z' } },
  },
  NO_ENDORSEMENT: {
    message: 'no supplier has endorsed this release yet',
    changes: { facts: { endorsements: [] } },
  },
  CODE_NOT_YOURS: {
    message: 'example-meters is not in the register',
    changes: { facts: { party: undefined } },
  },
  SMETS1_ORIGIN: {
    message: 'CPL-000412 is SMETS1, and Example Meters is not the DCC',
    changes: { entry: { smets1: true } },
  },
  RELEASE_NAME: {
    message: 'the release lies under 777777777777, the statement is about',
    changes: {},
    further: (facts) => ({
      ...facts,
      submitted: { ...facts.submitted, release: parseReleaseId('77'.repeat(32)) },
    }),
  },
  STATEMENT_NUMBER: {
    message: 'this is statement 2 about the release, the next one is 1',
    changes: { predicate: { number: 2 } },
  },
  DUPLICATE: {
    message: 'this very release is published since 2026-11-18 (CPL-000412)',
    changes: {},
    further: (facts) => ({ ...facts, published: [publishedRelease({ release: facts.submitted.release })] }),
  },
  SAME_IDENTITY: {
    message: 'another image, 777777777777, has image type 0000 and firmware 01000203 for hardware 0100..01FF',
    changes: { published: [publishedRelease({ imageType: imageTypeOf(0) })] },
  },
  SAME_IMAGE: {
    message: 'release 777777777777 has the same manufacturer image under another header',
    changes: {},
    further: (facts) => ({
      ...facts,
      published: [publishedRelease({ imageHash: (facts.image as ImageFacts).hash })],
    }),
  },
  ROLE_FILE: {
    message: 'role m-fff1: its delegations differ, expected those of its bins and no others',
    changes: { role: { delegationsChanged: true } },
  },
  BASE_MOVED: {
    message: 'role m-fff1 is at version 9, this submission was signed upon version 6',
    changes: { role: fileWith({ current: 9 }) },
  },
  SEAL_FORM: {
    message: 'Cannot accept the image: it is sealed to 2 recipients, expected exactly one',
    changes: {},
    further: (facts) =>
      seals(facts, { fault: 'Cannot accept the image: it is sealed to 2 recipients, expected exactly one' }),
  },
  SEAL_EPOCH: {
    message: 'the image: sealed to epoch 1 of images, epoch 2 is current',
    changes: {},
    further: (facts) => seals(facts, { epoch: 1 }),
  },
  NOTES_MISSING: {
    message: 'no release notes came with the image',
    changes: { facts: { notes: undefined } },
  },
  NOTES_FORM: {
    message: 'the release notes are not text in UTF-8',
    changes: {},
    further: (facts) => notes(facts, { form: 'other' }),
  },
  NOTES_SIZE: {
    message: 'the release notes have 1000001 octets, expected 1 to 1000000',
    changes: {},
    further: (facts) => notes(facts, { length: 1_000_001 }),
  },
  NOTES_INCOMPLETE: {
    message: 'notes.md: "During activation" still holds "…"',
    changes: {},
    further: (facts) =>
      facts.notes?.text === undefined
        ? facts
        : notes(facts, { text: { ...facts.notes.text, faults: ['"During activation" still holds "…"'] } }),
  },
  IMAGE_UNREADABLE: {
    message: 'the image cannot be read: offset 0 holds 23 20 45 53, expected 1E F1 EE 0B',
    changes: { facts: { image: { unread: 'offset 0 holds 23 20 45 53, expected 1E F1 EE 0B' } } },
  },
  LIBRARY_FORM: {
    message: "total image size is 426, the image has 360 octets: it counts a supplier's trailer",
    changes: { header: { totalImageSize: 426 } },
  },
  HEADER_PROFILE: {
    message: 'stackVersion is 0x0003, GB images have 0x0002',
    changes: { header: { stackVersion: 3 } },
  },
  HEADER_AS_STATED: {
    message: 'imageType is 0 in the image, 1 in the signed statement',
    changes: { statement: withHeader({ imageType: 1 }) },
  },
  SUBJECT_MISMATCH: {
    message: 'notes is 999999999999 in the signed statement, the file has',
    changes: { statement: withSubject('notes') },
  },
  SIZE: {
    message: 'the image is 426 octets as distributed, the limit is 425',
    changes: { facts: { library: { sizeLimit: 425 } } },
  },
  SLICES: {
    message: 'the slices have 999 octets together, the image has 1000',
    changes: sliced(600, 399),
    further: withTrueSlices,
  },
  SLICE_MISMATCH: {
    message: 'slice 1 is 999999999999 in the signed statement, the image has',
    changes: sliced(600, 400),
  },
  DEVICE_TYPE: {
    message: 'CPL-000412 is a GSME, the statement says ESME',
    changes: { entry: { deviceType: 'GSME' } },
  },
  COMMERCIAL: {
    message:
      'a commercial version is on the CPL but is not held here: class is commercial, expected compliance or fix',
    changes: { predicate: { class: 'commercial' } },
  },
  CPL_ROLLBACK: {
    message: 'the CPL is snapshot 2, but snapshot 3 was decided by already',
    changes: {},
    further: (facts) => ({ ...facts, cpl: { ...facts.cpl, newestSeen: 3 } }),
  },
  ENTRY_UNKNOWN: {
    message: 'CPL-000499 is not on the CPL, snapshot 2',
    changes: { statement: claiming('CPL-000499') },
  },
  ENTRY_NOT_ACTIVE: {
    message: 'CPL-000412 is Withdrawn in snapshot 2, expected Active',
    changes: { entry: { status: 'Withdrawn' } },
  },
  WAITS_FOR_CPL: {
    message: 'CPL-000412 has no hash in snapshot 2',
    changes: { entry: { imageHash: undefined as never } },
  },
  IMAGE_HASH: {
    message: 'CPL-000412 has the hash 999999999999, the manufacturer image has',
    changes: { entry: { imageHash: OTHER_HASH } },
  },
  MANUFACTURER: {
    message: 'CPL-000412 is of manufacturer FFF2, the release is of FFF1',
    changes: { entry: { manufacturerId: FFF2 } },
  },
  MODEL: {
    message: 'CPL-000412 is model 0A02, the statement claims 0A01',
    changes: { entry: { modelId: parseModelId('0A02') } },
  },
  FIRMWARE_VERSION: {
    message: "CPL-000412 is firmware 01000209, the image's file version is 01000203",
    changes: { entry: { firmwareVersion: parseFirmwareVersion('01000209') } },
  },
  HARDWARE_OUT_OF_RANGE: {
    message: 'CPL-000413 is hardware 0110, the image takes 0100..010F',
    changes: { header: { maxHardwareVersion: 0x010f } },
  },
  RANGE_SHRANK: {
    message: 'hardware 0100..01FF: release 01000203 took 0000..01FF',
    changes: { published: [publishedRelease({ hardware: wide })] },
  },
  CATCH_ALL_RANGE: {
    message: 'hardware 0000..FFFF takes everything, so the range protects no meter',
    changes: { header: { minHardwareVersion: 0, maxHardwareVersion: 0xffff } },
  },
  UPGRADES_UNKNOWN: {
    message: 'the release upgrades from 01000155, which is not on the CPL for model 0A01',
    changes: {
      predicate: { upgradesFrom: [parseFirmwareVersion('01000155')] },
      entry: { upgradeableFrom: 'N/A' },
    },
  },
  UPGRADES_DIFFER: {
    message: 'the release upgrades from any, its CPL entries from 01000201',
    changes: { predicate: { upgradesFrom: 'any' } },
  },
};
