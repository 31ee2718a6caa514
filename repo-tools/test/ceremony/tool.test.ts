// The verifier file on its way into a library: signed by the registrar, once, and never replaced.

import { sha256 } from '@cfl/client/encoding';
import { TRUSTED_ROOT_PATH } from '@cfl/client/firmware';
import { parseTargetPath } from '@cfl/client/tuf';
import { beforeAll, expect, it } from 'vitest';
import { makeVerifier } from '../../../site/build/verifier-file.ts';
import { planTool } from '../../src/ceremony/tool.ts';
import { describeChange, NOTHING_AT_HAND } from '../../src/change/describe.ts';
import { accept, after, expectRefused, type Honest, honest, REGISTRAR } from '../change/honest.ts';
import { listing, signed } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';

const NAME = 'verify-0.1.0.html';
const PATH = `tools/${NAME}`;

let scene: Honest;
let root: Uint8Array;
let file: Uint8Array;
beforeAll(async () => {
  scene = await honest();
  root = scene.place.metadata.content.get('1.root.json') ?? new Uint8Array();
  const html = await makeVerifier({ root, libraries: ['https://library.example'], version: '0.1.0' });
  file = new TextEncoder().encode(html);
});

const plan = (name = NAME, octets = file, of = scene) =>
  planTool(name, octets, { root, published: of.published }, NOW);

it('is published under the signature of the registrar, whose words name its SHA-256', async () => {
  const change = await plan();
  expect(change.words).toEqual([`publishes ${PATH}, SHA-256 ${await sha256(file)}`]);
  expect([...change.metadata.keys()]).toEqual([REGISTRAR]);
  await accept(scene, await signed(change, scene.held.registrar, scene.published));
  const published = await after(scene, await signed(change, scene.held.registrar, scene.published));
  expect(await published.published.read(PATH)).toEqual(file);
  expect(await published.published.read(TRUSTED_ROOT_PATH)).toBeDefined();
});

it('shows its signer the SHA-256 that the signature covers, whatever the words say', async () => {
  const change = { ...(await plan()), words: ['publishes nothing'] };
  expect(await describeChange(change, NOTHING_AT_HAND)).toContainEqual(
    expect.stringMatching(`^registrar \\d +adds ${PATH}, SHA-256 ${await sha256(file)}$`),
  );
});

it('is not planned twice, nor replaced or taken away by a change that is signed in full', async () => {
  const now = await after(scene, await signed(await plan(), scene.held.registrar, scene.published));
  await expect(plan(NAME, file, now)).rejects.toMatchObject({ code: 'EXISTS' });
  const other = new TextEncoder().encode('another');
  const replaced = await listing(now.published, 'registrar', new Map([[PATH, other]]), now.held.registrar);
  await expectRefused(now, replaced, {
    code: 'NOT_A_CHANGE',
    message: `Cannot apply "files of registrar": registrar replaces ${PATH}`,
  });
});

it('is not planned under another name, for another library, or with a policy that allows more', async () => {
  const refused = (name: string, octets: Uint8Array) =>
    expect(plan(name, octets)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  for (const name of ['verify.html', 'verify-01.0.0.html', 'verify-0.1.0.htm', '../verify-0.1.0.html'])
    await refused(name, file);
  const html = new TextDecoder().decode(file);
  const lies: readonly (readonly [string, string])[] = [
    [Buffer.from(root).toString('base64'), 'AAAA'],
    ["default-src 'none'", "default-src 'self'"],
    ["form-action 'none'", 'form-action *'],
    ["script-src '", "script-src 'unsafe-inline' '"],
  ];
  for (const [honestly, lie] of lies) {
    const octets = new TextEncoder().encode(html.replaceAll(honestly, lie));
    expect(octets).not.toEqual(file);
    await refused(NAME, octets);
  }
  expect(parseTargetPath(PATH)).toBe(PATH);
});
