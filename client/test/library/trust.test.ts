// Which revocation lists does a reader need, out of many that are kept for ever?

import { beforeAll, describe, expect, it } from 'vitest';
import { readCertificate } from '../../src/evidence/index.ts';
import { ANCHORS_PATH, REVOCATIONS_PATH, TRUSTED_ROOT_PATH } from '../../src/firmware/index.ts';
import { loadTrust, type TrustSource } from '../../src/library/index.ts';
import { digestOf, type Issued, json, type Pki } from '../evidence/pki.ts';
import { NOW, pkiOf, Trust } from '../evidence/scene.ts';

const WEEK = 7 * 86_400_000;
const LISTS = 200;
const weeks = (n: number) => new Date(NOW.getTime() + n * WEEK);

let pki: Pki;
let by: Issued;
let files: ReadonlyMap<string, Uint8Array>;

/** A list a week. The certificate ends in week 50; the lists from the 40th to that week say that it was revoked. */
beforeAll(async () => {
  pki = await pkiOf('Example');
  by = await pki.issue({ until: weeks(50) });
  const entry = { serial: by.serial, revoked: weeks(40) };
  const lists = Array.from({ length: LISTS }, (_, i) => {
    const entries = i >= 40 && i <= 50 ? [entry] : [];
    return [
      pki.crlPath(i + 1),
      pki.crl({ number: i + 1, from: weeks(i), next: weeks(i + 1), entries }),
    ] as const;
  });
  const { root, anchors, revocations } = new Trust(pki);
  files = new Map<string, Uint8Array>([
    [TRUSTED_ROOT_PATH, json(root)],
    [ANCHORS_PATH, json(anchors)],
    [REVOCATIONS_PATH, json(revocations)],
    ...lists,
  ]);
});

function source(): { readonly source: TrustSource; readonly read: string[] } {
  const read: string[] = [];
  const one = async (path: string) => {
    read.push(path);
    return files.get(path);
  };
  return { source: { read: one, catalogued: async () => ['catalogue/index.json', ...files.keys()] }, read };
}

describe('a reader takes', () => {
  it('the newest list of an authority, and no other, while the certificate is valid', async () => {
    const { source: from, read } = source();
    const valid = readCertificate((await pki.issue({ until: weeks(LISTS + 1) })).certificate);
    const { crls } = await loadTrust(from, valid);
    expect(crls.map(({ number }) => number)).toEqual([200n]);
    expect(read).toHaveLength(4);
  });

  it('the lists around the end of a certificate that has expired, by few reads', async () => {
    const { source: from, read } = source();
    const { crls } = await loadTrust(from, readCertificate(by.certificate));
    const numbers = crls.map(({ number }) => number);
    expect(numbers).toEqual(expect.arrayContaining([51n, 52n, 200n]));
    expect(crls.some(({ entries }) => entries.size > 0)).toBe(true);
    expect(read.length).toBeLessThan(3 + 10);
  });

  it('the lists around the end of a time authority, too: its lost key is forgotten by the newest', async () => {
    const end = readCertificate(pki.time.certificate).until;
    const entry = { serial: 3n, revoked: weeks(300), reason: 1 };
    const list = (number: number, from: Date) => {
      const entries = number >= 39 && number <= 41 ? [entry] : [];
      const octets = pki.crl({ number, from, next: new Date(from.getTime() + WEEK), by: pki.root, entries });
      return [`crl/${digestOf(pki.root.certificate)}-${number}.crl`, octets] as const;
    };
    // The certificate of the time authority ends between the 40th and the 41st
    const lists = Array.from({ length: 64 }, (_, i) =>
      list(i + 1, new Date(end.getTime() + (i - 39.5) * 8 * WEEK)),
    );
    const register = [...files].filter(([path]) => !path.startsWith('crl/'));
    const all = new Map<string, Uint8Array>([...register, ...lists]);
    const from: TrustSource = { read: async (path) => all.get(path), catalogued: async () => all.keys() };
    const { crls } = await loadTrust(from, readCertificate(by.certificate));
    const numbers = crls.map(({ number }) => number);
    expect(numbers).toEqual(expect.arrayContaining([40n, 41n, 64n]));
    expect(crls.some(({ entries }) => entries.has('03'))).toBe(true);
    expect(numbers.length).toBeLessThan(16);
  });

  it('no list where there is none', async () => {
    const { source: from } = source();
    const { crls } = await loadTrust({ ...from, catalogued: async () => [] });
    expect(crls).toEqual([]);
  });
});

it('a list that is catalogued and missing is an error, not an empty list', async () => {
  const { source: from } = source();
  const holes: TrustSource = {
    ...from,
    read: async (path) => (path.startsWith('crl/') ? undefined : from.read(path)),
  };
  await expect(loadTrust(holes)).rejects.toMatchObject({ code: 'INCOMPLETE' });
});
