// Every rule, by the one thing that it alone notices.
import { describe, expect, it } from 'vitest';
import { decide, type RuleCode, rules } from '../../src/admission/index.ts';
import {
  parseEntryId,
  parseFirmwareVersion,
  parseHardwareVersion,
  parseModelId,
  type ReleasePredicate,
} from '../../src/firmware/index.ts';
import { octets } from '../firmware/synthetic.ts';
import { type Changes, FFF2, factsWith, fileWith, OTHER_HASH, publishedRelease } from './honest.ts';

/** Spoils the honest submission in the one way that this rule is for; the sentence is what it finds. */
const SPOILED: { readonly [C in RuleCode]: readonly [message: string, changes: Changes] } = {
  IMAGE_UNREADABLE: [
    'the image cannot be read: offset 0 holds 23 20 45 53, expected 1E F1 EE 0B',
    { facts: { image: { unread: 'offset 0 holds 23 20 45 53, expected 1E F1 EE 0B' } } },
  ],
  LIBRARY_FORM: [
    "total image size is 426, the image has 360 octets: it counts a supplier's trailer",
    { header: { totalImageSize: 426 } },
  ],
  HEADER_PROFILE: ['stackVersion is 0x0003, GB images have 0x0002', { header: { stackVersion: 3 } }],
  HEADER_AS_STATED: [
    'imageType is 0 in the image, 1 in the signed statement',
    { statement: (one) => ({ ...one, predicate: withHeader(one.predicate, { imageType: 1 }) }) },
  ],
  SUBJECT_MISMATCH: [
    'notes is 999999999999 in the signed statement, the notes has',
    {
      statement: (one) => ({
        ...one,
        subject: one.subject.map((subject) =>
          subject.name === 'notes' ? { ...subject, digest: { sha256: OTHER_HASH as never } } : subject,
        ),
      }),
    },
  ],
  STATEMENT_SIGNATURE: [
    'the statement is signed by key bbbbbbbbbbbb, not a valid key of Example Meters on 2026-11-20',
    { facts: { evidence: { verified: true, keyId: 'bb'.repeat(32) } } },
  ],
  STATEMENT_NUMBER: [
    'this is statement 2 about the release, the next one is 1',
    { predicate: { number: 2 } },
  ],
  CODE_NOT_YOURS: ['example-meters is not in the register', { facts: { party: undefined } }],
  MANUFACTURER: [
    'CPL-000412 is of manufacturer FFF2, the release is of FFF1',
    { entry: { manufacturerId: FFF2 } },
  ],
  DEVICE_TYPE: ['CPL-000412 is a GSME, the statement says ESME', { entry: { deviceType: 'GSME' } }],
  ENTRY_UNKNOWN: [
    'CPL-000499 is not on the CPL, snapshot 2',
    { statement: (one) => ({ ...one, predicate: claiming(one.predicate, 'CPL-000499') }) },
  ],
  ENTRY_NOT_ACTIVE: [
    'CPL-000412 is Expired in snapshot 2, expected Active',
    { entry: { status: 'Expired' } },
  ],
  WAITS_FOR_CPL: ['CPL-000412 has no hash in snapshot 2', { entry: { imageHash: undefined as never } }],
  IMAGE_HASH: [
    'CPL-000412 has the hash 999999999999, the manufacturer image has',
    { entry: { imageHash: OTHER_HASH } },
  ],
  MODEL: [
    'CPL-000412 is model 0A02, the statement claims 0A01',
    { entry: { modelId: parseModelId('0A02') } },
  ],
  FIRMWARE_VERSION: [
    "CPL-000412 is firmware 01000209, the image's file version is 01000203",
    { entry: { firmwareVersion: parseFirmwareVersion('01000209') } },
  ],
  HARDWARE_OUT_OF_RANGE: [
    'CPL-000413 is hardware 0110, the image takes 0100..010F',
    { header: { maxHardwareVersion: 0x010f } },
  ],
  SIZE: [
    'the image is 426 octets as distributed, the limit is 425',
    { facts: { library: { sizeLimit: 425 } } },
  ],
  DUPLICATE: ['this very release is published since 2026-11-18 (CPL-000412)', { published: [] }],
  SAME_IMAGE: [
    'release 777777777777 has the same manufacturer image under another header',
    { published: [] },
  ],
  ROLE_FILE: [
    'role m-fff1: its delegations differ, expected those of its bins and no others',
    { role: { delegationsChanged: true } },
  ],
  BASE_MOVED: [
    'role m-fff1 is at version 9, this submission was signed upon version 6',
    { role: fileWith({ current: 9 }) },
  ],
  NOTES_MISSING: ['no release notes came with the image', { facts: { notes: undefined } }],
  NOTES_INCOMPLETE: ['notes.md: "Before you deploy" still holds "…"', {}],
  RANGE_SHRANK: [
    'hardware 0100..01FF: release 01000203 took 0000..01FF',
    {
      published: [
        publishedRelease({ hardware: [parseHardwareVersion('0000'), parseHardwareVersion('01FF')] }),
      ],
    },
  ],
};

