// A time authority (RFC 3161 over HTTP) on a local port, for tests and the demo.
//
//   const authority = await startTimestampAuthority(pki, { clock: () => now });
//   …                     POST application/timestamp-query to authority.url
//   await authority.close();

import { createHash, randomBytes, sign, X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { der } from '@cfl/client/encoding';
import type { Witness } from '@cfl/client/evidence';
import { name, signatureAlgorithm } from './certificate.ts';
import { type Holder, type Pki, subjectOf } from './pki.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const SHA256 = '2.16.840.1.101.3.4.2.1';
/** Of an arc that is kept for examples. */
const POLICY = '2.999.1';
const SHA256_ALGORITHM = der.sequence(der.oid(SHA256));

export interface Query {
  readonly imprint: Uint8Array;
  readonly nonce: bigint | undefined;
  readonly wantsCertificate: boolean;
}

export interface Stamping {
  readonly at: Date;
  readonly by: Holder;
  /** The certificate that issued the authority's own. */
  readonly issuer: Holder;
}

export interface TimestampAuthority {
  readonly url: string;
  /** What was asked, in order. */
  readonly requests: readonly Query[];
  close(): Promise<void>;
}

export interface TimestampAuthorityOptions {
  readonly clock?: () => Date;
  readonly port?: number;
  /** Answers instead of an honest stamp: for tests of the client. */
  readonly answer?: (query: Query, honest: (changed?: Partial<Query>) => Buffer) => Buffer | undefined;
}

export function startTimestampAuthority(
  pki: Pki,
  { clock = () => new Date(), port = 0, answer }: TimestampAuthorityOptions = {},
): Promise<TimestampAuthority> {
  const requests: Query[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/timestamp-query')
      return reply(response, 415, Buffer.alloc(0));
    try {
      const query = readQuery(body);
      requests.push(query);
      const honest = (changed: Partial<Query> = {}) => stampFor(pki, { ...query, ...changed }, clock());
      const given = answer === undefined ? honest() : answer(query, honest);
      if (given !== undefined) reply(response, 200, given);
    } catch {
      reply(response, 200, refusal());
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const { port: found } = server.address() as AddressInfo;
      const close = () =>
        new Promise<void>((done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ url: `http://127.0.0.1:${found}/tsa`, requests, close });
    });
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

function reply(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, {
    'content-type': 'application/timestamp-reply',
    'content-length': body.length,
  });
  response.end(body);
}

/** TimeStampReq, RFC 3161 2.4.1. */
export function readQuery(octets: Uint8Array): Query {
  const [version, imprint, ...rest] = der.inside(der.readDer(octets));
  if (der.readInteger(version) !== 1n) throw new TypeError('not a query of version 1');
  const [algorithm, digest] = der.inside(imprint);
  if (der.readOid(der.inside(algorithm)[0]) !== SHA256) throw new TypeError('not SHA-256');
  const nonce = rest.find(({ tag }) => tag === der.TAG.integer);
  const wants = rest.find(({ tag }) => tag === der.TAG.boolean);
  return {
    imprint: der.expectTag(digest, der.TAG.octetString).content,
    nonce: nonce === undefined ? undefined : der.readInteger(nonce),
    wantsCertificate: wants !== undefined && der.readBoolean(wants),
  };
}

/** The same stamps without a port in between. */
export function witnessOf(pki: Pki, at: Date | (() => Date)): Witness {
  const clock = typeof at === 'function' ? at : () => at;
  return {
    testify: async (signature) =>
      stampFor(pki, { imprint: sha256(signature), nonce: undefined, wantsCertificate: true }, clock()),
  };
}

export function stampFor(pki: Pki, query: Query, at: Date): Buffer {
  return makeStamp(query, { at, by: pki.time, issuer: pki.root });
}

/** TimeStampResp with status granted, RFC 3161 2.4.2. */
export function makeStamp(query: Query, stamping: Stamping): Buffer {
  const status = der.sequence(der.integer(0));
  return Buffer.from(der.sequence(status, token(query, stamping)));
}

/** TimeStampResp with status rejection. */
export function refusal(): Buffer {
  return Buffer.from(der.sequence(der.sequence(der.integer(2))));
}

function token(query: Query, { at, by, issuer }: Stamping): Uint8Array {
  const info = tstInfo(query, at);
  const certificates = query.wantsCertificate ? [der.explicit(0, by.certificate)] : [];
  const data = der.sequence(
    der.integer(3),
    der.setOf(SHA256_ALGORITHM),
    der.sequence(der.oid(TST_INFO), der.explicit(0, der.octetString(info))),
    ...certificates,
    der.setOf(signerInfo(info, by, issuer)),
  );
  return der.sequence(der.oid(SIGNED_DATA), der.explicit(0, data));
}

function tstInfo({ imprint, nonce }: Query, at: Date): Uint8Array {
  return der.sequence(
    der.integer(1),
    der.oid(POLICY),
    der.sequence(SHA256_ALGORITHM, der.octetString(imprint)),
    der.integer(BigInt(`0x00${randomBytes(8).toString('hex')}`)),
    der.generalizedTime(at),
    der.sequence(der.integer(1)),
    ...(nonce === undefined ? [] : [der.integer(nonce)]),
  );
}

function signerInfo(info: Uint8Array, by: Holder, issuer: Holder): Uint8Array {
  const attribute = (type: string, value: Uint8Array) => der.sequence(der.oid(type), der.setOf(value));
  const identified = der.sequence(der.sequence(der.sequence(der.octetString(sha256(by.certificate)))));
  const attributes = der.setOf(
    attribute(CONTENT_TYPE, der.oid(TST_INFO)),
    attribute(MESSAGE_DIGEST, der.octetString(sha256(info))),
    attribute(SIGNING_CERTIFICATE_V2, identified),
  );
  const serial = BigInt(`0x${new X509Certificate(by.certificate).serialNumber}`);
  return der.sequence(
    der.integer(1),
    der.sequence(name(subjectOf(issuer.certificate)), der.integer(serial)),
    SHA256_ALGORITHM,
    // The attributes are signed as a SET, and stand there under [0] (RFC 5652, 5.4)
    der.writeDer(der.explicitTag(0), der.readDer(attributes).content),
    signatureAlgorithm(by.privateKey),
    der.octetString(sign('sha256', attributes, by.privateKey)),
  );
}

function sha256(octets: Uint8Array): Buffer {
  return createHash('sha256').update(octets).digest();
}
