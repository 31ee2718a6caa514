// What is wrong with a bundle is said by one rule: from real bundles under real authorities to the decision.

import { decide, type Facts } from '@cfl/client/admission';
import { encodeStatement, parsePartyId } from '@cfl/client/firmware';
import { describe, expect, it } from 'vitest';
import { factsWith } from '../../../client/test/admission/honest.ts';
import type { IssueOptions } from '../../../client/test/evidence/pki.ts';
import { NOW, pkiOf, type Signing, signed, Trust } from '../../../client/test/evidence/scene.ts';
import { statementFacts } from '../../src/intake/evidence.ts';

interface Bent {
  readonly issued?: IssueOptions;
  readonly signing?: Signing;
  readonly received?: Date;
  /** Signed by another authority than the register trusts. */
  readonly stranger?: true;
  readonly trust?: (trust: Trust, serial: bigint) => void;
  readonly registered?: false;
}

/** The honest facts with evidence that was made and verified. */
async function decided({ issued = {}, signing = {}, received = NOW, ...bent }: Bent = {}): Promise<string[]> {
  const pki = await pkiOf('Example');
  const trust = new Trust(pki);
  const honest = await factsWith();
  const by = await (bent.stranger ? await pkiOf('Stranger') : pki).issue(issued);
  const { bundle } = await signed(pki, {
    with: by,
    ...signing,
    statement: encodeStatement(honest.statement),
  });
  bent.trust?.(trust, by.serial);
  const { statement, evidence } = await statementFacts(bundle, await trust.read(), received);
  expect(statement).toEqual(honest.statement);
  const certificate = {
    sha256: by.sha256 as never,
    purposes: ['release'] as const,
    from: '2026-01-01T00:00:00Z',
  };
  const party: Facts['party'] = honest.party && {
    ...honest.party,
    certificates: bent.registered === false ? [] : [certificate],
  };
  const { outcome, findings } = decide({ ...honest, evidence, party });
  return [outcome, ...new Set(findings.map(({ code }) => code))];
}

const days = (count: number) => new Date(NOW.getTime() + count * 86_400_000);

const BENT: Readonly<Record<string, readonly [rule: string, bent: Bent]>> = {
  'a certificate of an unknown authority': ['CERTIFICATE_UNTRUSTED', { stranger: true }],
  'a certificate for another purpose': [
    'CERTIFICATE_PURPOSE',
    { issued: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] } },
  ],
  'a certificate whose key is not for signatures': [
    'CERTIFICATE_PURPOSE',
    { issued: { keyUsage: ['nonRepudiation'] } },
  ],
  'a certificate that expired before the stamp': ['CERTIFICATE_EXPIRED', { issued: { until: days(-3) } }],
  'a certificate that was good at the stamp but not at reception': [
    'CERTIFICATE_EXPIRED',
    { issued: { until: days(-1) } },
  ],
  'a certificate that was revoked': [
    'CERTIFICATE_REVOKED',
    {
      trust: (trust, serial) => {
        trust.crls = [trust.pki.crl({ number: 2, entries: [{ serial, revoked: days(-10) }] })];
      },
    },
  ],
  'a certificate of another party, or of none': ['CERTIFICATE_NOT_YOURS', { registered: false }],
  'a stamp that is older than 30 days': [
    'STAMP_AGE',
    { signing: { stampedAt: days(-31) }, issued: { from: days(-90) } },
  ],
  'a stamp of the future': ['STAMP_AGE', { signing: { stampedAt: days(1) } }],
};

describe('refused by one rule is', () => {
  it.each(Object.entries(BENT))('%s', async (_, [rule, bent]) => {
    expect(await decided()).toEqual(['accepted']);
    expect(await decided(bent)).toEqual(['refused', rule]);
  });
});

describe('a revocation list', () => {
  it('that is overdue or missing holds the submission, whoever submits', async () => {
    const overdue: Bent['trust'] = (trust) => {
      trust.crls = [trust.pki.crl({ number: 2, from: days(-9), next: days(-1) })];
    };
    expect(await decided({ trust: overdue })).toEqual(['held', 'CRL_STALE']);
    const missing: Bent['trust'] = (trust) => {
      trust.crls = [];
    };
    expect(await decided({ trust: missing })).toEqual(['held', 'CRL_STALE']);
  });
});

describe('a library whose register names no authority', () => {
  it('takes nothing, and says so', async () => {
    const { statement } = await factsWith();
    const pki = await pkiOf('Example');
    const { bundle } = await signed(pki, { statement: encodeStatement(statement) });
    const { evidence } = await statementFacts(bundle, undefined, NOW);
    const facts = await factsWith({ facts: { evidence } });
    expect(decide(facts).findings).toMatchObject([
      { code: 'CERTIFICATE_UNTRUSTED', message: 'the register names no authority whose certificates count' },
    ]);
    expect(facts.party?.id).toBe(parsePartyId('example-meters'));
  });
});
