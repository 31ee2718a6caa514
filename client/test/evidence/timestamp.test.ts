// A time authority that lies, stalls or breaks off: no stamp of it is taken.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it, test } from 'vitest';
import { EvidenceError, timestampAuthority } from '../../src/evidence/index.ts';
import { type Query, refusal, startTimestampAuthority } from './pki.ts';
import { INTAKE, pkiOf, STAMPED, signed, Trust, verdict } from './scene.ts';

const pki = await pkiOf('Example');
const signature = new TextEncoder().encode('a signature');
const closing: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(closing.map((close) => close())));

type Answer = (query: Query, honest: (changed?: Partial<Query>) => Buffer) => Buffer | undefined;

async function authority(answer?: Answer) {
  const clock = () => STAMPED;
  const started = await startTimestampAuthority(pki, answer === undefined ? { clock } : { clock, answer });
  closing.push(started.close);
  return started;
}

it('stamps a statement over HTTP, asking once, for the hash of the signature alone', async () => {
  const { url, requests } = await authority();
  const { bundle } = await signed(pki, { witness: timestampAuthority(url) });
  const evidence = await verdict(bundle, new Trust(pki), INTAKE);
  expect(evidence).toMatchObject({ stampedAt: STAMPED, authority: 'Example Time Authority' });
  expect(requests).toHaveLength(1);
  expect(requests[0]?.imprint).toHaveLength(32);
  expect(requests[0]?.wantsCertificate).toBe(true);
});

it('never asks twice with the same nonce', async () => {
  const { url, requests } = await authority();
  const witness = timestampAuthority(url);
  await Promise.all([witness.testify(signature), witness.testify(signature)]);
  expect(new Set(requests.map(({ nonce }) => nonce)).size).toBe(2);
});

describe('refuses', () => {
  const answers: Readonly<Record<string, readonly [RegExp, Answer]>> = {
    'a refusal of the authority': [/its status is 2, expected 0, granted$/, () => refusal()],
    'a stamp over something else': [
      /over something else than was sent$/,
      (_query, honest) => honest({ imprint: new Uint8Array(32) }),
    ],
    'a stamp with another nonce: it may be an old one': [
      /does not repeat the nonce/,
      (_query, honest) => honest({ nonce: 7n }),
    ],
    'a stamp without a nonce': [
      /does not repeat the nonce/,
      (_query, honest) => honest({ nonce: undefined }),
    ],
    'half a stamp': [/its answer is no time stamp$/, (_query, honest) => honest().subarray(0, 100)],
    'an answer of nothing': [/its answer is no time stamp$/, () => Buffer.alloc(0)],
    'an answer that is too long': [/longer than 65536 octets$/, () => Buffer.alloc(70_000)],
  };
  test.each(Object.entries(answers))('%s', async (_name, [message, answer]) => {
    const { url } = await authority(answer);
    const asked = timestampAuthority(url).testify(signature);
    await expect(asked).rejects.toBeInstanceOf(EvidenceError);
    await expect(asked).rejects.toMatchObject({
      code: 'STAMP_REFUSED',
      message: expect.stringMatching(message),
    });
  });
});

describe('says that the authority cannot be reached', () => {
  async function unreachable(url: string, timeout = 5_000) {
    const asked = timestampAuthority(url, { timeout }).testify(signature);
    await expect(asked).rejects.toMatchObject({ name: 'UnreachableError', code: 'STAMP_UNREACHABLE' });
    return asked.catch((error: Error) => error.message);
  }

  it('where nobody listens', async () => {
    const { url, close } = await authority();
    await close();
    expect(await unreachable(url)).toMatch(/^Cannot get a time stamp from http:.*ECONNREFUSED/);
  });

  it('where it never answers', async () => {
    const { url } = await authority(() => undefined);
    expect(await unreachable(url, 200)).toMatch(/it took too long$/);
  });

  it.each([
    [500, {}, /it answered 500, expected 200$/],
    [302, { location: 'http://127.0.0.1:1/' }, /redirect/],
  ])('where it answers %i', async (status, headers, message) => {
    const server = createServer((_request, response) => response.writeHead(status, headers).end());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closing.push(() => new Promise((done) => server.close(() => done())));
    const { port } = server.address() as AddressInfo;
    expect(await unreachable(`http://127.0.0.1:${port}/`)).toMatch(message);
  });
});
