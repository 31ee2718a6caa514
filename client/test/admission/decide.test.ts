// How findings become an outcome, and what can never be waved through.
import { describe, expect, it } from 'vitest';
import {
  decide,
  type Facts,
  type ImageFacts,
  imageFacts,
  notesFacts,
  rules,
  summary,
} from '../../src/admission/index.ts';
import { type CplEntry, parseHardwareVersion, parsePartyId } from '../../src/firmware/index.ts';
import { imageOf, octets, withTrailer } from '../firmware/synthetic.ts';
import { FFF1, FFF2, factsWith, fileWith, OTHER_HASH, publishedRelease } from './honest.ts';

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
    const [first, second] = [...facts.cpl.entries.values()];
    if (first === undefined || second === undefined) throw new Error('two entries are needed');
    const entries = new Map(
      [first, { ...second, imageHash: OTHER_HASH } satisfies CplEntry].map((one) => [one.entry, one]),
    );
    const { outcome, findings } = decide({ ...facts, cpl: { snapshot: 2, entries } });
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
    const facts = await factsWith();
    const image = { ...(facts.image as ImageFacts) };
    const header = { ...image.header, manufacturerCode: 0xfff2 };
    const codes = decide({ ...facts, image: { ...image, header } }).findings.map(({ code }) => code);
    expect(codes).toContain('MANUFACTURER');
    expect(codes).toContain('HEADER_AS_STATED');
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
    expect(findings[1]?.hint).toBe(
      "Submit the image without its supplier's trailer: then the hash is the CPL's",
    );
  });

  it('is no trailer where the CPL has the hash of the whole body', async () => {
    expect(decide(await factsWith({ body: withTrailer(octets(300)) })).outcome).toBe('accepted');
  });
});

describe('where the plaintext is sealed', () => {
  it('nothing is accepted, unless that one rule is left out by name; then the signed digests are judged', async () => {
    const facts: Facts = { ...(await factsWith()), image: { unread: 'it is sealed' }, notes: {} };
    expect(decide(facts).outcome).toBe('refused');
    const open = new Set(['IMAGE_UNREADABLE'] as const);
    expect(decide(facts, open).outcome).toBe('accepted');
    const spoiled = await factsWith({ entry: { imageHash: OTHER_HASH } });
    const sealed: Facts = { ...spoiled, image: { unread: 'it is sealed' } };
    expect(decide(sealed, open).findings.map(({ code }) => code)).toEqual(['IMAGE_HASH', 'IMAGE_HASH']);
    const elsewhere: Facts = {
      ...facts,
      submitted: { ...facts.submitted, release: publishedRelease().release },
    };
    expect(decide(elsewhere, open).findings.map(({ code }) => code)).toEqual(['SUBJECT_MISMATCH']);
  });
});

describe('facts from octets', () => {
  it('say why an image is not one', async () => {
    expect(await imageFacts(new TextEncoder().encode('# ESME'))).toEqual({
      unread: 'offset 0 holds 23 20 45 53, expected 1E F1 EE 0B',
    });
  });

  it.each([
    ['# Title\n## Before you deploy\nRestarts once\n', []],
    [
      '# Title\n## Before you deploy\n…\n## After\nfine … not\n…',
      ['"Before you deploy" still holds "…"', '"After" still holds "…"'],
    ],
    ['…', ['"the beginning" still holds "…"']],
    [' \n', ['it is empty']],
  ])('say what is unfinished in the notes %j', async (text, faults) => {
    expect((await notesFacts(new TextEncoder().encode(text))).text?.faults).toEqual(faults);
  });

  it('say that notes are not UTF-8', async () => {
    expect((await notesFacts(Uint8Array.of(0xff, 0xfe))).text?.faults).toEqual(['it is not UTF-8']);
  });
});
