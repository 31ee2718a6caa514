// The public log of decisions: whoever leaves one out, changes, moves or forks it is found out. Each attack
// first has its honest twin accepted.

import { expect, test } from 'vitest';
import { sha256 } from '../../src/encoding/index.ts';
import {
  decisionPath,
  parseManufacturerCode,
  parsePartyId,
  parseReleaseId,
} from '../../src/firmware/index.ts';
import {
  type Acceptance,
  acceptanceFile,
  type ChainHead,
  chainHeadFile,
  HEAD_PATH,
} from '../../src/library/acceptance.ts';
import { type ChainSource, verifyChain } from '../../src/library/chain.ts';

const digest = 'ab'.repeat(32) as Acceptance['submission'];

function acceptance(sequence: number, before: Acceptance['before']): Acceptance {
  return {
    format: 'cfl/acceptance/1',
    outcome: 'accepted',
    decided: `2026-11-2${sequence}T09:00:00Z`,
    received: `2026-11-2${sequence}T09:00:00Z`,
    rules: '2026-11-1',
    release: parseReleaseId(String(sequence).repeat(64)),
    number: 1,
    code: parseManufacturerCode('FFF1'),
    originator: parsePartyId('example-meters'),
    submission: digest,
    roles: [{ name: 'm-fff1', version: sequence + 1 }],
    library: sequence + 3,
    cpl: 1,
    digests: [],
    released: [],
    audit: null,
    sequence,
    before,
    passed: [],
    findings: [],
  };
}

class Log implements ChainSource {
  readonly files = new Map<string, Uint8Array>();
  #last: Acceptance['before'] = null;

  get listed(): Iterable<string> {
    return this.files.keys();
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.files.get(path);
  }

  /** A decision behind the newest, and the head behind it. */
  async add(sequence: number, changes: Partial<Acceptance> = {}): Promise<ChainHead> {
    const made = { ...acceptance(sequence, this.#last), ...changes };
    const path = decisionPath(made.release, made.number);
    const octets = acceptanceFile.encode(made);
    this.files.set(path, octets);
    this.#last = { path, sha256: await sha256(octets) };
    return this.head(sequence);
  }

  head(sequence: number, link = this.#last): ChainHead {
    if (link === null) throw new TypeError('There is no decision yet');
    const head = { format: 'cfl/chain-head/1', sequence, ...link } as const;
    this.files.set(HEAD_PATH, chainHeadFile.encode(head));
    return { sequence, ...link };
  }
}

async function ofThree(): Promise<{ log: Log; heads: readonly ChainHead[] }> {
  const log = new Log();
  const heads = [await log.add(1), await log.add(2), await log.add(3)];
  return { log, heads };
}

test('an honest chain is read, oldest first; an empty one too', async () => {
  expect(await verifyChain(new Log())).toEqual({ head: undefined, decisions: [] });
  const { log, heads } = await ofThree();
  const { head, decisions } = await verifyChain(log);
  expect(head).toEqual(heads[2]);
  expect(decisions.map(({ acceptance: { sequence } }) => sequence)).toEqual([1, 2, 3]);
});

const pathOf = (sequence: number) => decisionPath(acceptance(sequence, null).release, 1);

const ATTACKS: Readonly<Record<string, (log: Log) => Promise<unknown> | unknown>> = {
  'a decision is missing': (log) => log.files.delete(pathOf(2)),
  'the head is missing': (log) => log.files.delete(HEAD_PATH),
  'the newest is missing, and the head names the one before': async (log) => {
    const octets = log.files.get(pathOf(2)) ?? new Uint8Array();
    log.head(2, { path: pathOf(2), sha256: await sha256(octets) });
  },
  'a decision was changed': (log) =>
    log.files.set(pathOf(1), acceptanceFile.encode({ ...acceptance(1, null), cpl: 2 })),
  'a decision lies in the place of another': (log) =>
    log.files.set(pathOf(2), log.files.get(pathOf(1)) ?? new Uint8Array()),
  'a decision stands beside the chain': async (log) => {
    const octets = acceptanceFile.encode(acceptance(4, { path: pathOf(3), sha256: digest }));
    log.files.set(pathOf(4), octets);
  },
  'a number is left out': (log) => log.add(5),
  'a number comes twice': (log) => log.add(3, { release: parseReleaseId('9'.repeat(64)) }),
  'the first names one before it': async (log) => {
    log.files.clear();
    await log.add(1, { before: { path: pathOf(3), sha256: digest } });
  },
  'a later one names none before it': (log) => log.add(4, { before: null }),
  'one was decided before the one before it': (log) => log.add(4, { decided: '2026-11-01T09:00:00Z' }),
  'one is of an older version of the library': (log) => log.add(4, { library: 1 }),
};

test.each(Object.entries(ATTACKS))('refused where %s', async (_, attack) => {
  const { log } = await ofThree();
  await verifyChain(log);
  await attack(log);
  await expect(verifyChain(log)).rejects.toMatchObject({ code: 'BROKEN_CHAIN' });
});

test('a chain that continues what was seen is accepted, one that does not is refused', async () => {
  const { log, heads } = await ofThree();
  for (const known of heads) await verifyChain(log, known);
  const fork = new Log();
  const other = [await fork.add(1), await fork.add(2, { cpl: 7 }), await fork.add(3)];
  await verifyChain(fork, heads[0]);
  await expect(verifyChain(fork, heads[2])).rejects.toMatchObject({ code: 'FORKED_CHAIN' });
  await expect(verifyChain(log, other[1])).rejects.toMatchObject({ code: 'FORKED_CHAIN' });
  const shorter = new Log();
  await shorter.add(1);
  await expect(verifyChain(shorter, heads[1])).rejects.toMatchObject({
    code: 'FORKED_CHAIN',
    message: expect.stringContaining('it ends at 1, expected decision 2'),
  });
  await expect(verifyChain(new Log(), heads[0])).rejects.toMatchObject({ code: 'FORKED_CHAIN' });
});
