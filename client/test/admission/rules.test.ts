// Every rule, by the one thing that it alone notices.
import { describe, expect, it } from 'vitest';
import {
  decide,
  type Facts,
  openRules,
  RULES_VERSION,
  rules,
  sealedCodes,
} from '../../src/admission/index.ts';
import { firmwareVersionOf, parseFirmwareVersion, parseHardwareVersion } from '../../src/firmware/index.ts';
import { octets } from '../firmware/synthetic.ts';
import { type Changes, factsWith, fileWith, publishedRelease } from './honest.ts';
import { failed, SPOILED, sliced, spoil, withTrueSlices } from './spoiled.ts';

const OUTCOMES = { refuse: 'refused', hold: 'held', warn: 'held', record: 'accepted' } as const;

const codesOf = (facts: Facts) => [...new Set(decide(facts).findings.map(({ code }) => code))];

it('an honest submission is accepted without a finding', async () => {
  expect(RULES_VERSION).toBe('2026-11-3');
  expect(decide(await factsWith())).toEqual({
    outcome: 'accepted',
    rules: RULES_VERSION,
    cpl: 2,
    findings: [],
  });
});

describe.each(rules)('the rule $code', ({ code, severity }) => {
  it('alone notices what it is for', async () => {
    const { outcome, findings } = decide(await spoil(SPOILED[code]));
    expect([...new Set(findings.map((finding) => finding.code))]).toEqual([code]);
    expect(outcome).toBe(OUTCOMES[severity]);
    expect(findings[0]).toMatchObject({ code, severity });
    expect(findings[0]?.message).toContain(SPOILED[code].message);
    expect(findings[0]?.message).not.toMatch(/\.$/);
    expect(findings[0]?.hint).not.toBe('');
  });

  it('left out by name, lets it pass', async () => {
    const { outcome, without } = decide(await spoil(SPOILED[code]), { without: [code] });
    expect(outcome).toBe('accepted');
    expect(without).toEqual([code]);
  });
});

it('every rule has a code of its own and an example', () => {
  const codes = rules.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect([...codes].sort()).toEqual(Object.keys(SPOILED).sort());
});

describe('an open rule', () => {
  it.each(openRules)('$code says the same where every plaintext is sealed', async ({ code, says }) => {
    const facts = await spoil(SPOILED[code]);
    const { text: _, ...notes } = facts.notes ?? { length: 0, form: 'text' as const };
    const sealed = {
      image: { unread: 'it is sealed' },
      notes: facts.notes === undefined ? undefined : notes,
    };
    expect(says({ ...facts, ...sealed })).toEqual(says(facts));
  });
});

it.each([...sealedCodes])(
  'the sealed rule %s is silent once it is left out with all of its kind',
  async (code) => {
    expect(decide(await spoil(SPOILED[code]), { without: sealedCodes }).findings).toEqual([]);
  },
);

