// What is to be done with meters: by stated paths alone, never by the number of a version.

import { describe, expect, test } from 'vitest';
import { type EstateFacts, inWords } from '../../src/estate/index.ts';
import { parseHardwareVersion, parseManufacturerCode, parseModelId } from '../../src/firmware/index.ts';
import { entryOf, factsOf, judged, releaseOf } from './facts.ts';

const A = '01000100';
const B = '01000201';
const C = '01000203';
// By number the lowest; by what is stated the newest
const D = '00000001';

const said = (facts: EstateFacts, firmware: string) => inWords(judged(facts, firmware));
const way = (facts: EstateFacts, firmware: string) =>
  judged(facts, firmware).steps.map(({ firmwareVersion }) => firmwareVersion as string);

describe('an upgrade', () => {
  const chain = factsOf(
    [A, B, C, D].map((firmware) => ({ firmware })),
    [
      { firmware: B, from: [A], state: 'superseded' },
      { firmware: C, from: [B], state: 'superseded', supersedes: [B] },
      { firmware: D, from: [C], supersedes: [C] },
    ],
  );

  test('is one step where the newest lists what runs', () => {
    expect(said(chain, C)).toBe('upgrade to 00000001 (303030303030): fix');
    expect(judged(chain, C).steps[0]?.release).toBe(releaseOf(D));
  });

  test('takes as many steps as are stated, through superseded releases', () => {
    expect(said(chain, A)).toBe('upgrade in three steps: 01000201, then 01000203, then 00000001');
  });

  test('is none for the newest, though its number is the lowest', () => {
    expect(judged(chain, D)).toMatchObject({ kind: 'current', steps: [], ask: null });
  });

  test.each([
    ['withdrawn', { state: 'withdrawn' }],
    ['suspended', { state: 'suspended' }],
    ['not of this entry’s hash', { hash: 'other' }],
  ] as const)('does not lead through a release that is %s', (_what, spoiled) => {
    const facts = factsOf(
      [A, B, C].map((firmware) => ({ firmware })),
      [
        { firmware: B, from: [A], ...spoiled },
        { firmware: C, from: [B] },
      ],
    );
    expect(way(facts, A)).toEqual([]);
  });

  test('does not lead over an entry of another hardware version', () => {
    const facts = factsOf([{ firmware: A }, { firmware: B, hardware: '0110' }], [{ firmware: B, from: [A] }]);
    expect(way(facts, A)).toEqual([]);
    const other = judged(facts, A, { hardwareVersion: parseHardwareVersion('0110') });
    expect(other.steps).toHaveLength(1);
  });

  test('needs the list to agree, where it names entries', () => {
    const entries = (from: readonly string[]) => [{ firmware: A }, { firmware: B }, { firmware: C, from }];
    const releases = [{ firmware: C, from: [A, B] }];
    expect(way(factsOf(entries([entryOf(A), entryOf(B)]), releases), A)).toEqual([C]);
    expect(way(factsOf(entries([entryOf(B)]), releases), A)).toEqual([]);
    // The list alone is no path to a release here: its manufacturer does not take this version
    expect(way(factsOf(entries([entryOf(A)]), [{ firmware: C, from: [B] }]), A)).toEqual([]);
  });

  test('from any version is one, known or not', () => {
    const facts = factsOf([{ firmware: A }, { firmware: C }], [{ firmware: C, from: 'any' }]);
    expect(way(facts, A)).toEqual([C]);
    expect(way(facts, 'EEEEEEEE')).toEqual([C]);
  });

  test.each([
    ['was published later', { published: '2026-11-01T09:00:00Z' }],
    ['was published at the same moment', {}],
    ['supersedes it', { published: '2026-09-01T09:00:00Z', supersedes: [C] }],
  ])('from any version is no step back, where what runs %s', (_what, plan) => {
    const facts = factsOf(
      [{ firmware: B }, { firmware: C }],
      [
        { firmware: C, from: 'any' },
        { firmware: B, from: 'none', ...plan },
      ],
    );
    expect(judged(facts, B)).toMatchObject({ kind: 'current', steps: [] });
  });

  test('from any version is no step back, where the list leads the other way', () => {
    const facts = factsOf(
      [{ firmware: C }, { firmware: B, from: [entryOf(C)] }],
      [{ firmware: C, from: 'any' }],
    );
    expect(judged(facts, B)).toMatchObject({ kind: 'not-here', steps: [] });
  });

  test('ends with a current release in a circle too', () => {
    const facts = factsOf(
      [A, B, C].map((firmware) => ({ firmware })),
      [
        { firmware: B, from: [A, C], published: '2026-09-01T09:00:00Z' },
        { firmware: C, from: [A, B] },
      ],
    );
    expect(way(facts, A)).toEqual([C]);
  });
});

