// What a release engineer types, and what is answered: from an image to a published release.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { rules } from '@cfl/client/admission';
import { parseModelId } from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import type { Document, Targets } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { planParty } from '../../src/ceremony/party.ts';
import { encodePartyFile, parsePartyFile } from '../../src/ceremony/party-file.ts';
import { manufacturerRole } from '../../src/ceremony/roles.ts';
import { writeChange } from '../../src/change/change.ts';
import { revise } from '../../src/change/plan.ts';
import { intake } from '../../src/intake/intake.ts';
import { gateway } from '../access.ts';
import { NOTES, NOW, state } from '../fixture.ts';
import { imageOf, rowFor } from '../intake/scene.ts';
import { emptyDesk, fillIn, init, octetsOf, registeredDesk } from './desk.ts';

const image = imageOf('meter');
const rows = [
  await rowFor('CPL-000412', image),
  await rowFor('CPL-000413', image, { hardwareVersion: '0110' as never }),
];

test('init makes keys and party.json once, and overwrites nothing', async () => {
  const desk = await emptyDesk();
  const begun = await init(desk);
  expect(begun).toEqual({
    exit: 0,
    out: ['party.json'],
    err: [
      'Wrote publish.json, and keys/ with two encrypted keys, readable by you alone',
      'Keep keys/role-2.pem apart from role-1.pem: either signs, so one lost key stops nothing',
      'Send party.json to the registrar; it holds public keys only',
    ],
  });
  const pem = await readFile(join(desk.base, 'keys/role-1.pem'), 'utf8');
  expect(pem).toContain('BEGIN ENCRYPTED PRIVATE KEY');
  expect((await stat(join(desk.base, 'keys/role-1.pem'))).mode & 0o077).toBe(0);
  expect(await init(desk)).toEqual({
    exit: 1,
    out: [],
    err: ['Cannot begin here: "publish.json" is there already', 'Begin in another folder, or move it away'],
  });
  expect(await readFile(join(desk.base, 'keys/role-1.pem'), 'utf8')).toBe(pem);
});

test('init refuses a library whose first root is not the one read out', async () => {
  const desk = await emptyDesk();
  const digest = 'ab'.repeat(32);
  const refused = await desk.run([
    'init',
    desk.library.base,
    '--root-sha256',
    digest,
    '--party',
    'example-meters',
  ]);
  expect(refused.exit).toBe(1);
  expect(refused.err[0]).toContain(`expected ${digest}`);
  expect(await folder(desk.base).list('')).toEqual([]);
});

test('from new over check and submit to published', async () => {
  const desk = await registeredDesk(rows);
  const file = await desk.write('meter.ota', octetsOf(image));
  const release = '[0-9a-f]{12}';

  expect(await desk.run(['new', file, '--to', desk.base])).toEqual({
    exit: 0,
    out: [],
    err: [
      'Read     FFF1, image type 0000, firmware 01000203, hardware 0100..01FF, 160 octets',
      "         distributed as 226 octets of 750,000 (with the supplier's 66)",
      'On CPL   snapshot 1 lists this hash under CPL-000412 and CPL-000413 (ESME 0A01, Active)',
      'Wrote    release.json and notes.md; what an image cannot tell is marked "…" in them',
    ],
  });
  expect(await desk.run(['check', desk.base])).toEqual({
    exit: 1,
    out: [],
    err: [
      'Cannot use "release.json": class holds "…", expected one of "compliance", "fix", "commercial"',
      'Fill in what is marked "…" in release.json',
    ],
  });

  await fillIn(desk, {}, NOTES.replace('the supply is not interrupted', 'the supply …'));
  expect(await desk.run(['check', desk.base])).toEqual({
    exit: 1,
    out: [
      'refuse  NOTES_INCOMPLETE      notes.md: "During activation" still holds "…"',
      '                              Finish notes.md: the lines between "---" at its head, and every section',
      `${rules.length} rules: ${rules.length - 1} passed, 1 refused`,
    ],
    err: [],
  });
  const refused = await desk.run(['submit', desk.base, '--to', desk.base]);
  expect(refused.exit).toBe(1);
  expect(refused.err[0]).toBe('Cannot submit: the gateway would answer "refused"');
  expect(refused.err[1]).toContain('NOTES_INCOMPLETE');

  await fillIn(desk, {});
  expect(await desk.run(['check', desk.base])).toEqual({
    exit: 0,
    out: [`${rules.length} rules: ${rules.length} passed`],
    err: [],
  });

  const inbox = join(desk.library.base, 'private/inbox');
  const submitted = await desk.run(['submit', desk.base, '--to', inbox]);
  expect(submitted.exit).toBe(0);
  expect(submitted.err).toEqual([
    'Signed     the statement, as Example Meters',
    'IN CLEAR   this is a trial library: everybody will be able to read the image and the release notes',
    'Signed     role m-fff1 version 2, upon version 1',
  ]);
  expect(submitted.out[0]).toMatch(
    new RegExp(`^LIBRARY/private/inbox/fff1-${release}-1/  5 files, \\d+ kB$`),
  );
  const name = /fff1-[0-9a-f]{12}-1/.exec(submitted.out[0] ?? '')?.[0] ?? '';

  // The manufacturer's own copy
  for (const path of await folder(inbox).list(name))
    await folder(join(desk.base, 'sent')).replace(
      `${name}/${path}`,
      (await folder(inbox).read(`${name}/${path}`)) ?? new Uint8Array(),
    );
  const sent = join(desk.base, 'sent', name);
  expect(await desk.run(['status', sent])).toEqual({
    exit: 4,
    out: ['Not yet there: the library shows no decision about it'],
    err: [],
  });
  const report = await intake({ place: desk.library.place, online: desk.library.online, gateway, now: NOW });
  expect(report.results.map(({ outcome }) => outcome)).toEqual(['accepted']);
  expect(await desk.run(['status', sent])).toEqual({
    exit: 0,
    out: ['Published on 2026-11-20 09:00 UTC, library version 6; decision signed by the gateway'],
    err: [],
  });
});

