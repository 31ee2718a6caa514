// When is a server asked again, how long is it left alone, and what is never tried twice? And: proxies, signals,
// progress, and how many requests run at once.

import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { openRepository, type SourceOptions } from '../../src/library/source.ts';
import { parseTargetPath, type Repository } from '../../src/tuf/index.ts';
import { type Answer, serve, status, type TestServer } from './server.ts';

const FILE = '/metadata/timestamp.json';
const PATIENCE = { window: 200, octets: 64 };

let server: TestServer;
let waits: number[];
const opened: { close(): void }[] = [];

beforeEach(async () => {
  server = await serve();
  waits = [];
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.close();
  await server.close();
});

function source(options: Partial<SourceOptions> = {}, url = server.url): Repository {
  const wait = async (milliseconds: number) => void waits.push(milliseconds);
  const repository = openRepository(url, { wait, patience: PATIENCE, ...options });
  opened.push(repository);
  return repository;
}

const get = (repository: Repository) => repository.metadata('timestamp.json', 10_000);

/** These, one after the other; the last for ever. */
function inTurn(...answers: readonly Answer[]): void {
  let count = 0;
  server.answers.set(FILE, (response, request) =>
    answers[Math.min(count++, answers.length - 1)]?.(response, request),
  );
}

const good: Answer = (response) => void response.end('{}');
const cut: Answer = (response) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('x', () => response.destroy());
};

describe('is asked again', () => {
  test.each<[string, Answer, readonly number[]]>([
    ['a connection that was cut', cut, [2000]],
    ['a server that says nothing', () => {}, [2000]],
    ['429', status(429), [2000]],
    ['429 that asks for 7 seconds', status(429, { 'retry-after': '7' }), [7000]],
    ['503 that asks for less than we wait', status(503, { 'retry-after': '1' }), [2000]],
    ['503 that asks for nonsense', status(503, { 'retry-after': 'soon' }), [2000]],
    [
      '503 until a moment that has passed',
      status(503, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
      [2000],
    ],
    ['500', status(500), [2000]],
    ['502', status(502), [2000]],
  ])('%s', async (_name, answer, expected) => {
    inTurn(answer, good);
    expect(new TextDecoder().decode(await get(source()))).toBe('{}');
    expect(waits).toEqual(expected);
    expect(server.asked).toEqual([FILE, FILE]);
  });

  it('three times, and then says how long that took', async () => {
    inTurn(status(500));
    await expect(get(source())).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      status: 500,
      message: `Cannot get ${server.url}${FILE}: the server answered 500, expected 200, 3 attempts in 7 s`,
    });
    expect(server.asked.length).toBe(3);
  });

  it('not while it asks to be left alone for longer than a minute', async () => {
    inTurn(status(429, { 'retry-after': '3600' }));
    await expect(get(source())).rejects.toMatchObject({
      retryAfter: 3_600_000,
      hint: 'Try again later. It asks to be left alone for 3600 s',
    });
    expect({ asked: server.asked.length, waits }).toEqual({ asked: 1, waits: [] });
  });
});

describe('is not asked again', () => {
  test.each<[string, Answer, string]>([
    ['a redirect to another origin', status(302, { location: 'https://elsewhere.example/' }), 'HTTP_STATUS'],
    ['a redirect on the same one', status(308, { location: '/elsewhere' }), 'HTTP_STATUS'],
    ['400', status(400), 'HTTP_STATUS'],
    ['401', status(401), 'HTTP_STATUS'],
    ['an answer that is too long', (response) => void response.end('x'.repeat(20_000)), 'WRONG_LENGTH'],
  ])('%s', async (_name, answer, code) => {
    inTurn(answer);
    await expect(get(source())).rejects.toMatchObject({ code });
    expect({ asked: server.asked, waits }).toEqual({ asked: [FILE], waits: [] });
  });

  test.each([403, 404])('%i, which says that there is no such file', async (code) => {
    inTurn(status(code));
    expect(await get(source())).toBeUndefined();
    expect(server.asked).toEqual([FILE]);
  });
});

