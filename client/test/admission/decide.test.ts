// How findings become an outcome, and what can never be waved through.
import { describe, expect, it } from 'vitest';
import {
  decide,
  type Facts,
  type ImageFacts,
  imageFacts,
  notesFacts,
  openRules,
  rules,
  sealedCodes,
  summary,
} from '../../src/admission/index.ts';
import {
  type CplEntry,
  firmwareVersionOf,
  parseEntryId,
  parseHardwareVersion,
  parsePartyId,
} from '../../src/firmware/index.ts';
import { imageOf, octets, withTrailer } from '../firmware/synthetic.ts';
import { FFF1, FFF2, factsWith, fileWith, OTHER_HASH, publishedRelease } from './honest.ts';
import { withHeader } from './spoiled.ts';

const SHRUNK = [publishedRelease({ hardware: [parseHardwareVersion('0000'), parseHardwareVersion('01FF')] })];

describe('an outcome', () => {
  it('is refused if one finding refuses, whatever else holds', async () => {
    const facts = await factsWith({
      role: fileWith({ current: 9 }),
      published: SHRUNK,
      entry: { status: 'Withdrawn' },
    });
    const { outcome, findings } = decide(facts);
    expect(outcome).toBe('refused');
    expect(new Set(findings.map(({ code }) => code))).toEqual(
      new Set(['BASE_MOVED', 'RANGE_SHRANK', 'ENTRY_NOT_ACTIVE']),
    );
  });

  it('is held by a warning until the statement acknowledges it', async () => {
    const warned = decide(await factsWith({ published: SHRUNK }));
    expect(warned).toMatchObject({ outcome: 'held', findings: [{ acknowledged: false }] });
    const acknowledged = decide(
      await factsWith({ published: SHRUNK, predicate: { acknowledged: ['RANGE_SHRANK'] } }),
    );
    expect(acknowledged).toMatchObject({ outcome: 'accepted', findings: [{ acknowledged: true }] });
    expect(summary(warned)).toBe(`${rules.length} rules: ${rules.length - 1} passed, 1 warned`);
    expect(summary(acknowledged)).toBe(
      `${rules.length} rules: ${rules.length - 1} passed, 1 warning acknowledged`,
    );
  });

  it('is not changed by acknowledging a refusal or a hold', async () => {
    const acknowledged = rules.map(({ code }) => code);
    const refused = decide(await factsWith({ entry: { status: 'Expired' }, predicate: { acknowledged } }));
    expect(refused.outcome).toBe('refused');
    expect(refused.findings[0]).not.toHaveProperty('acknowledged');
    expect(
      decide(await factsWith({ role: fileWith({ current: 9 }), predicate: { acknowledged } })).outcome,
    ).toBe('held');
  });

  it('refuses the whole claim set for one entry that fails, and says which', async () => {
    const facts = await factsWith();
    const second = facts.cpl.entries.get(parseEntryId('CPL-000413'));
    if (second === undefined) throw new Error('two entries are needed');
    const entries = new Map([
      ...facts.cpl.entries,
      [second.entry, { ...second, imageHash: OTHER_HASH } satisfies CplEntry] as const,
    ]);
    const { outcome, findings } = decide({ ...facts, cpl: { ...facts.cpl, entries } });
    expect(outcome).toBe('refused');
    expect(findings).toMatchObject([{ code: 'IMAGE_HASH', at: 'claims[1].entry', expected: OTHER_HASH }]);
  });

  it('is the same for the same facts, and leaves them as they were', async () => {
    const facts = deepFrozen(await factsWith({ published: SHRUNK }));
    expect(decide(facts)).toEqual(decide(facts));
  });

  it('is a document that JSON keeps whole', async () => {
    const decision = decide(await factsWith({ published: SHRUNK }));
    expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
  });
});

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value))
    Object.values(value).forEach(deepFrozen);
  return ArrayBuffer.isView(value) ? value : Object.freeze(value);
}

