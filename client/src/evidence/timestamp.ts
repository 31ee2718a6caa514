// How is a time stamp got from an authority? RFC 3161 over HTTP (3.4), as any such authority speaks it.
//
// Rules for the answer, beside those of verify.ts, which knows whom to trust
// - Status granted, 200, of the media type of a reply, at most 64 kB, within 20 seconds, without redirects.
// - It is about this SHA-256, and repeats the nonce: it was made now, for this query.

import { createHash, randomBytes } from 'node:crypto';
import { type Der, der, equalOctets } from '../encoding/index.ts';
import { EvidenceError, StampUnreachableError } from './errors.ts';
import type { Witness } from './sign.ts';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const QUERY = 'application/timestamp-query';
const REPLY = 'application/timestamp-reply';
const LONGEST = 65_536;

export interface TimestampOptions {
  /** Milliseconds for the whole of one stamp. */
  readonly timeout?: number;
}

/** A witness that asks the time authority at this address. Throws StampUnreachableError, or EvidenceError STAMP_REFUSED. */
export function timestampAuthority(url: string, { timeout = 20_000 }: TimestampOptions = {}): Witness {
  return {
    testify: async (signature) => {
      const imprint = createHash('sha256').update(signature).digest();
      const nonce = BigInt(`0x${randomBytes(8).toString('hex')}`);
      const reply = await ask(url, queryFor(imprint, nonce), timeout);
      verifyReply(reply, { url, imprint, nonce });
      return reply;
    },
  };
}

/** TimeStampReq (RFC 3161, 2.4.1), with the authority's certificate asked for: the evidence is to be whole. */
function queryFor(imprint: Uint8Array, nonce: bigint): Uint8Array<ArrayBuffer> {
  return der.sequence(
    der.integer(1),
    der.sequence(der.sequence(der.oid(SHA256), der.writeDer(der.TAG.nil)), der.octetString(imprint)),
    der.integer(nonce),
    der.boolean(true),
  );
}

async function ask(url: string, query: Uint8Array<ArrayBuffer>, timeout: number): Promise<Uint8Array> {
  const response = await send(url, query, AbortSignal.timeout(timeout));
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (response.status === 200 && type === REPLY) return bodyOf(url, response);
  await response.body?.cancel().catch(() => undefined);
  if (response.status !== 200) throw unreachable(url, `it answered ${response.status}, expected 200`);
  throw refused(url, `it answered with "${type ?? 'no media type'}", expected "${REPLY}"`);
}

async function send(url: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      body,
      signal,
      redirect: 'error',
      headers: { 'content-type': QUERY },
    });
  } catch (cause) {
    throw unreachable(url, reasonOf(cause), cause);
  }
}

async function bodyOf(url: string, response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of response.body ?? []) {
      length += part.length;
      if (length > LONGEST) break;
      parts.push(part);
    }
  } catch (cause) {
    throw unreachable(url, reasonOf(cause), cause);
  }
  if (length > LONGEST) throw refused(url, `its answer is longer than ${LONGEST} octets`);
  return new Uint8Array(Buffer.concat(parts));
}

interface Asked {
  readonly url: string;
  readonly imprint: Uint8Array;
  readonly nonce: bigint;
}

function verifyReply(reply: Uint8Array, { url, imprint, nonce }: Asked): void {
  const [status, token] = reading(url, () => der.inside(der.readDer(reply)));
  const code = reading(url, () => der.readInteger(der.inside(status)[0]));
  if (code !== 0n && code !== 1n) throw refused(url, `its status is ${code}, expected 0, granted`);
  const info = reading(url, () => stampInfo(token));
  if (info.algorithm !== SHA256 || !equalOctets(info.imprint, imprint))
    throw refused(url, 'its stamp is over something else than was sent');
  if (info.nonce !== nonce)
    throw refused(url, 'its stamp does not repeat the nonce, so it may be an old one');
}

interface StampInfo {
  readonly algorithm: string;
  readonly imprint: Uint8Array;
  readonly nonce: bigint | undefined;
}

/** TSTInfo (RFC 3161, 2.4.2) out of the token's SignedData (RFC 5652, 5.1). */
function stampInfo(token: Der | undefined): StampInfo {
  const [type, wrapped] = der.inside(token);
  const [, , encapsulated] = der.inside(der.inside(wrapped, der.explicitTag(0))[0]);
  const [contentType, content] = der.inside(encapsulated);
  if (der.readOid(type) !== SIGNED_DATA || der.readOid(contentType) !== TST_INFO)
    throw new TypeError('found something else than a time stamp');
  const info = der.expectTag(der.inside(content, der.explicitTag(0))[0], der.TAG.octetString);
  const [, , imprint, , , ...rest] = der.inside(der.readDer(info.content));
  const [algorithm, digest] = der.inside(imprint);
  const nonce = rest.find(({ tag }) => tag === der.TAG.integer);
  return {
    algorithm: der.readOid(der.inside(algorithm)[0]),
    imprint: der.expectTag(digest, der.TAG.octetString).content,
    nonce: nonce === undefined ? undefined : der.readInteger(nonce),
  };
}

function reading<T>(url: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw refused(url, 'its answer is no time stamp', cause);
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'the connection failed';
  if (cause.name === 'TimeoutError') return 'it took too long';
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}

function unreachable(url: string, why: string, cause?: unknown): StampUnreachableError {
  return new StampUnreachableError(`Cannot get a time stamp from ${url}: ${why}`, { cause });
}

function refused(url: string, why: string, cause?: unknown): EvidenceError {
  return new EvidenceError('STAMP_REFUSED', `Cannot get a time stamp from ${url}: ${why}`, {
    hint: 'check the address; if it is right, use another time authority that the library trusts',
    cause,
  });
}