describe('a signal', () => {
  const reason = new Error('the user left');

  test('that came before stops every request', async () => {
    await expect(get(source({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    expect(server.asked).toEqual([]);
  });

  test('ends a download that goes on', async () => {
    const controller = new AbortController();
    inTurn((response) => {
      response.write('x'.repeat(100), () => controller.abort(reason));
    });
    await expect(
      get(source({ signal: controller.signal, patience: { window: 5000, octets: 1 } })),
    ).rejects.toBe(reason);
    expect(waits).toEqual([]);
  });

  test('ends the waiting for another attempt', async () => {
    const controller = new AbortController();
    inTurn(status(500));
    const wait = () => {
      controller.abort(reason);
      return new Promise<void>(() => {});
    };
    await expect(get(source({ signal: controller.signal, wait }))).rejects.toBe(reason);
    expect(server.asked).toEqual([FILE]);
  });
});

it('says how much has come', async () => {
  const seen: [number, number][] = [];
  server.answers.set('/targets/e0.image', (response) => void response.end('x'.repeat(200_000)));
  const repository = source({ onTransfer: ({ octets, limit }) => seen.push([octets, limit]) });
  await repository.target(parseTargetPath('image'), 'e0', 250_000);
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.at(-1)).toEqual([200_000, 250_000]);
  expect(seen.map(([octets]) => octets)).toEqual(seen.map(([octets]) => octets).toSorted((a, b) => a - b));
});

it('runs eight requests at once, and not one more', async () => {
  let running = 0;
  let most = 0;
  const release: (() => void)[] = [];
  for (let i = 0; i < 30; i++)
    server.answers.set(`/metadata/${i}.json`, async (response) => {
      most = Math.max(most, ++running);
      await new Promise<void>((done) => {
        release.push(done);
        if (release.length === 8 || running === 30 - (30 % 8)) for (const one of release.splice(0)) one();
        setTimeout(done, 50);
      });
      running--;
      response.end('{}');
    });
  const repository = source();
  await Promise.all(Array.from({ length: 30 }, (_, i) => repository.metadata(`${i}.json`, 100)));
  expect(most).toBe(8);
});

describe('a proxy of the environment', () => {
  let proxy: Server;
  let through: string[];
  let address: string;

  beforeEach(async () => {
    through = [];
    proxy = createServer((request, response) => {
      through.push(`${request.method} ${request.url}`);
      response.end('{}');
    });
    proxy.on('connect', (request, socket) => {
      through.push(`CONNECT ${request.url}`);
      if (request.url?.startsWith('refused') === true) socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      else connect(1, '127.0.0.1').on('error', () => socket.destroy());
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const at = proxy.address();
    address = `http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`;
  });
  afterEach(async () => {
    proxy.closeAllConnections();
    await new Promise<void>((done) => proxy.close(() => done()));
  });

  it('is asked for a plain address', async () => {
    await get(source({ env: { HTTP_PROXY: address } }, 'http://library.example'));
    expect(through).toEqual(['GET http://library.example/metadata/timestamp.json']);
  });

  it('is passed by where NO_PROXY says so', async () => {
    inTurn(good);
    await get(source({ env: { HTTP_PROXY: address, NO_PROXY: '127.0.0.1' } }));
    expect({ through, asked: server.asked }).toEqual({ through: [], asked: [FILE] });
  });

  it('is asked for a tunnel to a secure address, and its refusal is said', async () => {
    const env = { HTTPS_PROXY: address };
    await expect(get(source({ env }, 'https://refused.example'))).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(
        /^Cannot reach https:\/\/refused\.example\/metadata\/timestamp\.json: the proxy did not let it through/,
      ),
    });
    expect(through).toEqual(Array.from({ length: 3 }, () => 'CONNECT refused.example:443'));
  });

  it('that is none is refused before anything is asked', () => {
    expect(() => source({ env: { HTTP_PROXY: 'http://proxy.example:99999' } })).toThrow(
      /^Cannot use the proxy that the environment names/,
    );
  });

  it('is not looked for without an environment', async () => {
    inTurn(good);
    await get(source());
    expect(through).toEqual([]);
  });
});
