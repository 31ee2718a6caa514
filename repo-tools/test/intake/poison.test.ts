// What one party sends can stop nobody else's: whatever stands in a submission, the run goes on to the next.

import { encodeCanonical } from '@cfl/client/encoding';
import { expect, test } from 'vitest';
import { writeChange } from '../../src/change/change.ts';
import { draftOf, imageOf, inbox, outcomes, rowFor, runIntake, scene, submitTo } from './scene.ts';

const text = (octets: Uint8Array | undefined) => new TextDecoder().decode(octets);
const octets = (content: string) => new TextEncoder().encode(content);

async function two() {
  const [mine, other] = [imageOf('one'), imageOf('gas', { code: 'FFF2' })];
  const rows = [await rowFor('CPL-000412', mine), await rowFor('CPL-000500', other)];
  const library = await scene(rows);
  const { name, change } = await submitTo(
    library,
    library.meters,
    await draftOf(library.meters, mine, rows.slice(0, 1)),
  );
  await submitTo(library, library.gas, await draftOf(library.gas, other, rows.slice(1)));
  return { library, name, change };
}

type Edit = (content: string) => string;
const signature = (keyid: string, sig: string) => (role: string) =>
  role.replace('"signatures":[', `"signatures":[{"keyid":"${keyid}","sig":"${sig}"},`);

const UNSIGNED: Record<string, Edit> = {
  'white space': (role) => `${role}\n`,
  'members of its own': (role) => role.replace(/^\{/, '{"aa":{"b":[1]},'),
  'a member of its own in a signature': (role) => role.replace('"keyid"', '"a":null,"keyid"'),
  'a signature that is none': signature('', 'zz'),
  "a stranger's signature": signature('ab'.repeat(32), 'ab'.repeat(70)),
  'a name that is written otherwise': (role) => role.replace('"signed"', '"sign\\u0065d"'),
};

test.each(Object.entries(UNSIGNED))(
  'a role file with %s, which no signature covers, is refused',
  async (_, edit) => {
    const { library, name, change } = await two();
    const files = inbox(library.place);
    const path = `${name}/metadata/m-fff1.json`;
    const role = text(await files.read(path));
    await files.replace(path, octets(edit(role)));
    expect(outcomes(await runIntake(library))).toEqual(['refused NOT_A_SUBMISSION', 'accepted']);

    await writeChange(files, name, change);
    expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  },
);

test('a signature that is longer than any, under a key of the role, is refused', async () => {
  const { library, name } = await two();
  const files = inbox(library.place);
  const path = `${name}/metadata/m-fff1.json`;
  const role = JSON.parse(text(await files.read(path)));
  const other = library.meters.signers.find(({ key }) => key.id !== role.signatures[0].keyid)?.key.id ?? '';
  const signatures = [...role.signatures, { keyid: other, sig: 'ab'.repeat(20_000) }];
  await files.replace(path, encodeCanonical({ ...role, signatures }));
  expect(outcomes(await runIntake(library))).toEqual(['refused NOT_A_SUBMISSION', 'accepted']);
});

const BROKEN: Record<string, [file: RegExp, content: string]> = {
  'a role file nested without end': [/m-fff1\.json$/, '['.repeat(100_000)],
  'a change.json nested without end': [/change\.json$/, '['.repeat(100_000)],
  'a bundle nested without end': [/sigstore\.json$/, '['.repeat(100_000)],
  'an empty bundle': [/sigstore\.json$/, ''],
  'an empty image': [/image\.ota$/, ''],
  'notes of one line of spaces': [/notes-1\.md$/, `#${' '.repeat(2_000_000)}`],
};

test.each(Object.entries(BROKEN))(
  '%s stops nobody else',
  async (_, [file, content]) => {
    const { library, name } = await two();
    const files = inbox(library.place);
    const path = (await files.list(name)).find((one) => file.test(one)) ?? '';
    await files.replace(`${name}/${path}`, octets(content));
    const [first, second] = outcomes(await runIntake(library));
    expect(first).toMatch(/^refused /);
    expect(second).toBe('accepted');
  },
  10_000,
);
