// Which meters a campaign goes to: what the manufacturer signed decides, whatever a list or the catalogue says.

import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { chooseMeters, type Target } from '../../src/campaign/index.ts';
import { parseFirmwareVersion } from '../../src/firmware/index.ts';
import { entry, hashOf, releaseOf } from '../estate/facts.ts';
import { STATEMENT } from '../firmware/values.ts';

const { predicate } = STATEMENT;
const [claim] = predicate.claims;
const FIRMWARE = String(claim?.firmwareVersion);
const RELEASE = releaseOf('next');
const claimed = {
  ...entry({ firmware: FIRMWARE, hash: 'x' }),
  entry: claim?.entry ?? entry({ firmware: FIRMWARE }).entry,
};
const target: Target = {
  release: RELEASE,
  predicate: { ...predicate, upgradesFrom: [parseFirmwareVersion('01000100')] },
  imageHash: hashOf('x'),
  entries: new Map([[claimed.entry, claimed]]),
};

const HEAD = 'eui64,manufacturer,model,hardware_version,firmware_version,device_type';
const id = (n: number) => `00-DB-12-34-56-78-90-${n.toString(16).toUpperCase().padStart(2, '0')}`;
const meter = (n: number, change: { [cell: number]: string } = {}) =>
  [id(n), predicate.code, claim?.model, claim?.hardwareVersion, '01000100', predicate.deviceType]
    .map((cell, i) => change[i] ?? cell)
    .join();
const choose = (lines: readonly string[], on: Partial<Target> = {}) =>
  chooseMeters(Readable.from([Buffer.from(lines.join('\n'))]), 'meters.csv', { ...target, ...on });

describe('a list of meters', () => {
  test('of EUI-64s alone is taken as it is, each meter once', async () => {
    const chosen = await choose(['EUI64', id(1), id(2).replaceAll('-', ''), id(1), '', 'nonsense']);
    expect([...chosen.meters]).toEqual([id(1), id(2)]);
    expect(chosen).toMatchObject({ repeated: 1, malformed: 1, faults: [{ row: 6 }] });
  });

  test('that says what each meter is goes by what the manufacturer signed', async () => {
    const chosen = await choose([
      HEAD,
      meter(1),
      meter(2, { 1: 'FFF2' }),
      meter(3, { 2: '0BAD' }),
      meter(4, { 3: '0BAD' }),
      meter(5, { 4: '01000200' }),
      meter(6, { 4: FIRMWARE }),
      meter(7, { 5: 'GSME' }),
      meter(8),
    ]);
    expect([...chosen.meters]).toEqual([id(1), id(8)]);
    expect(Object.fromEntries(chosen.unfit)).toEqual({
      'of manufacturer FFF2': 1,
      [`model 0BAD with hardware ${claim?.hardwareVersion}`]: 1,
      [`model ${claim?.model} with hardware 0BAD`]: 1,
      'running 01000200, from which no upgrade is stated': 1,
      [`running ${FIRMWARE} already`]: 1,
      'a GSME': 1,
    });
  });

  test('of findings is taken where the next step is this release, and still fits', async () => {
    const chosen = await choose([
      `${HEAD},next_release`,
      `${meter(1)},${RELEASE}`,
      `${meter(2)},${releaseOf('other')}`,
      `${meter(3)},`,
      // A catalogue that lies: its findings name this release for a meter that the manufacturer does not take
      `${meter(4, { 4: '01000200' })},${RELEASE}`,
    ]);
    expect([...chosen.meters]).toEqual([id(1)]);
    expect(chosen).toMatchObject({ others: 2, malformed: 0 });
    expect([...chosen.unfit.values()]).toEqual([1]);
  });

  test.each([
    ['is not Active', { ...claimed, status: 'Expired' as const }, `${claimed.entry} is Expired`],
    ['has another hash', { ...claimed, imageHash: hashOf('y') }, `${claimed.entry} has another hash`],
  ])('goes nowhere where the entry of the model %s', async (_what, spoiled, reason) => {
    expect((await choose([HEAD, meter(1)])).meters.size).toBe(1);
    const chosen = await choose([HEAD, meter(1)], { entries: new Map([[claimed.entry, spoiled]]) });
    expect(chosen.meters.size).toBe(0);
    expect([...chosen.unfit.keys()]).toEqual([reason]);
  });

  test('goes to any version where the manufacturer says so, to none where it says none', async () => {
    const upgrades = async (upgradesFrom: 'any' | 'none') =>
      (await choose([HEAD, meter(1, { 4: 'EEEEEEEE' })], { predicate: { ...predicate, upgradesFrom } }))
        .meters.size;
    expect([await upgrades('any'), await upgrades('none')]).toEqual([1, 0]);
  });

  test('goes nowhere out of the range of the header, whatever is claimed', async () => {
    const header = { ...predicate.header, minHardwareVersion: 0xff00, maxHardwareVersion: 0xffff };
    const chosen = await choose([HEAD, meter(1)], { predicate: { ...target.predicate, header } });
    expect([...chosen.unfit.keys()]).toEqual([`hardware ${claim?.hardwareVersion}, out of range`]);
  });

  test.each([
    ['next_release without what the meters are', 'eui64,next_release', '"manufacturer", "model"'],
    ['half of what the meters are', HEAD.replace(',model', ''), '"model"'],
  ])('with %s cannot be checked, and is refused', async (_what, head, missing) => {
    await expect(choose([head])).rejects.toMatchObject({
      code: 'NOT_A_LIST',
      message: expect.stringContaining(`Cannot check the meters of "meters.csv": the column`),
    });
    await expect(choose([head])).rejects.toThrow(missing);
  });
});
