// The roles that the gateway signs by itself are split in the same way: the gate's by release, the catalogue's by
// manufacturer code. What belongs to neither stays with the role.

import { sha256 } from '@cfl/client/encoding';
import { parseRoleName, type RoleName, type TargetPath } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { binsIn, filesOf, placeOf } from '../../src/change/bins.ts';
import type { Published } from '../../src/deploy/index.ts';
import { after, type Honest, honest } from '../change/honest.ts';
import { octets } from '../deploy/scene.ts';
import { adding } from './library.ts';

const GATE = parseRoleName('gate');
const CATALOGUE = parseRoleName('catalogue');

let scene: Honest;
beforeAll(async () => {
  scene = await honest();
});

function files(paths: readonly string[]): ReadonlyMap<TargetPath, Uint8Array> {
  return new Map(paths.map((path) => [path as TargetPath, octets(path)]));
}

async function withFiles(family: RoleName, paths: readonly string[], upon = scene): Promise<Honest> {
  const signers = family === GATE ? upon.held.gate : upon.held.catalogue;
  return after(upon, await adding(upon.published, files(paths), signers, family));
}

async function listedIn(published: Published, family: RoleName): Promise<ReadonlyMap<string, RoleName>> {
  const bins = binsIn((await published.role(family))?.signed);
  const listed = new Map<string, RoleName>();
  for (const name of filesOf(family, bins)) {
    const document = await published.role(name);
    expect(document?.octets.length).toBeLessThanOrEqual(60_000);
    for (const path of document?.signed.targets.keys() ?? []) listed.set(path, name);
  }
  return listed;
}

async function decisions(count: number, from = 0): Promise<readonly string[]> {
  const releases = Array.from({ length: count }, (_, i) => sha256(octets(`release ${from + i}`)));
  return (await Promise.all(releases)).map((release) => `intake/${release}/decision-1.json`);
}

describe('the gate', () => {
  it('keeps the head of the chain itself, and lists what concerns a release in its bin', async () => {
    const paths = await decisions(600);
    const release = paths[0]?.split('/')[1] ?? '';
    const beside = [
      `intake/${release}/endorsement-1-demo-energy.sigstore.json`,
      `withdrawn/${release}-1.json`,
    ];
    const whole = await withFiles(GATE, ['intake/head/latest.json']);
    const split = await withFiles(GATE, [...paths, ...beside], whole);
    const listed = await listedIn(split.published, GATE);
    expect(listed.size).toBe(603);
    expect(listed.get('intake/head/latest.json')).toBe(GATE);
    const bins = binsIn((await split.published.role(GATE))?.signed);
    expect(bins).toBe(4);
    for (const path of [...paths, ...beside]) expect(listed.get(path)).toBe(placeOf(path, GATE, bins));
    expect(new Set([paths[0] ?? '', ...beside].map((path) => listed.get(path))).size).toBe(1);
    for (const path of listed.keys()) expect(await split.published.read(path)).toEqual(octets(path));
  });

  it('goes on when it is split: one decision more changes one bin and the head', async () => {
    const split = await withFiles(GATE, ['intake/head/latest.json', ...(await decisions(600))]);
    const add = files(await decisions(1, 600));
    const change = await adding(split.published, add, split.held.gate, GATE);
    expect(change.metadata.size).toBe(1);
  });
});

describe('the catalogue', () => {
  const shards = (codes: readonly string[], count: number) =>
    codes.flatMap((code) => Array.from({ length: count }, (_, i) => `catalogue/${code}-${i}.json`));

  it('keeps its index itself, and is split by the last digit of the manufacturer code', async () => {
    const codes = ['FFF1', 'FFF2', 'FFF3', 'FF01', '123A'];
    const split = await withFiles(CATALOGUE, ['catalogue/index.json', ...shards(codes, 30)]);
    const listed = await listedIn(split.published, CATALOGUE);
    expect(binsIn((await split.published.role(CATALOGUE))?.signed)).toBe(4);
    expect(listed.get('catalogue/index.json')).toBe(CATALOGUE);
    expect(listed.get('catalogue/FFF1-0.json')).toBe('catalogue-1');
    expect(listed.get('catalogue/FF01-29.json')).toBe('catalogue-1');
    expect(listed.get('catalogue/FFF2-0.json')).toBe('catalogue-2');
    expect(listed.get('catalogue/123A-7.json')).toBe('catalogue-2');
    for (const path of listed.keys()) expect(await split.published.read(path)).toEqual(octets(path));
  });

  it('has 16 bins at most, since one code cannot be parted', async () => {
    const split = await withFiles(CATALOGUE, ['catalogue/index.json', ...shards(['FFF1'], 128)]);
    expect(binsIn((await split.published.role(CATALOGUE))?.signed)).toBe(16);
  });
});

it('no other role is ever split', () => {
  expect(placeOf('register/parties.json', parseRoleName('registrar'), 1)).toBe('registrar');
  expect(placeOf('cpl/3/FFF1.json', parseRoleName('cpl'), 1)).toBe('cpl');
});