describe('what runs', () => {
  test('was withdrawn, with and without a way on', () => {
    const gone = { firmware: A, state: 'withdrawn' } as const;
    expect(said(factsOf([{ firmware: A }], [gone]), A)).toBe(
      'runs a release withdrawn on 2026-10-14 by Example Meters, "battery drain"; nothing replaces it yet',
    );
    const replaced = factsOf([{ firmware: A }, { firmware: B }], [gone, { firmware: B, from: [A] }]);
    expect(judged(replaced, A).kind).toBe('withdrawn');
    expect(said(replaced, A)).toMatch(/"battery drain"; upgrade to 01000201/);
  });

  test('was withdrawn under this header alone: the same image is here under another', () => {
    const again = { firmware: A, name: 'again' };
    const facts = (hash: string) =>
      factsOf([{ firmware: A }], [{ firmware: A, state: 'withdrawn', hash }, again]);
    expect(judged(facts(A), A).kind).toBe('current');
    expect(judged(facts('other'), A).kind).toBe('withdrawn');
  });

  test('is suspended, as a whole or for this hardware alone', () => {
    const facts = factsOf(
      [
        { firmware: A, status: 'Expired' },
        { firmware: A, id: 'CPL-2', hardware: '0110', hash: A },
      ],
      [{ firmware: A, entries: [entryOf(A), 'CPL-2'] }],
    );
    expect(said(facts, A)).toBe('runs a suspended release: CPL-01000100 is Expired; nothing replaces it yet');
    expect(judged(facts, A, { hardwareVersion: parseHardwareVersion('0110') }).kind).toBe('current');
    const whole = factsOf(
      [{ firmware: A }],
      [{ firmware: A, state: 'suspended', reason: 'no entry of it is Active' }],
    );
    expect(said(whole, A)).toMatch(/^runs a suspended release: no entry of it is Active/);
  });

  test('is on the list and no longer Active', () => {
    expect(said(factsOf([{ firmware: A, status: 'Withdrawn' }], []), A)).toBe(
      'not here, and CPL-01000100 is Withdrawn; ask firmware@meters.example',
    );
  });

  test('is superseded, and nobody states a path from it', () => {
    const facts = factsOf(
      [{ firmware: A }, { firmware: B }],
      [
        { firmware: A, state: 'superseded', reason: 'superseded by 010203040506' },
        { firmware: B, from: ['0000AAAA'] },
      ],
    );
    expect(said(facts, A)).toBe(
      'superseded by 010203040506, but no upgrade from this version is stated; ask firmware@meters.example',
    );
  });

  test.each([
    ['never submitted', {}, [], 'commercial, or not submitted'],
    ['without a hash', { hash: null }, [], 'no hash is associated with it yet'],
  ] as const)('is on the list and not here: %s', (_what, plan, releases, why) => {
    expect(said(factsOf([{ firmware: A, ...plan }], releases), A)).toBe(
      `on the CPL but not here (${why}); ask firmware@meters.example`,
    );
  });

  test('has newer firmware on the list that is not here, over any number of steps', () => {
    const entries = [
      { firmware: A },
      { firmware: B, from: [entryOf(A)], status: 'Expired' as const },
      { firmware: C, from: [entryOf(B)] },
    ];
    expect(said(factsOf(entries, [{ firmware: A }]), A)).toBe(
      'newer firmware 01000203 is on the CPL but not here (commercial, or not submitted); ask firmware@meters.example',
    );
    const suspended = factsOf(entries, [{ firmware: A }, { firmware: C, state: 'suspended' }]);
    expect(said(suspended, A)).toContain('not here (its release is suspended)');
    const withdrawn = factsOf(entries, [{ firmware: A }, { firmware: C, state: 'withdrawn' }]);
    expect(said(withdrawn, A)).toContain('not here (its release was withdrawn)');
  });

  test('is not on the list: another firmware, model, type or manufacturer', () => {
    const facts = factsOf([{ firmware: A }], [{ firmware: A }]);
    for (const other of [
      judged(facts, 'EEEEEEEE'),
      judged(facts, A, { model: parseModelId('0A02') }),
      judged(facts, A, { deviceType: 'GSME' }),
      judged(facts, A, { deviceType: 'IHD' }),
      judged(facts, A, { code: parseManufacturerCode('FFF9') }),
    ])
      expect(inWords(other)).toBe('not on the CPL');
  });
});

describe('an entry that ends', () => {
  const ending = (certificates: readonly object[]) =>
    said(factsOf([{ firmware: A, certificates: certificates as never }], [{ firmware: A }]), A);

  test.each([
    [
      'soon',
      [{ kind: 'CPA', reference: 'a', expires: '2027-01-30' }],
      'current; CPL-01000100 expires on 2027-01-30',
    ],
    [
      'already',
      [{ kind: 'CPA', reference: 'a', expires: '2026-01-30' }],
      'current; CPL-01000100 expires on 2026-01-30',
    ],
    [
      'on the last day',
      [{ kind: 'CPA', reference: 'a', renewal: '2027-02-18' }],
      'current; CPL-01000100 is due for renewal on 2027-02-18',
    ],
    ['a day later', [{ kind: 'CPA', reference: 'a', renewal: '2027-02-19' }], 'current'],
    ['never', [{ kind: 'CPA', reference: 'a' }], 'current'],
    [
      'by the earliest of its dates',
      [
        { kind: 'CPA', reference: 'a', expires: '2027-02-01' },
        { kind: 'ZigBee', reference: 'b', renewal: '2026-12-01' },
      ],
      'current; CPL-01000100 is due for renewal on 2026-12-01',
    ],
  ])('%s', (_when, certificates, words) => {
    expect(ending(certificates)).toBe(words);
  });
});
