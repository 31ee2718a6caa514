// Where a library's files come from: a web server, or a folder of this machine.
//
// A web server is given no trust and little patience: a body longer than was asked for is cut off, a
// redirect is refused wherever it leads, and a transfer that brings less than 1,024 octets in 20 seconds is
// given up. Slow but steady passes, so that a bad line is no outage. At most eight requests run at once.
// Proxies are those that the environment names: HTTP_PROXY, HTTPS_PROXY, NO_PROXY.

import { request as httpRequest, type IncomingMessage, Agent as PlainAgent } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import {
  consistentName,
  RefusedError,
  type Repository,
  type TargetPath,
  UnreachableError,
} from '../tuf/index.ts';
import { atMost } from './bounded.ts';
import type { Files } from './files.ts';

export interface Patience {
  /** Milliseconds. */
  readonly window: number;
  /** The least that must come in each window, unless the end does. */
  readonly octets: number;
}

/** Octets. */
const LONGEST_ERROR_PAGE = 65_536;

const PATIENCE: Patience = { window: 20_000, octets: 1_024 };

/** A download that goes on; `limit` is the signed length, where there is one. */
export interface Transfer {
  readonly url: string;
  readonly octets: number;
  readonly limit: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface HttpRepositoryOptions {
  readonly metadataUrl: string;
  readonly targetsUrl: string;
  readonly patience?: Patience | undefined;
  /** Where the proxies are named; without it none is used. */
  readonly env?: Environment | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onTransfer?: ((transfer: Transfer) => void) | undefined;
}

const MOST_AT_ONCE = 8;

export function httpRepository({
  metadataUrl,
  targetsUrl,
  patience = PATIENCE,
  env = {},
  signal,
  onTransfer,
}: HttpRepositoryOptions): Repository & { close(): void } {
  const agents = agentsFor(env);
  const bound = atMost(MOST_AT_ONCE);
  const get = (url: string, limit: number) =>
    bound(() => download(url, { limit, patience, agents, signal, onTransfer }));
  return {
    metadata: (file, limit) => get(below(metadataUrl, file), limit),
    async target(path, digest, limit) {
      const url = below(targetsUrl, urlPath(digest === undefined ? path : consistentName(path, digest)));
      const octets = await get(url, limit);
      if (octets === undefined) throw missing(url);
      return octets;
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

interface Agents {
  readonly http: PlainAgent;
  readonly https: SecureAgent;
}

function agentsFor(env: Environment): Agents {
  const options = { keepAlive: true, proxyEnv: { ...env } };
  try {
    return { http: new PlainAgent(options), https: new SecureAgent(options) };
  } catch (cause) {
    throw new UnreachableError('UNREACHABLE', 'Cannot use the proxy that the environment names', {
      hint: 'Check HTTP_PROXY and HTTPS_PROXY: expected http://HOST:PORT',
      cause,
    });
  }
}

/** A library in two folders, as the publisher writes it and `mirror` copies it. */
export function folderRepository(metadata: Files, targets: Files): Repository {
  return {
    metadata: (file) => metadata.read(file),
    async target(path: TargetPath, digest) {
      const name = digest === undefined ? path : consistentName(path, digest);
      const octets = await targets.read(name);
      if (octets === undefined) throw missing(name);
      return octets;
    },
  };
}

function missing(what: string): UnreachableError {
  return new UnreachableError('MISSING', `Cannot get ${what}: it is not there`, {
    hint: 'The library lists this file, so its copy is not whole. Try again later; if it stays so, tell the operator',
  });
}

function below(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${path}`;
}

function urlPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

interface DownloadOptions {
  readonly limit: number;
  readonly patience: Patience;
  readonly agents: Agents;
  readonly signal: AbortSignal | undefined;
  readonly onTransfer: ((transfer: Transfer) => void) | undefined;
}

async function download(url: string, options: DownloadOptions): Promise<Uint8Array | undefined> {
  const response = await respond(url, options);
  const status = response.statusCode ?? 0;
  if (status === 200) return collect(url, response, options);
  discard(response);
  if (status === 403 || status === 404) return undefined;
  const location = status >= 300 && status < 400 ? ` to ${response.headers.location ?? 'nowhere'}` : '';
  throw new UnreachableError(
    'HTTP_STATUS',
    `Cannot get ${url}: the server answered ${status}${location}, expected 200`,
    {
      status,
      ...retryAfterOf(response),
      hint:
        location === ''
          ? 'Try again later'
          : 'Redirects are not followed. Use the address that the operator gave you',
    },
  );
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterOf({ headers, statusCode }: IncomingMessage): { retryAfter?: number } {
  const value = headers['retry-after'];
  if (value === undefined || (statusCode !== 429 && statusCode !== 503)) return {};
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(seconds) ? {} : { retryAfter: Math.max(0, seconds) };
}

function respond(url: string, { patience, agents, signal }: DownloadOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const { protocol } = new URL(url);
    const options = {
      headers: { 'user-agent': 'cfl', 'accept-encoding': 'identity' },
      ...(signal === undefined ? {} : { signal }),
    };
    const sent =
      protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: agents.https })
        : httpRequest(url, { ...options, agent: agents.http });
    // For the whole of the header: a server that sends it letter by letter is idle at no moment
    const deadline = setTimeout(() => sent.destroy(tooSlow(url, patience)), patience.window);
    sent.on('response', (response) => {
      clearTimeout(deadline);
      resolve(response);
    });
    sent.on('error', (cause) => {
      clearTimeout(deadline);
      if (signal?.aborted === true) reject(signal.reason);
      else reject(cause instanceof UnreachableError ? cause : unreachable(url, cause));
    });
    sent.end();
  });
}

/** Reads the page that comes with an error, so that the connection can serve again; but not without end. */
function discard(response: IncomingMessage): void {
  let length = 0;
  response.on('error', () => {});
  response.on('data', (chunk: Uint8Array) => {
    length += chunk.length;
    if (length > LONGEST_ERROR_PAGE) response.destroy();
  });
}

function collect(
  url: string,
  response: IncomingMessage,
  { limit, patience, signal, onTransfer }: DownloadOptions,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    let atLastLook = 0;
    const look = setInterval(() => {
      if (length - atLastLook < patience.octets) end(() => reject(tooSlow(url, patience)));
      atLastLook = length;
    }, patience.window);
    const end = (settle: () => void) => {
      clearInterval(look);
      settle();
      if (!response.complete) response.destroy();
    };
    response.on('data', (chunk: Uint8Array) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) end(() => reject(tooLong(url, limit)));
      else onTransfer?.({ url, octets: length, limit });
    });
    response.on('end', () =>
      end(() => (response.complete ? resolve(Buffer.concat(chunks, length)) : reject(cutOff(url, length)))),
    );
    const cut = (cause?: Error) =>
      end(() => reject(signal?.aborted === true ? signal.reason : cutOff(url, length, cause)));
    response.on('error', cut);
    response.on('aborted', () => cut());
  });
}

function unreachable(url: string, cause: Error): UnreachableError {
  const code = 'code' in cause ? String(cause.code) : cause.message;
  const reason = code.startsWith('HPE_')
    ? 'what answers there is no web server'
    : (REASONS.get(code) ?? code);
  return new UnreachableError('UNREACHABLE', `Cannot reach ${url}: ${reason}`, {
    cause,
    hint: 'Check the address and the network, and try again',
  });
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'the connection was cut'],
  ['ENOTFOUND', 'no such host'],
  ['EAI_AGAIN', 'the host name could not be looked up'],
  ['ERR_PROXY_TUNNEL', 'the proxy did not let it through'],
]);

function tooSlow(url: string, patience: Patience): UnreachableError {
  return new UnreachableError(
    'TOO_SLOW',
    `Cannot get ${url}: fewer than ${patience.octets} octets came in ${patience.window / 1000} s`,
    { hint: 'Try again later' },
  );
}

function cutOff(url: string, length: number, cause?: Error): UnreachableError {
  return new UnreachableError('UNREACHABLE', `Cannot get ${url}: the transfer ended after ${length} octets`, {
    hint: 'Try again',
    cause,
  });
}

function tooLong(url: string, limit: number): RefusedError {
  return new RefusedError('WRONG_LENGTH', `Cannot accept ${url}: it has more than ${limit} octets`, {
    expected: limit,
    hint: 'Something else than the library answers here. Do not use it; tell the operator',
  });
}