function withHeader(
  predicate: ReleasePredicate,
  header: Partial<ReleasePredicate['header']>,
): ReleasePredicate {
  return { ...predicate, header: { ...predicate.header, ...header } };
}

function claiming(predicate: ReleasePredicate, entry: string): ReleasePredicate {
  const more = predicate.claims.slice(0, 1).map((claim) => ({ ...claim, entry: parseEntryId(entry) }));
  return { ...predicate, claims: [...predicate.claims, ...more] };
}

/** Spoiled facts; three of them can only be made once the honest ones are known. */
async function spoiled(code: RuleCode) {
  const facts = await factsWith(SPOILED[code][1]);
  if ('unread' in facts.image) return facts;
  const { release, hash } = facts.image;
  if (code === 'DUPLICATE') return { ...facts, published: [publishedRelease({ release })] };
  if (code === 'SAME_IMAGE') return { ...facts, published: [publishedRelease({ imageHash: hash })] };
  if (code !== 'NOTES_INCOMPLETE' || facts.notes?.text === undefined) return facts;
  const faults = ['"Before you deploy" still holds "…"'];
  return { ...facts, notes: { text: { ...facts.notes.text, faults } } };
}

const OUTCOMES = { refuse: 'refused', hold: 'held', warn: 'held', record: 'accepted' } as const;

it('an honest submission is accepted without a finding', async () => {
  expect(decide(await factsWith())).toEqual({
    outcome: 'accepted',
    rules: '2026-11-1',
    cpl: 2,
    findings: [],
  });
});

describe.each(rules)('the rule $code', ({ code, severity }) => {
  it('alone notices what it is for', async () => {
    const { outcome, findings } = decide(await spoiled(code));
    expect([...new Set(findings.map((finding) => finding.code))]).toEqual([code]);
    expect(outcome).toBe(OUTCOMES[severity]);
    expect(findings[0]).toMatchObject({ code, severity });
    expect(findings[0]?.message).toContain(SPOILED[code][0]);
    expect(findings[0]?.message).not.toMatch(/\.$/);
    expect(findings[0]?.hint).not.toBe('');
  });

  it('left out by name, lets it pass', async () => {
    expect(decide(await spoiled(code), new Set([code])).outcome).toBe('accepted');
  });
});

it('every rule has a code of its own and an example here', () => {
  const codes = rules.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect([...codes].sort()).toEqual(Object.keys(SPOILED).sort());
});

