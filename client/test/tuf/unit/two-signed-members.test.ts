// Attack: a file says one thing under "signed", and brings an old, honestly signed part under a name that
// a careless reader takes for the same. What is used must be what the signatures cover.

import { describe, expect, it } from 'vitest';
import { canonicalText, type JsonObject } from '../../../src/encoding/index.ts';
import { parseTargets, TARGETS, verifyThreshold } from '../../../src/tuf/index.ts';
import { makeKey } from '../test-keys.ts';
import { ringOf, roleKeys, signedFile, targetsJson } from './files.ts';

const key = makeKey();
const role = roleKeys([key], 1);
const honest = targetsJson({ version: 3 });
const evil = targetsJson({ version: 4 });

/** The honest signature over a file that says something else, with the honest part beside it. */
function forged(name: string, before: boolean): Uint8Array {
  const { signatures } = signedFile(honest, [key]);
  const members = [
    `"signatures":${canonicalText(signatures)}`,
    `"signed":${canonicalText(evil)}`,
    `${name}:${canonicalText(honest)}`,
  ];
  if (before) members.reverse();
  return new TextEncoder().encode(`{${members.join(',')}}`);
}

async function accept(octets: Uint8Array): Promise<number> {
  const document = await parseTargets(octets, TARGETS);
  await verifyThreshold(document, role, await ringOf([key]), 'targets');
  return document.signed.version;
}

const NAMES: Record<string, string> = {
  'the same name': '"signed"',
  'the same name, escaped': '"\\u0073igned"',
  'a byte order mark before the name': '"\uFEFFsigned"',
  'a byte order mark after the name': '"signed\uFEFF"',
  'a zero-width space before the name': '"\u200Bsigned"',
  'a full-width letter in the name': '"\uFF53igned"',
  'a zero octet after the name': '"signed\\u0000"',
  'a backslash before the name': '"\\\\signed"',
};

it('the honest file is accepted', async () => {
  const { signatures } = signedFile(honest, [key]);
  const file: JsonObject = { signatures, signed: honest };
  expect(await accept(new TextEncoder().encode(canonicalText(file)))).toBe(3);
});

describe.each(Object.entries(NAMES))('an honest part under %s', (_, name) => {
  it.each([
    ['after', false],
    ['before', true],
  ] as const)('%s the forged one does not lend it its signature', async (_where, before) => {
    await expect(accept(forged(name, before))).rejects.toMatchObject({ name: 'RefusedError' });
  });
});