test('what the manufacturer checks is word for word what the gateway says', async () => {
  const wide = imageOf('wide', { hardware: [0, 0x01ff], imageType: 1 });
  const desk = await registeredDesk([await rowFor('CPL-000410', wide), ...rows]);
  const inbox = join(desk.library.base, 'private/inbox');
  await desk.run(['new', await desk.write('wide.ota', octetsOf(wide)), '--to', desk.base]);
  await fillIn(desk, {});
  await desk.run(['submit', desk.base, '--to', inbox]);
  await intake({ place: desk.library.place, online: desk.library.online, gateway, now: NOW });

  await folder(desk.base).remove('release.json');
  await desk.run(['new', await desk.write('meter.ota', octetsOf(image)), '--to', desk.base]);
  await fillIn(desk, {});
  const warned = await desk.run(['check', desk.base]);
  expect(warned.exit).toBe(4);
  expect(warned.out).toEqual([
    'warn    RANGE_SHRANK          hardware 0100..01FF: release 01000203 took 0000..01FF',
    '                              Widen the range, or add "RANGE_SHRANK" to "acknowledged" in release.json',
    `${rules.length} rules: ${rules.length - 1} passed, 1 warned`,
  ]);
  await fillIn(desk, { acknowledged: ['RANGE_SHRANK'] });
  const dry = await desk.run(['check', desk.base, '--json']);
  expect(dry.exit).toBe(0);
  await desk.run(['submit', desk.base, '--to', inbox]);
  const { results } = await intake({
    place: desk.library.place,
    online: desk.library.online,
    gateway,
    now: NOW,
  });
  const checked = JSON.parse(dry.out[0] ?? '{}');
  expect(checked).toMatchObject({ format: 'cfl/decision/1', outcome: 'accepted' });
  expect(results[0]?.answer?.findings).toEqual(checked.findings);
});

test('a submission that only waits for the CPL may be sent, and its status says what it waits for', async () => {
  const desk = await registeredDesk([await rowFor('CPL-000412', image, { waits: true })]);
  const begun = await desk.run(['new', await desk.write('meter.ota', octetsOf(image)), '--to', desk.base]);
  expect(begun.err[2]).toBe(
    'On CPL   snapshot 1 has no hash for CPL-000412 (ESME 0A01, Active): the submission will wait for it',
  );
  await fillIn(desk, {});
  expect((await desk.run(['check', desk.base])).exit).toBe(4);
  const sent = await desk.run(['submit', desk.base, '--to', join(desk.library.base, 'private/inbox')]);
  expect(sent.exit).toBe(0);
  const { results } = await intake({
    place: desk.library.place,
    online: desk.library.online,
    gateway,
    now: NOW,
  });
  expect(await desk.run(['status', join(desk.library.base, 'private/held', results[0]?.name ?? '')])).toEqual(
    {
      exit: 4,
      out: [
        'Held since 2026-11-20 09:00 UTC; signed by the gateway',
        'hold    WAITS_FOR_CPL         CPL-000412 has no hash in snapshot 1',
        '                              Nothing to do: the gateway decides again at each new CPL snapshot',
      ],
      err: [],
    },
  );
});

test("an image with a supplier's trailer is taken only where that is said, and published without it", async () => {
  const trailer = Uint8Array.from([0, 0x40, ...new Uint8Array(64).fill(7)]);
  const whole = octetsOf(image);
  const signed = new Uint8Array([...whole, ...trailer]);
  new DataView(signed.buffer).setUint32(52, signed.length, true);
  const desk = await registeredDesk(rows);
  const file = await desk.write('signed.ota', signed);
  expect(await desk.run(['new', file, '--to', desk.base])).toEqual({
    exit: 1,
    out: [],
    err: [
      `Cannot take "DESK/signed.ota": it ends with a supplier's trailer of 66 octets; without it, its hash is the CPL's`,
      'Give the image as it was built, or run it again with --strip-trailer',
    ],
  });
  expect((await desk.run(['new', file, '--to', desk.base, '--strip-trailer'])).exit).toBe(0);
  await fillIn(desk, {});
  const sent = await desk.run(['submit', desk.base, '--to', desk.base]);
  expect(sent.exit).toBe(0);
  const paths = (await folder(desk.base).list('')).filter((path) => path.endsWith('/image.ota'));
  expect(await folder(desk.base).read(paths[0] ?? '')).toEqual(Buffer.from(whole));
});

