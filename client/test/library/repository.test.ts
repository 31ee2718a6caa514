// What a web server can do to a reader, and what it cannot: real connections, small patience.

import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it, test } from 'vitest';
import { httpRepository } from '../../src/library/repository.ts';
import { parseTargetPath, RefusedError, type Repository, UnreachableError } from '../../src/tuf/index.ts';
import { type Answer, drip, notFound, serve, status, type TestServer } from './server.ts';

const PATIENCE = { window: 200, octets: 64 };
const LIMIT = 10_000;
const FILE = '/metadata/timestamp.json';

let server: TestServer;
let repository: Repository & { close(): void };

beforeEach(async () => {
  server = await serve();
  repository = httpRepository({
    metadataUrl: `${server.url}/metadata`,
    targetsUrl: `${server.url}/targets/`,
    patience: PATIENCE,
  });
});
afterEach(async () => {
  repository.close();
  await server.close();
});

function get(answer: Answer): Promise<Uint8Array | undefined> {
  server.answers.set(FILE, answer);
  return repository.metadata('timestamp.json', LIMIT);
}

async function failure(answer: Answer): Promise<RefusedError | UnreachableError> {
  const error = await get(answer).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RefusedError || error instanceof UnreachableError) return error;
  throw new Error(`expected a refusal, found ${String(error)}`);
}

it('takes what an honest server sends, and keeps the connection', async () => {
  const ports = new Set<number>();
  const answer: Answer = (response, request) => {
    ports.add(request.socket.remotePort ?? 0);
    response.end('{}');
  };
  for (let i = 0; i < 3; i++) expect(new TextDecoder().decode(await get(answer))).toBe('{}');
  expect(ports.size).toBe(1);
});

it('waits for a slow but steady server, however long it takes', async () => {
  const octets = await get(drip(40, 50, 16));
  expect(octets?.length).toBe(640);
});

test.each<[string, Answer]>([
  ['that accepts the request and says nothing', () => {}],
  [
    'that sends its header letter by letter',
    (response) => {
      const { socket } = response;
      socket?.write('HTTP/1.1 200 OK\r\nX-Name: ');
      const letters = setInterval(() => socket?.write('x'), 20);
      socket?.on('close', () => clearInterval(letters));
    },
  ],
  ['that begins and then stalls', (response) => void response.write('x'.repeat(500))],
  ['that sends an octet now and then', drip(1, 20)],
])('gives up a server %s', async (_name, answer) => {
  const started = performance.now();
  const error = await failure(answer);
  expect(error.code).toBe('TOO_SLOW');
  expect(performance.now() - started).toBeLessThan(20 * PATIENCE.window);
});

it('cuts off data without end at what was asked for', async () => {
  let sent = 0;
  const error = await failure(async (response) => {
    while (!response.destroyed) {
      sent += 4_096;
      if (!response.write('x'.repeat(4_096))) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  expect(error).toMatchObject({
    code: 'WRONG_LENGTH',
    message: expect.stringContaining(`more than ${LIMIT} octets`),
  });
  // What the two sockets had buffered, not more
  expect(sent).toBeLessThan(16_000_000);
});

it('refuses a redirect, and does not follow it', async () => {
  const error = await failure(status(302, { location: `${server.url}/elsewhere` }));
  expect(error).toMatchObject({
    code: 'HTTP_STATUS',
    message: expect.stringMatching(/answered 302 to http.*elsewhere, expected 200/),
  });
  expect(server.asked).toEqual([FILE]);
});

test.each([403, 404])('%i means that there is no such file', async (code) => {
  expect(await get(status(code))).toBeUndefined();
});

test.each([204, 206, 304, 400, 401, 410, 429, 500, 503])(
  '%i is no such answer: the server could not be reached',
  async (code) => {
    const error = await failure(status(code));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error).toMatchObject({
      code: 'HTTP_STATUS',
      message: expect.stringContaining(`answered ${code}`),
    });
  },
);

it('does not read a page of 404 without end', async () => {
  let closed: () => void = () => {};
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const answer: Answer = async (response) => {
    response.on('close', closed);
    response.writeHead(404);
    await drip(10_000, 1)(response, response.req);
  };
  expect(await get(answer)).toBeUndefined();
  await isClosed;
});

test.each<[string, Answer]>([
  [
    'shorter than announced',
    (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('x'.repeat(50), () => response.destroy());
    },
  ],
  ['cut off between two chunks', (response) => void response.write('x'.repeat(50), () => response.destroy())],
])('an answer %s is no answer', async (_name, answer) => {
  const error = await failure(answer);
  expect(error).toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringMatching(/ended after 50 octets$/),
  });
});

it('what is no HTTP is not believed', async () => {
  const plain = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const address = plain.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const other = httpRepository({
    metadataUrl: `http://127.0.0.1:${port}`,
    targetsUrl: '',
    patience: PATIENCE,
  });
  await expect(other.metadata('timestamp.json', LIMIT)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringMatching(/what answers there is no web server$/),
  });
  plain.close();
  other.close();
});

it('nobody there is said in words', async () => {
  const { url } = server;
  await server.close();
  await expect(repository.metadata('timestamp.json', LIMIT)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: `Cannot reach ${url}/metadata/timestamp.json: connection refused`,
  });
});

it('asks for a target under its hash, with every sign of its path escaped', async () => {
  server.answers.set('/targets/a%20b/c%3Fd/e0e0.%23%25.json', (response) => void response.end('found'));
  const octets = await repository.target(parseTargetPath('a b/c?d/#%.json'), 'e0e0', LIMIT);
  expect(new TextDecoder().decode(octets)).toBe('found');
});

it('a target that is not there makes the copy not whole', async () => {
  server.answers.set('/targets/register/library.json', notFound);
  await expect(
    repository.target(parseTargetPath('register/library.json'), undefined, LIMIT),
  ).rejects.toMatchObject({
    code: 'MISSING',
    name: 'UnreachableError',
  });
});