describe('who publishes', () => {
  it('is a manufacturer, under its own codes, in statement and path alike', async () => {
    const honest = await factsWith();
    const { party } = honest;
    if (party === undefined) throw new Error('no party');
    const cases: [string, Partial<Facts>][] = [
      [
        'manufacturer code FFF1 is not one of Example Meters, which has FFF2',
        { party: { ...party, codes: [FFF2] } },
      ],
      [
        'manufacturer code FFF1 is not one of Example Meters, which has no code at all',
        { party: { ...party, kinds: ['supplier'] } },
      ],
      [
        'manufacturer code FFF2 is not one of Example Meters, which has FFF1',
        { submitted: { ...honest.submitted, code: FFF2 } },
      ],
      [
        'the release lies under FFF2, the statement says FFF1',
        {
          party: { ...party, codes: [FFF1, FFF2] },
          submitted: { ...honest.submitted, code: FFF2 },
        },
      ],
      ['example-meters is not in the register', { party: { ...party, id: parsePartyId('sample-gas') } }],
    ];
    for (const [message, changes] of cases) {
      const { outcome, findings } = decide({ ...honest, ...changes });
      expect(outcome).toBe('refused');
      expect(findings).toMatchObject([{ code: 'CODE_NOT_YOURS', message }]);
    }
  });

  it('publishes an image under the manufacturer code in its header', async () => {
    const facts = await factsWith({ statement: withHeader({ manufacturerCode: 0xfff2 }) });
    expect(decide(facts).findings.map(({ code }) => code)).toEqual(['HEADER_AS_STATED', 'MANUFACTURER']);
  });
});

describe('a second statement about a release', () => {
  it('is accepted as the next number, held as one that is there, refused beyond the next', async () => {
    const { image } = await factsWith();
    const release = (image as ImageFacts).release;
    const published = [publishedRelease({ release, number: 1 })];
    const numbered = async (number: number) =>
      decide(await factsWith({ predicate: { number }, published })).outcome;
    expect(await numbered(1)).toBe('held');
    expect(await numbered(2)).toBe('accepted');
    expect(await numbered(3)).toBe('refused');
  });
});

describe('a hardware range', () => {
  it('is compared with the newest release of the same device model only', async () => {
    const wide = [parseHardwareVersion('0000'), parseHardwareVersion('FFFF')] as const;
    const old = publishedRelease({ hardware: wide, published: '2026-01-01T00:00:00Z' });
    expect(decide(await factsWith({ published: [old] })).outcome).toBe('held');
    expect(decide(await factsWith({ published: [old, publishedRelease()] })).outcome).toBe('accepted');
    expect(decide(await factsWith({ published: [publishedRelease(), old] })).outcome).toBe('accepted');
    expect(decide(await factsWith({ published: [{ ...old, deviceType: 'GSME' }] })).outcome).toBe('accepted');
    expect(decide(await factsWith({ published: [{ ...old, models: [] }] })).outcome).toBe('accepted');
  });
});

describe('an image with its supplier trailer still on', () => {
  it('is refused, with the reason once the CPL proves it, and never stripped', async () => {
    const bare = await imageFacts(imageOf(octets(300)));
    if ('unread' in bare) throw new Error(bare.unread);
    const facts = await factsWith({ body: withTrailer(octets(300)), entry: { imageHash: bare.hash } });
    const { outcome, findings } = decide(facts);
    expect(outcome).toBe('refused');
    expect(findings.map(({ code }) => code)).toEqual(['LIBRARY_FORM', 'IMAGE_HASH', 'IMAGE_HASH']);
    expect(findings[0]?.message).toBe(
      "the image ends with a supplier's trailer: without it, its hash is the CPL's",
    );
  });

  it('is no trailer where the CPL has the hash of the whole body', async () => {
    expect(decide(await factsWith({ body: withTrailer(octets(300)) })).outcome).toBe('accepted');
  });
});

describe('where the plaintext is sealed', () => {
  it('nothing is accepted; without the sealed rules, which are named, the signed statement is judged', async () => {
    const notes = { length: 300, form: 'text' } as const;
    const sealed = { image: { unread: 'it is sealed' }, notes };
    const facts: Facts = { ...(await factsWith()), ...sealed };
    expect(decide(facts).outcome).toBe('refused');
    const open = decide(facts, { without: sealedCodes });
    expect(open).toMatchObject({ outcome: 'accepted', without: [...sealedCodes] });
    expect(summary(open)).toBe(`${openRules.length} rules: ${openRules.length} passed`);
    const spoiled = await factsWith({ entry: { imageHash: OTHER_HASH } });
    expect(
      decide({ ...spoiled, ...sealed }, { without: sealedCodes }).findings.map(({ code }) => code),
    ).toEqual(['IMAGE_HASH', 'IMAGE_HASH']);
  });
});

