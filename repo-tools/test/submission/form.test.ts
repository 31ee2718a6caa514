// What is filled in by hand, and how an image that is too large for one transfer is stated in slices.

import { fromHex, type Json, sha256 } from '@cfl/client/encoding';
import { encodeImage, NOTES_SECTIONS, notesFaults, parsePartyId } from '@cfl/client/firmware';
import { expect, test } from 'vitest';
import { encodeForm, notesTemplate, parseForm, statementOf } from '../../src/submission/form.ts';
import { NOW } from '../fixture.ts';
import { imageOf } from '../intake/scene.ts';

const STATED = new Map<string, Json>([
  ['number', 1],
  ['deviceType', 'PPMID'],
  ['claims', [{ entry: 'CPL-1', model: '0D01', hardwareVersion: '0102', firmwareVersion: '01000203' }]],
  ['class', 'fix'],
  ['upgradesFrom', 'any'],
  ['supersedes', []],
  ['acknowledged', []],
  ['contact', { mailbox: 'firmware@displays.example' }],
]);
const SALT = '5f0c9a7be1d24386f2b8470dc3916ea85d17e4b96203fac8719e0b6dd2453c8f';
const FORM = { image: 'display.ota', trailer: undefined, stated: STATED };

test('the length of a slice becomes slices with their digests, the last as long as it must be', async () => {
  const image = imageOf('display');
  const octets = encodeImage(image);
  const context = { originator: parsePartyId('demo-displays'), notes: await sha256(octets), now: NOW };
  const whole = parseForm(encodeForm({ ...FORM, slice: undefined }));
  expect((await statementOf(whole, image, context)).predicate).not.toHaveProperty('slices');
  const cut = parseForm(encodeForm({ ...FORM, slice: 150 }));
  expect((await statementOf(cut, image, context)).predicate.slices).toEqual([
    { length: 150, sha256: await sha256(octets.subarray(0, 150)) },
    { length: octets.length - 150, sha256: await sha256(octets.subarray(150)) },
  ]);
});

test('a slice of nothing, and one that is no number, are refused', () => {
  const text = new TextDecoder().decode(encodeForm({ ...FORM, slice: 150 }));
  for (const slice of ['0', '-1', '"150"', '1.5'])
    expect(() =>
      parseForm(new TextEncoder().encode(text.replace('"slice": 150', `"slice": ${slice}`))),
    ).toThrow('Cannot use "release.json"');
});

test('the notes that are written for filling in have every section, and none is finished', () => {
  const head = { deviceType: 'PPMID', models: ['0D01'], firmwareVersion: '01000203' };
  const template = notesTemplate({ ...head, salt: fromHex(SALT) });
  expect(template).toContain(`\nsalt: ${SALT}\n`);
  const open = ['fixes', 'severity', 'embargo', ...NOTES_SECTIONS];
  expect(notesFaults(template)).toEqual(open.map((where) => `"${where}" still holds "…"`));
});
