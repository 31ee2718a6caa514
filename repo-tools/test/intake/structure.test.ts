// What is no submission is refused before any rule is asked, and nothing of it is published.

import { encodeStatement, imagePath, parseReleaseId, statementPath } from '@cfl/client/firmware';
import { parseTargetPath } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { type Change, writeChange } from '../../src/change/change.ts';
import { loadState } from '../../src/deploy/index.ts';
import { draftChange, sealDrafts } from '../../src/submission/draft.ts';
import { statementSigner } from '../../src/submission/keys.ts';
import {
  draftOf,
  imageOf,
  inbox,
  NOW,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from './scene.ts';

const octets = (text: string) => new TextEncoder().encode(text);

async function honest() {
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  const draft = await draftOf(library.meters, image, [row]);
  const { change, name } = await submitTo(library, library.meters, draft);
  return { library, draft, change, name, row };
}

type Files = ReturnType<typeof inbox>;
type Tamper = (files: Files, name: string, given: { library: Scene; change: Change }) => Promise<void>;

const TAMPERED: Record<string, Tamper> = {
  'a file outside of firmware/': (files, name) =>
    files.replace(`${name}/targets/tools/verify-1.html`, octets('x')),
  'a file of no release below firmware/': (files, name) =>
    files.replace(`${name}/targets/firmware/FFF1/readme.txt`, octets('x')),
  'a decision of its own': (files, name) =>
    files.replace(`${name}/targets/intake/${'ab'.repeat(32)}/decision-1.json`, octets('{}')),
  "the registrar's metadata": async (files, name, { library }) => {
    const registrar = await library.place.metadata.read('3.registrar.json');
    await files.replace(`${name}/metadata/registrar.json`, registrar ?? octets(''));
  },
  'a root': async (files, name, { library }) =>
    files.replace(
      `${name}/metadata/root.json`,
      (await library.place.metadata.read('1.root.json')) ?? octets(''),
    ),
  'a role whose name is a path': async (files, name, { change }) => {
    const [document] = [...change.metadata.values()];
    await files.replace(`${name}/metadata/..%2F..%2Fm-fff1.json`, document?.octets ?? octets(''));
  },
  'a role file name that cannot be decoded': (files, name) =>
    files.replace(`${name}/metadata/%zz.json`, octets('{}')),
  'a path with a backslash': (files, name) => files.replace(`${name}/targets/firmware\\..\\x`, octets('x')),
  'a path that leaves its folder': (files, name) =>
    files.replace(`${name}/targets/../../keys/gate.pem`, octets('x')),
  'a file that belongs to no change': (files, name) => files.replace(`${name}/run.sh`, octets('x')),
  'a role file that is no metadata': (files, name) =>
    files.replace(`${name}/metadata/m-fff1.json`, octets('{}')),
  'a change.json that is none': (files, name) => files.replace(`${name}/change.json`, octets('[]')),
  'a second release without a statement': (files, name) =>
    files.replace(
      `${name}/targets/${imagePath('FFF1' as never, parseReleaseId('ab'.repeat(32)))}`,
      octets('x'),
    ),
  'a statement that is no bundle': async (files, name, { change }) => {
    const path = [...change.targets.keys()].find((one) => one.endsWith('.sigstore.json'));
    await files.replace(`${name}/targets/${path}`, octets('[]'));
  },
  'the name of another library': (files, name, { change }) =>
    writeChange(files, name, { ...change, library: 'ab'.repeat(32) }),
};

test.each(Object.entries(TAMPERED))('refuses %s', async (_, tamper) => {
  const { library, change, name } = await honest();
  await tamper(inbox(library.place), name, { library, change });
  const before = (await loadState(library.place)).trusted.snapshot.signed.version;
  expect(outcomes(await runIntake(library))).toEqual(['refused NOT_A_SUBMISSION']);
  expect((await loadState(library.place)).trusted.snapshot.signed.version).toBe(before);
  expect(await library.place.private.list('inbox')).toEqual([]);

  await writeChange(inbox(library.place), name, change);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});

test('a folder without change.json is still being written, and left alone', async () => {
  const { library, name } = await honest();
  await inbox(library.place).remove(`${name}/change.json`);
  expect((await runIntake(library)).results).toEqual([]);
  expect((await library.place.private.list('inbox')).length).toBeGreaterThan(0);
});

test('one bad submission does not stop the others', async () => {
  const { library } = await honest();
  await inbox(library.place).replace('aaa/change.json', octets('no JSON'));
  expect(outcomes(await runIntake(library))).toEqual(['refused NOT_A_SUBMISSION', 'accepted']);
});

test('a changed octet of the image is refused: neither the digest that was signed, nor the role file fits', async () => {
  const { library, draft, name } = await honest();
  const path = `${name}/targets/${imagePath(library.meters.code, draft.release)}`;
  const image = Uint8Array.from((await inbox(library.place).read(path)) ?? []);
  image[image.length - 1] = (image[image.length - 1] ?? 0) ^ 1;
  await inbox(library.place).replace(path, image);
  expect(outcomes(await runIntake(library))).toEqual(['refused ROLE_FILE SUBJECT_MISMATCH']);
});

test('a changed octet of the header, which no hash of the CPL covers, is refused', async () => {
  const { library, draft, name } = await honest();
  const path = `${name}/targets/${imagePath(library.meters.code, draft.release)}`;
  const image = Uint8Array.from((await inbox(library.place).read(path)) ?? []);
  image[58] = 0xfe;
  await inbox(library.place).replace(path, image);
  expect(outcomes(await runIntake(library))).toEqual(['refused ROLE_FILE HEADER_AS_STATED SUBJECT_MISMATCH']);
});

test('the statement of another release is refused', async () => {
  const { library, draft, row, name } = await honest();
  const other = await draftOf(library.meters, imageOf('another'), [row]);
  const bundle = await statementSigner(library.meters.ring)(encodeStatement(other.statement));
  const published = await loadState(library.place);
  const { keys: sealedTo, drafts } = await sealDrafts([draft], published);
  const files = drafts.map((sealed) => ({ sealed, statementFile: bundle }));
  const change = await draftChange(files, sealedTo, published, NOW);
  const signed = { ...change, metadata: new Map(change.metadata) };
  const { signDocument } = await import('../../src/change/sign.ts');
  for (const [role, document] of change.metadata)
    signed.metadata.set(role, await signDocument(role, document, library.meters.signers[0] as never));
  await writeChange(inbox(library.place), name, signed);
  expect(outcomes(await runIntake(library))).toEqual([
    'refused RELEASE_NAME HEADER_AS_STATED SUBJECT_MISMATCH IMAGE_HASH',
  ]);
});

test('a statement in the place of another number is refused', async () => {
  const { library, draft, name, change } = await honest();
  const from = parseTargetPath(statementPath(library.meters.code, draft.release, 1));
  const to = parseTargetPath(statementPath(library.meters.code, draft.release, 2));
  const files = inbox(library.place);
  await files.replace(`${name}/targets/${to}`, change.targets.get(from) ?? octets(''));
  await files.remove(`${name}/targets/${from}`);
  await files.remove(`${name}/targets/${from.replace('statement-1.sigstore.json', 'notes-1.md')}`);
  expect(outcomes(await runIntake(library))).toEqual(['refused NOT_A_SUBMISSION']);
});

test("a statement under another's certificate is refused", async () => {
  const { library, draft, name } = await honest();
  const bundle = await statementSigner(library.gas.ring)(encodeStatement(draft.statement));
  const files = inbox(library.place);
  await files.replace(`${name}/targets/${statementPath(library.meters.code, draft.release, 1)}`, bundle);
  expect(outcomes(await runIntake(library))).toEqual(['refused CERTIFICATE_NOT_YOURS ROLE_FILE']);
});