describe('a header that was changed after the manufacturer signed', () => {
  it.each([
    ['minimum hardware version', { minHardwareVersion: 0 }],
    ['maximum hardware version', { maxHardwareVersion: 0xffff }],
    ['firmware version', { fileVersion: 0x01000204 }],
    ['manufacturer code', { manufacturerCode: 0xfff2 }],
  ])('in its %s is refused, though its hash is still the CPL’s', async (_, header) => {
    const honest = await factsWith();
    const image = await imageFacts(imageOf(octets(300), header));
    if ('unread' in image) throw new Error(image.unread);
    // What is checked today: the hash of the CPL, which does not cover the header
    for (const claim of honest.statement.predicate.claims)
      expect(image.hash).toBe(honest.cpl.entries.get(claim.entry)?.imageHash);
    const changed = { ...honest, image, submitted: { ...honest.submitted, release: image.release } };
    const { outcome, findings } = decide(changed);
    expect(outcome).toBe('refused');
    expect(findings.map(({ code }) => code)).toEqual([
      'RELEASE_NAME',
      'HEADER_AS_STATED',
      'SUBJECT_MISMATCH',
    ]);
  });
});

describe('what a statement gives the rules to say', () => {
  const acknowledged = ['UPGRADES_UNKNOWN', 'UPGRADES_DIFFER'];
  const from = (count: number) => Array.from({ length: count }, (_, i) => firmwareVersionOf(0x02000000 + i));
  const decided = async (count: number) =>
    decide(await factsWith({ predicate: { upgradesFrom: from(count), acknowledged } }));

  it('is said whole where it is short', async () => {
    const { outcome, findings } = await decided(20);
    expect(outcome).toBe('accepted');
    expect(findings).toHaveLength(21);
    expect(findings.at(-1)?.found).toBe(from(20).join(', '));
  });

  it('is bounded in length and number, so that the decision can be written', async () => {
    const { outcome, findings } = await decided(5000);
    expect(outcome).toBe('accepted');
    expect(findings).toHaveLength(101);
    expect(findings.at(-2)?.message).toMatch(/ \(and 4900 more\)$/);
    expect(findings.at(-1)?.found).toMatch(/^02000000, .*…$/);
    for (const { expected, found, message } of findings)
      expect(Math.max(expected.length, found.length, message.length)).toBeLessThan(1100);
  });

  it('is never cut inside a sign', async () => {
    const facts = await factsWith();
    const image = { unread: `${'x'.repeat(999)}\u{1F4A1}${'y'.repeat(50)}` };
    expect(decide({ ...facts, image }).findings[0]?.found).toBe(`${'x'.repeat(999)}…`);
  });
});

const SECTIONS = [
  '## Before you deploy',
  'Restarts once',
  '## What is new',
  'A clock',
  '## How to go back',
  'No way',
];
const notesOf = (...lines: string[]) => new TextEncoder().encode(['# Title', ...lines, ''].join('\n'));

describe('facts from octets', () => {
  it('say why an image is not one', async () => {
    expect(await imageFacts(new TextEncoder().encode('# ESME'))).toEqual({
      unread: 'offset 0 holds 23 20 45 53, expected 1E F1 EE 0B',
    });
  });

  it.each<[string, string[], string[]]>([
    ['nothing in whole notes', SECTIONS, []],
    ['a mark that is left', SECTIONS.with(1, 'fine … not'), ['"Before you deploy" still holds "…"']],
    ['a word for later', SECTIONS.with(3, 'TODO: ask'), ['"What is new" still holds "TODO"']],
    ['filler text', SECTIONS.with(5, 'lorem ipsum dolor'), ['"How to go back" still holds "lorem ipsum"']],
    ['a mark above the sections', ['…', ...SECTIONS], ['"Title" still holds "…"']],
    ['a section that is not there', SECTIONS.slice(0, 4), ['the section "How to go back" is missing']],
    ['a section of no words', SECTIONS.with(3, '- ...'), ['"What is new" says nothing']],
    ['a section of nothing', SECTIONS.toSpliced(3, 1), ['"What is new" says nothing']],
    ['no word within another', SECTIONS.with(1, 'TODOROV tested it'), []],
  ])('say of notes: %s', async (_, lines, faults) => {
    expect((await notesFacts(notesOf(...lines))).text?.faults).toEqual(faults);
  });

  it('say that notes are empty, or no text', async () => {
    expect((await notesFacts(new TextEncoder().encode(' \n'))).text?.faults).toEqual(['it is empty']);
    expect(await notesFacts(Uint8Array.of())).toMatchObject({
      length: 0,
      form: 'text',
      text: { faults: [] },
    });
    expect(await notesFacts(Uint8Array.of(0xff, 0xfe))).toMatchObject({ length: 2, form: 'other' });
  });
});