/** More of what one rule notices; only that rule speaks. */
const MORE: readonly (readonly [sentence: string, code: RuleCode, changes: Changes])[] = [
  [
    'a signature that does not hold',
    'STATEMENT_SIGNATURE',
    { facts: { evidence: { verified: false, reason: 'no signature' } } },
  ],
  ['a key that is not valid yet', 'STATEMENT_SIGNATURE', { facts: { now: '2025-12-31T23:59:59Z' } }],
  ['a key that is no longer valid', 'STATEMENT_SIGNATURE', { facts: { now: '2029-01-01T00:00:00Z' } }],
  ['a reserved field control bit', 'HEADER_PROFILE', { header: { fieldControl: 0x000c } }],
  ['another header version', 'HEADER_PROFILE', { header: { headerVersion: 0x0101 } }],
  [
    'another model hardware than the entry has',
    'MODEL',
    { entry: { hardwareVersion: parseHardwareVersion('0103') } },
  ],
  ['a hardware range of nothing', 'HARDWARE_OUT_OF_RANGE', { header: { minHardwareVersion: 0x0200 } }],
  ['hardware one below the range', 'HARDWARE_OUT_OF_RANGE', { header: { minHardwareVersion: 0x0103 } }],
  ['a published file that the role removes', 'ROLE_FILE', { role: { removed: ['firmware/FFF1/x'] } }],
  ['a published file that the role changes', 'ROLE_FILE', { role: { changed: ['firmware/FFF1/x'] } }],
  ['a role file with too few signatures', 'ROLE_FILE', { role: fileWith({ signed: false }) }],
  ['a role file that leaps over versions', 'ROLE_FILE', { role: fileWith({ version: 99 }) }],
  ['a role file without a file of the submission', 'ROLE_FILE', { role: { lacking: ['firmware/FFF1/x'] } }],
  ['a role file with a file more', 'ROLE_FILE', { role: { foreign: ['firmware/FFF2/x'] } }],
  ['a release in another bin than its own', 'ROLE_FILE', { role: { misplaced: ['firmware/FFF1/x'] } }],
  ['a role split without need', 'ROLE_FILE', { role: { bins: { found: 2, expected: 1 } } }],
  ['a role not split in time', 'ROLE_FILE', { role: { bins: { found: 1, expected: 2 } } }],
  ['a role file that is too long', 'ROLE_FILE', { role: fileWith({ octets: 60_001 }) }],
];

describe('refused for one reason is', () => {
  it.each(MORE)('%s', async (_, code, changes) => {
    const { outcome, findings } = decide(await factsWith(changes));
    expect(outcome).toBe('refused');
    expect([...new Set(findings.map((finding) => finding.code))]).toEqual([code]);
  });
});

describe('the role file', () => {
  it('may have 60,000 octets', async () => {
    expect(decide(await factsWith({ role: fileWith({ octets: 60_000 }) })).outcome).toBe('accepted');
  });

  it('that fails a batch of thousands is described in a few lines', async () => {
    const removed = Array.from({ length: 2000 }, (_, i) => `firmware/FFF1/${i}`);
    const { findings } = decide(await factsWith({ role: { removed } }));
    expect(findings).toHaveLength(6);
    expect(findings.at(-1)?.message).toBe(
      "role m-fff1: it removes 1995 more, expected only this submission's files added",
    );
  });
});

describe('the size limit of 750,000 octets as distributed', () => {
  const sized = (deviceType: 'ESME' | 'PPMID', total: number) =>
    factsWith({ body: octets(total - 60), predicate: { deviceType }, entry: { deviceType } });

  it("counts the supplier's 66 octets for an ESME", async () => {
    expect(decide(await sized('ESME', 749_934)).outcome).toBe('accepted');
    const { findings } = decide(await sized('ESME', 749_935));
    expect(findings).toMatchObject([{ code: 'SIZE', found: '750001', expected: 'at most 750000' }]);
  });

  it('counts the image alone for a PPMID', async () => {
    expect(decide(await sized('PPMID', 750_000)).outcome).toBe('accepted');
    expect(decide(await sized('PPMID', 750_001)).findings).toMatchObject([{ code: 'SIZE' }]);
  });
});

describe('the hardware range', () => {
  it('includes both its ends', async () => {
    const header = { minHardwareVersion: 0x0102, maxHardwareVersion: 0x0110 };
    expect(decide(await factsWith({ header })).outcome).toBe('accepted');
  });
});

describe('the device type', () => {
  it.each(['HCALCS', 'GSME', 'PPMID'] as const)('%s is held here', async (deviceType) => {
    expect(decide(await factsWith({ predicate: { deviceType }, entry: { deviceType } })).outcome).toBe(
      'accepted',
    );
  });

  it.each([
    ['IHD', 'a IHD is a Type 2 device, not on the CPL'],
    ['CAD', 'a CAD is a Type 2 device, not on the CPL'],
    ['CHF', 'a CHF belongs to the DCC'],
    ['GPF', 'a GPF belongs to the DCC'],
  ] as const)('%s is not', async (deviceType, why) => {
    const { outcome, findings } = decide(await factsWith({ predicate: { deviceType } }));
    expect(outcome).toBe('refused');
    expect(findings[0]?.message).toContain(why);
  });
});