/** More of what one rule notices; only that rule speaks. */
const REFUSED: readonly (readonly [sentence: string, code: string, changes: Changes])[] = [
  ['a bundle that is none', 'STATEMENT_SIGNATURE', failed('NOT_A_BUNDLE')],
  ['a key that is too short', 'CERTIFICATE_PURPOSE', failed('UNSUPPORTED_KEY')],
  ['a bundle without a stamp', 'STAMP_UNTRUSTED', failed('STAMP_COUNT')],
  ['a stamp of an unknown authority', 'STAMP_UNTRUSTED', failed('UNKNOWN_TIME_AUTHORITY')],
  ['a stamp that the verification finds too old', 'STAMP_AGE', failed('STAMP_TIME')],
  ['a certificate of nobody', 'CERTIFICATE_NOT_YOURS', failed('UNREGISTERED')],
  ['evidence that fails in a way unknown here', 'STATEMENT_SIGNATURE', failed('SOMETHING_NEW')],
  [
    'a certificate registered for endorsements alone',
    'CERTIFICATE_NOT_YOURS',
    {
      party: {
        certificates: [
          { sha256: 'aa'.repeat(32) as never, purposes: ['endorsement'], from: '2026-01-01T00:00:00Z' },
        ],
      },
    },
  ],
  ['a certificate registered after the stamp', 'CERTIFICATE_NOT_YOURS', { party: registered('2026-11-19') }],
  [
    'a certificate closed before the stamp',
    'CERTIFICATE_NOT_YOURS',
    { party: registered('2026-01-01', '2026-11-18') },
  ],
  [
    'a certificate closed between stamp and reception',
    'CERTIFICATE_NOT_YOURS',
    { party: registered('2026-01-01', '2026-11-19') },
  ],
  ['a stamp of the future', 'STAMP_AGE', { evidence: { stampedAt: '2026-11-20T09:00:01Z' } }],
  ['a reserved field control bit', 'HEADER_PROFILE', { header: { fieldControl: 0x000c } }],
  ['another header version', 'HEADER_PROFILE', { header: { headerVersion: 0x0101 } }],
  ['an entry that is Cancelled', 'ENTRY_NOT_ACTIVE', { entry: { status: 'Cancelled' } }],
  ['an entry that is Expired', 'ENTRY_NOT_ACTIVE', { entry: { status: 'Expired' } }],
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

function registered(from: string, until?: string): Changes['party'] & object {
  const certificate = {
    sha256: 'aa'.repeat(32) as never,
    purposes: ['release'] as const,
    from: `${from}T00:00:00Z`,
  };
  return {
    certificates: [until === undefined ? certificate : { ...certificate, until: `${until}T00:00:00Z` }],
  };
}

describe('refused for one reason is', () => {
  it.each(REFUSED)('%s', async (_, code, changes) => {
    const facts = await factsWith(changes);
    expect(decide(facts).outcome).toBe('refused');
    expect(codesOf(facts)).toEqual([code]);
  });
});

describe('the time stamp', () => {
  it('is younger than 30 days, and is measured at first reception, however long the submission is held', async () => {
    const stamped = { stampedAt: '2026-10-21T09:00:01Z' };
    expect(codesOf(await factsWith({ evidence: stamped }))).toEqual([]);
    const months = { now: '2027-03-01T09:00:00Z' };
    expect(codesOf(await factsWith({ evidence: stamped, facts: months }))).toEqual([]);
    expect(codesOf(await factsWith({ facts: { ...months, received: months.now } }))).toEqual(['STAMP_AGE']);
  });
});

describe('what is SMETS1', () => {
  it('is taken from the DCC, for a code of its own', async () => {
    const facts = await factsWith({ entry: { smets1: true }, party: { kinds: ['dcc'] } });
    expect(decide(facts).outcome).toBe('accepted');
  });

  it.each(['supplier', 'panel', 'operator'] as const)('is not taken from a %s', async (kind) => {
    const facts = await factsWith({ entry: { smets1: true }, party: { kinds: [kind] } });
    expect(codesOf(facts)).toEqual(['CODE_NOT_YOURS', 'SMETS1_ORIGIN']);
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
  const sized = (
    deviceType: 'ESME' | 'GSME' | 'HCALCS' | 'PPMID',
    total: number,
    more: Partial<Facts> = {},
  ) => factsWith({ body: octets(total - 60), predicate: { deviceType }, entry: { deviceType }, facts: more });

  it.each(['ESME', 'GSME', 'HCALCS'] as const)(
    "counts the supplier's 66 octets for an image of %s",
    async (type) => {
      expect(decide(await sized(type, 749_934)).outcome).toBe('accepted');
      const { findings } = decide(await sized(type, 749_935));
      expect(findings).toMatchObject([{ code: 'SIZE', found: '750001', expected: 'at most 750000' }]);
    },
  );

  it('counts the image alone for a PPMID', async () => {
    expect(decide(await sized('PPMID', 750_000)).outcome).toBe('accepted');
    expect(codesOf(await sized('PPMID', 750_001))).toEqual(['SIZE']);
  });

  it('is a setting, for all device types or for one', async () => {
    const raised = { library: { sizeLimit: 750_000, sizeLimits: { ESME: 750_001 } } };
    expect(decide(await sized('ESME', 749_935, raised)).outcome).toBe('accepted');
    expect(codesOf(await sized('GSME', 749_935, raised))).toEqual(['SIZE']);
    expect(decide(await sized('GSME', 749_935, { library: { sizeLimit: 800_000 } })).outcome).toBe(
      'accepted',
    );
  });
});

describe('an image in slices', () => {
  const states = async (...lengths: number[]) => withTrueSlices(await factsWith(sliced(...lengths)));

  it('may be larger than the limit, if each slice is within it', async () => {
    expect(decide(await states(600, 400)).outcome).toBe('accepted');
    expect(decide(await states(400, 400, 200)).outcome).toBe('accepted');
    const { findings } = decide(await states(601, 399));
    expect(findings.map(({ message }) => message)).toEqual([
      'slice 1 is 601 octets as distributed, the limit is 600',
    ]);
    expect(codesOf(await states(600, 401))).toEqual(['SLICES']);
  });

  it('is a PPMID', async () => {
    const { facts, ...rest } = sliced(600, 400);
    const esme = { ...rest, predicate: { ...rest.predicate, deviceType: 'ESME' }, entry: {} } as const;
    expect(codesOf(withTrueSlices(await factsWith(esme)))).toEqual(['SLICES']);
    expect(facts).toBeDefined();
  });

  it('is no larger than DUIS takes, however it is cut', async () => {
    const total = 10_240_001;
    const facts = await states(600, 400);
    const { predicate } = facts.statement;
    const header = { ...predicate.header, totalImageSize: total };
    const large = { ...facts, statement: { ...facts.statement, predicate: { ...predicate, header } } };
    expect(decide(large).findings.map(({ message }) => message)).toContain(
      'the image is 10240001 octets as distributed, the limit is 10240000',
    );
  });
});

describe('the hardware range', () => {
  it('includes both its ends', async () => {
    const header = { minHardwareVersion: 0x0102, maxHardwareVersion: 0x0110 };
    expect(decide(await factsWith({ header })).outcome).toBe('accepted');
  });

  it.each([
    [0, 0xfffe],
    [1, 0xffff],
  ])('from %i to %i is not taken for one that takes everything', async (least, most) => {
    const header = { minHardwareVersion: least, maxHardwareVersion: most };
    expect(decide(await factsWith({ header })).outcome).toBe('accepted');
  });
});

describe('the device type', () => {
  const stated = (deviceType: 'HCALCS' | 'GSME' | 'PPMID' | 'CHF' | 'GPF', facts: Partial<Facts> = {}) =>
    factsWith({ predicate: { deviceType }, entry: { deviceType }, facts });

  it.each(['HCALCS', 'GSME', 'PPMID'] as const)('%s is held here', async (deviceType) => {
    expect(decide(await stated(deviceType)).outcome).toBe('accepted');
  });

  it.each([
    ['IHD', 'IHD is a Type 2 device and not on the CPL'],
    ['CAD', 'CAD is a Type 2 device and not on the CPL'],
    ['CHF', 'CHF belongs to the DCC'],
    ['GPF', 'GPF belongs to the DCC'],
  ] as const)('%s is not', async (deviceType, why) => {
    const { outcome, findings } = decide(await factsWith({ predicate: { deviceType } }));
    expect(outcome).toBe('refused');
    expect(findings[0]?.message).toContain(why);
  });

  it.each(['CHF', 'GPF'] as const)(
    '%s is held where the settings say so, and then nothing else is',
    async (type) => {
      const library = { sizeLimit: 750_000, deviceTypes: [type] };
      expect(decide(await stated(type, { library })).outcome).toBe('accepted');
      expect(codesOf(await stated('GSME', { library }))).toEqual(['DEVICE_TYPE']);
    },
  );
});

describe('another image of the same identity', () => {
  const published = (changes: Parameters<typeof publishedRelease>[0]) =>
    factsWith({ published: [publishedRelease({ imageType: '0000' as never, ...changes })] });

  it('is none where image type, firmware version or hardware differ', async () => {
    const beside = [parseHardwareVersion('0200'), parseHardwareVersion('02FF')] as const;
    const others = [
      await published({ imageType: '0001' as never }),
      await published({ firmwareVersion: firmwareVersionOf(0x01000204) }),
    ];
    for (const facts of others) expect(codesOf(facts)).toEqual([]);
    expect(codesOf(await published({ hardware: beside }))).toEqual(['RANGE_SHRANK']);
  });

  it('is one where the ranges share a single hardware version', async () => {
    const edge = [parseHardwareVersion('01FF'), parseHardwareVersion('02FF')] as const;
    expect(codesOf(await published({ hardware: edge }))).toContain('SAME_IDENTITY');
  });

  it('is held in the same submission too', async () => {
    const together = [publishedRelease({ imageType: '0000' as never })];
    expect(codesOf(await factsWith({ facts: { together } }))).toEqual(['SAME_IDENTITY']);
  });

  it('passes once the operator lets it, and is recorded; nobody lets anything else pass', async () => {
    const by = { by: 'operator', reason: 'the former image was never deployed' };
    const released = rules.map(({ code }) => ({ code, ...by }));
    for (const { code, severity, releasable } of rules) {
      const facts = await spoil(SPOILED[code]);
      const { outcome, findings } = decide({ ...facts, released });
      const lifted = severity === 'hold' && releasable === true;
      expect(outcome, code).toBe(lifted ? 'accepted' : OUTCOMES[severity]);
      expect(findings[0]?.severity, code).toBe(lifted ? 'record' : severity);
    }
    expect(rules.filter(({ releasable }) => releasable).map(({ code }) => code)).toEqual(['SAME_IDENTITY']);
  });
});

describe('upgrade paths', () => {
  const [former, other] = ['01000201', '01000155'].map((text) => parseFirmwareVersion(text));
  const stated = (upgradesFrom: NonNullable<Changes['predicate']>['upgradesFrom'] & object) =>
    factsWith({ predicate: { upgradesFrom } });

  it('are the same in any order, and entries without any are not compared', async () => {
    if (former === undefined || other === undefined) throw new Error('two versions are needed');
    expect(codesOf(await stated([former]))).toEqual([]);
    expect(codesOf(await stated([former, other]))).toEqual(['UPGRADES_UNKNOWN', 'UPGRADES_DIFFER']);
    for (const upgradesFrom of ['any', 'none', [former]] as const) {
      const silent = await factsWith({ predicate: { upgradesFrom }, entry: { upgradeableFrom: 'N/A' } });
      expect(codesOf(silent)).toEqual([]);
    }
  });

  it('name an entry that is gone from the CPL by its id', async () => {
    const facts = await factsWith({ entry: { upgradeableFrom: ['CPL-000009' as never] } });
    expect(decide(facts).findings.map(({ message }) => message)).toEqual([
      'the release upgrades from 01000201, its CPL entries from CPL-000009',
    ]);
  });
});