test('a trailer is not stripped where the CPL does not know the hash without it', async () => {
  const desk = await registeredDesk([
    await rowFor('CPL-000412', imageOf('another'), { modelId: parseModelId('0A02') }),
  ]);
  const signed = new Uint8Array([...octetsOf(image), 0, 0x40, ...new Uint8Array(64)]);
  new DataView(signed.buffer).setUint32(52, signed.length, true);
  const file = await desk.write('signed.ota', signed);
  const refused = await desk.run(['new', file, '--to', desk.base, '--strip-trailer']);
  expect(refused.err[0]).toContain('without its last 66 octets its hash is not on the CPL');
});

test('an image whose size counts the trailer to come is taken in library form', async () => {
  const desk = await registeredDesk(rows);
  const awaiting = octetsOf(image);
  new DataView(awaiting.buffer).setUint32(52, awaiting.length + 66, true);
  await desk.run(['new', await desk.write('meter.ota', awaiting), '--to', desk.base]);
  await fillIn(desk, {});
  expect((await desk.run(['check', desk.base])).exit).toBe(0);
});

test('a text file, a missing form and a wrong passphrase are refused in two lines', async () => {
  const desk = await registeredDesk(rows);
  const text = await desk.write('notes.txt', '# ESME notes');
  expect(await desk.run(['new', text, '--to', desk.base])).toEqual({
    exit: 1,
    out: [],
    err: [
      'Cannot read "DESK/notes.txt" as an OTA image: offset 0 holds 23 20 45 53, expected 1E F1 EE 0B',
      'Give the image as it was built',
    ],
  });
  expect((await desk.run(['check', desk.base])).err).toEqual([
    'Cannot find "release.json" in "DESK"',
    'Begin with: cfl-publish new IMAGE',
  ]);
  await desk.run(['new', await desk.write('meter.ota', octetsOf(image)), '--to', desk.base]);
  await fillIn(desk, {});
  const wrong = await desk.run(['submit', desk.base, '--to', desk.base], 'wrong');
  expect(wrong.exit).toBe(1);
  expect(wrong.err[0]).toMatch(/^Cannot open the key "DESK\/keys\/statement\.pem": the passphrase is wrong/);
  expect(wrong.err).toHaveLength(2);
});

test('sign signs an empty first version of its own role for the registrar, and nothing more', async () => {
  const desk = await emptyDesk();
  await init(desk);
  const files = folder(desk.base);
  const party = await parsePartyFile((await files.read('party.json')) ?? new Uint8Array());
  const change = await planParty(party, await state(desk.library), NOW);
  await writeChange(files, 'joining', change);
  expect((await desk.run(['sign', join(desk.base, 'joining')])).err).toEqual([
    'Signed     role m-fff1 version 1, upon version 0',
  ]);

  const role = manufacturerRole('FFF1');
  const first = change.metadata.get(role) as Document<Targets>;
  const add = new Map([['firmware/FFF1/x/image.ota', new Uint8Array([1])]]);
  for (const [name, document] of [
    ['a file in it', await revise(role, undefined, { add }, NOW)],
    ['a later version', await revise(role, first, {}, NOW)],
  ] as const) {
    await writeChange(files, 'forged', {
      ...change,
      metadata: new Map([...change.metadata, [role, document]]),
    });
    const refused = await desk.run(['sign', join(desk.base, 'forged')]);
    expect(refused.exit, name).toBe(1);
    expect(refused.err[0], name).toContain('expected version 1 and nothing in it');
  }
});

test('a party.json is refused where a certificate has no digest, or a field is not known', async () => {
  const desk = await emptyDesk();
  await init(desk);
  const octets = (await folder(desk.base).read('party.json')) ?? new Uint8Array();
  const party = await parsePartyFile(octets);
  expect(encodePartyFile(party)).toEqual(new Uint8Array(octets));
  const file = JSON.parse(new TextDecoder().decode(octets));
  const forged: Record<string, object> = {
    'no digest': { certificates: [{ ...file.certificates[0], sha256: 'ab' }] },
    'no purpose': { certificates: [{ ...file.certificates[0], purposes: [] }] },
    'an unknown field': { person: 'x' },
    'no role keys for its code': { roleKeys: undefined },
    'a threshold of 0': { roleKeys: { ...file.roleKeys, threshold: 0 } },
    'one key twice': { roleKeys: { threshold: 2, keys: [file.roleKeys.keys[0], file.roleKeys.keys[0]] } },
    'a code that is none': { codes: ['FFF'] },
  };
  for (const [name, changes] of Object.entries(forged)) {
    const text = new TextEncoder().encode(JSON.stringify({ ...file, ...changes }));
    await expect(parsePartyFile(text), name).rejects.toMatchObject({ code: 'BAD_INPUT' });
  }
});
