// Drill: a thief of the keys of snapshot and timestamp publishes version numbers so high that the operator's look
// like rollbacks to whoever has seen them. New keys for both make readers forget.

import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { type JsonObject, parseJson, sha256, toHex } from '@cfl/client/encoding';
import { openSigner } from '@cfl/client/keys';
import { memoryCache } from '@cfl/client/library';
import { encodeDocument, signedOctets } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { placeAt } from '../../src/deploy/index.ts';
import { later, type People, people } from '../ceremony/people.ts';

const HIGH = 2 ** 31 - 1;
const OFFLINE = ['root-1', 'root-2', 'root-3'];

/** What the thief serves: the library's own files, under numbers of its own. */
async function byThief({ base, operator, place }: People): Promise<ReturnType<typeof placeAt>> {
  const served = join(base, 'served');
  for (const part of ['metadata', 'targets'])
    await cp(join(operator, part), join(served, part), { recursive: true });
  const at = placeAt(served);
  const forge = async (file: string, role: string, edit: (signed: JsonObject) => JsonObject) => {
    const signer = await openSigner(join(operator, `private/keys/${role}.pem`));
    const { signed } = parseJson((await place.metadata.read(file)) ?? new Uint8Array()) as {
      readonly signed: JsonObject;
    };
    const part = edit(signed);
    return encodeDocument(part, [
      { keyId: signer.key.id, sig: toHex(await signer.sign(signedOctets(part))) },
    ]);
  };
  const snapshot = await forge('1.snapshot.json', 'snapshot', (signed) => ({ ...signed, version: HIGH }));
  await at.metadata.writeNew(`${HIGH}.snapshot.json`, snapshot);
  const listed = {
    version: HIGH,
    length: snapshot.length,
    hashes: { sha256: await sha256(snapshot) },
  };
  const timestamp = await forge('timestamp.json', 'timestamp', (signed) => ({
    ...signed,
    version: HIGH,
    meta: { 'snapshot.json': listed },
  }));
  await at.metadata.replace('timestamp.json', timestamp);
  return at;
}

test('readers that saw the high numbers arrive after a rotation of both keys, and not before', async () => {
  const all = await people();
  const cache = memoryCache();
  await all.reads(cache);
  const { snapshot } = await all.reads(cache, undefined, await byThief(all));
  expect(snapshot.signed.version).toBe(HIGH);
  expect((await all.repo('renew', later(1))).exit).toBe(0);
  await expect(all.reads(cache, later(1))).rejects.toMatchObject({ code: 'ROLLBACK' });

  expect((await all.repo('rotate snapshot timestamp --here', later(1))).exit).toBe(4);
  expect((await all.signedAndApplied(OFFLINE.slice(0, 2), later(1))).out).toEqual(['Published version 2']);
  const found = await all.reads(cache, later(1));
  expect([found.snapshot.signed.version, found.root.signed.version]).toEqual([2, 2]);
  await all.reads(undefined, later(1));
  // What the thief signs from now on counts for nothing
  expect((await all.repo('renew', later(2))).exit).toBe(0);
  await all.reads(cache, later(2));
  await expect(all.reads(cache, later(2), await byThief(all))).rejects.toMatchObject({ code: 'UNSIGNED' });
});

test('a new root without new keys for them is not enough', async () => {
  const all = await people();
  const cache = memoryCache();
  await all.reads(cache, undefined, await byThief(all));
  expect((await all.repo('renew root', later(1))).exit).toBe(4);
  expect((await all.signedAndApplied(OFFLINE.slice(0, 2), later(1))).exit).toBe(0);
  await expect(all.reads(cache, later(1))).rejects.toMatchObject({ code: 'ROLLBACK' });
});
