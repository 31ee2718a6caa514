// Does anybody notice a changed header? Neither of today's checks does: the hash on the Central Products List
// and the supplier's signature cover the manufacturer image alone. The manufacturer's statement covers both.

import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  decodeImage,
  encodeImage,
  headerDifferences,
  manufacturerImageHash,
  type OtaHeader,
  type OtaImage,
  parseReleaseId,
} from '../../src/firmware/index.ts';
import { digestOf, type MadeRelease, TestLibrary } from './fixture.ts';
import { Supplier } from './reader.ts';

const supplierKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const FORCE_REPLACE_AND_LENGTH = Uint8Array.of(0, 0x40);

/** As a supplier sends it: its signature over the manufacturer image behind it, the size counting both. */
function distributed(image: OtaImage): Uint8Array {
  const signature = sign('sha256', image.body, { key: supplierKey.privateKey, dsaEncoding: 'ieee-p1363' });
  const body = new Uint8Array(Buffer.concat([image.body, FORCE_REPLACE_AND_LENGTH, signature]));
  const header = { ...image.header, totalImageSize: image.header.headerLength + body.length };
  return encodeImage({ ...image, header, body });
}

/** What is looked at today: the CPL's hash, and the supplier's signature. */
async function todaysChecks(octets: Uint8Array, cplHash: string): Promise<'accepted' | 'refused'> {
  const image = decodeImage(octets);
  const manufacturerImage = image.body.subarray(0, -66);
  const signature = image.body.subarray(-64);
  const hash = await manufacturerImageHash({ ...image, body: manufacturerImage }, 'whole');
  const key = { key: supplierKey.publicKey, dsaEncoding: 'ieee-p1363' } as const;
  return hash === cplHash && verify('sha256', manufacturerImage, key, signature) ? 'accepted' : 'refused';
}

function withHeader(image: OtaImage, change: Partial<OtaHeader>): OtaImage {
  return { ...image, header: { ...image.header, ...change } };
}

/** The changed image under its own name, by one who holds every key of the library but the statement's. */
function published(library: TestLibrary, honest: MadeRelease, octets: Uint8Array) {
  const release = parseReleaseId(digestOf(octets));
  return library.list({ ...honest, release, octets, row: { ...honest.row, release } });
}

test.each<[string, Partial<OtaHeader>]>([
  ['minimum hardware version', { minHardwareVersion: 0 }],
  ['maximum hardware version', { maxHardwareVersion: 0xffff }],
  ['firmware version', { fileVersion: 0x01000204 }],
  ['manufacturer code', { manufacturerCode: 0xfff2 }],
])("a changed %s passes today's checks, and is refused here", async (_name, change) => {
  const library = await TestLibrary.make();
  const honest = await library.add();
  const supplier = await Supplier.of(await library.write());
  const changed = withHeader(honest.image, change);
  const cplHash = honest.entry.imageHash ?? '';

  expect(await todaysChecks(distributed(honest.image), cplHash)).toBe('accepted');
  expect(await todaysChecks(distributed(changed), cplHash)).toBe('accepted');
  const body = Uint8Array.from(honest.image.body).fill(0, 0, 1);
  expect(await todaysChecks(distributed({ ...honest.image, body }), cplHash)).toBe('refused');

  expect(await supplier.fetch(honest.release)).toMatchObject({ exit: 0 });
  const [field = ''] = Object.keys(change);
  const { header } = honest.statement.predicate;
  expect(headerDifferences(header, honest.image.header)).toEqual([]);
  expect(headerDifferences(header, changed.header).map((one) => one.field)).toEqual([field]);
  const { release } = published(library, honest, encodeImage(changed));
  const attacked = await Supplier.of(await library.write());
  const to = await mkdtemp(join(tmpdir(), 'cfl-header-'));
  const outcome = await attacked.run('fetch', release, '--to', to, '--json');
  expect(outcome.exit).toBe(1);
  expect(JSON.parse(outcome.out.join())).toMatchObject({ code: 'WRONG_STATEMENT', kind: 'refused' });
  expect(await readdir(to)).toEqual([]);
});
