// Does the checker find each defect, and nothing where there is none?
//
// The table of defects is the test: a sentence, the code that finds it, and how it is planted into a library
// that is whole.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { JsonObject } from '@cfl/client/encoding';
import { UnreachableError } from '@cfl/client/tuf';
import { describe, expect, it, test } from 'vitest';
import type { MemoryRepository } from '../../../client/test/tuf/memory-repository.ts';
import { compressedPoint, disguised, makeKey, misnamed } from '../../../client/test/tuf/test-keys.ts';
import { CHECKS } from '../../src/check/checks.ts';
import { codesOf, delegateMaker, findingsOf, IMAGE, type Scene, verdictOn, whole } from './scene.ts';

const OTHER = `firmware/FFF1/${'b'.repeat(64)}`;

type Plant = (scene: Scene) => unknown;

interface Says {
  readonly meta: JsonObject;
}
const without = (file: string) => ({
  says(signed: JsonObject): JsonObject {
    const { [file]: _, ...meta } = (signed as unknown as Says).meta;
    return { ...signed, meta };
  },
});
const listingTwice = (file: string, name: string) => (signed: JsonObject) => {
  const { meta } = signed as unknown as Says;
  return { ...signed, meta: { ...meta, [name]: meta[file] ?? null } };
};
const byStranger = () => ({ signedBy: [makeKey()] });
const again = ({ repository }: Scene) => repository.addTarget(`${OTHER}/image.ota`, 'another', 'm-fff1-1');

const DEFECTS: Readonly<Record<string, readonly [codes: string, plant: Plant]>> = {
  'a root between two others is gone': [
    'ROOT_MISSING NO_ARRIVAL',
    ({ repository }) => repository.publishRoot() && repository.files.delete('2.root.json'),
  ],
  'the root that was given is not published': [
    'ROOT_MISSING',
    ({ repository }) => repository.lie({ '1.root.json': 'missing' }),
  ],
  'the root that is published is not the one that was given': [
    'ROOT_DIFFERS',
    ({ repository }) => repository.lie({ '1.root.json': repository.file('2.root.json') }),
  ],
  'the newest root is not signed by the one before': [
    'NO_ARRIVAL',
    ({ repository }) => repository.rotate('root').publishRoot(byStranger()),
  ],
  'the timestamp is signed by nobody': [
    'NO_ARRIVAL',
    ({ repository }) => repository.refreshTimestamp(byStranger()),
  ],
  'the snapshot is of another state': [
    'NO_ARRIVAL',
    ({ repository }) => repository.lie({ '4.snapshot.json': repository.file('3.snapshot.json') }),
  ],
  'a past snapshot is gone': [
    'SNAPSHOT_MISSING',
    ({ repository }) => repository.files.delete('1.snapshot.json'),
  ],
  'a past snapshot is signed by nobody': [
    'HISTORY_UNSIGNED',
    ({ repository }) => repository.publish({ snapshot: byStranger() }).publish(),
  ],
  'a past snapshot stands under the name of another': [
    'HISTORY_UNSIGNED',
    ({ repository }) => repository.lie({ '2.snapshot.json': repository.file('1.snapshot.json') }),
  ],
  'a version fell': [
    'VERSION_FELL',
    (scene) => {
      scene.repository.versions.set('m-fff1-1', 6);
      again(scene).publish();
      scene.repository.versions.set('m-fff1-1', 4);
      again(scene).publish();
    },
  ],
  'a role left the library for a while': [
    'ROLE_LEFT',
    ({ repository }) => repository.publish({ snapshot: without('m-fff2.json') }).publish(),
  ],
  'a past version of a role is gone': [
    'HISTORY_FILE',
    ({ repository }) => repository.files.delete('1.m-fff1.json'),
  ],
  'a past version of a role was replaced': [
    'HISTORY_FILE',
    ({ repository }) => repository.files.set('1.m-fff1.json', repository.file('2.m-fff1.json')),
  ],
  'a file of a release is not listed any more': [
    'RELEASE_VANISHED',
    ({ repository }) => repository.removeTarget(IMAGE, 'm-fff1-0').publish(),
  ],
  'a file of a release vanished, and is back': [
    'RELEASE_VANISHED',
    ({ repository }) =>
      repository.removeTarget(IMAGE, 'm-fff1-0').publish().addTarget(IMAGE, 'an image', 'm-fff1-0').publish(),
  ],
  'a file of a release was replaced': [
    'RELEASE_REPLACED',
    ({ repository }) => repository.addTarget(IMAGE, 'a better image', 'm-fff1-0').publish(),
  ],
  'a role is delegated that nobody signed': [
    'ROLE_UNLISTED',
    ({ repository }) =>
      delegated(repository, 'm-fff3', 'firmware/FFF3/*/*').publish({ snapshot: without('m-fff3.json') }),
  ],
  'a role is listed that nothing delegates': [
    'ROLE_UNREACHABLE',
    ({ repository }) => {
      repository.files.set('1.m-ffff.json', repository.file('1.m-fff2.json'));
      repository.publish({ snapshot: { says: listingTwice('m-fff2.json', 'm-ffff.json') } });
    },
  ],
  'a role is listed without its hash': [
    'ROLE_UNACCEPTED',
    (scene) => {
      scene.repository.lists = 'versions';
      again(scene).publish();
    },
  ],
  'a role is not there': [
    'HISTORY_FILE ROLE_MISSING',
    ({ repository }) => repository.lie({ '1.m-fff2.json': 'missing' }),
  ],
  'a role is signed by nobody': [
    'ROLE_REFUSED',
    (scene) => again(scene).publish({ 'm-fff1-1': byStranger() }),
  ],
  'a role is no metadata': [
    'HISTORY_FILE ROLE_REFUSED',
    (scene) => again(scene).publish({ 'm-fff1-1': { written: () => '{"signed":' } }),
  ],
  'a role is split into succinct hash bins': [
    'HISTORY_FILE ROLE_REFUSED',
    (scene) =>
      again(scene).publish({ 'm-fff1-1': { says: (signed) => ({ ...signed, delegations: SUCCINCT }) } }),
  ],
  'a file is not there': [
    'FILE_MISSING',
    ({ repository }) => repository.lie({ [IMAGE]: new UnreachableError('MISSING', 'not there') }),
  ],
  'a file was changed': [
    'FILE_CHANGED',
    ({ repository }) => repository.lie({ [IMAGE]: new TextEncoder().encode('AN IMAGE') }),
  ],
  'a file is longer than was signed': [
    'FILE_CHANGED',
    ({ repository }) => repository.lie({ [IMAGE]: new TextEncoder().encode('an image, and more') }),
  ],
  "a role lists what is another's": [
    'TARGET_OUTSIDE',
    ({ repository }) => repository.addTarget('firmware/FFF2/theirs/image.ota', 'x', 'm-fff1-0').publish(),
  ],
  'a role has expired': [
    'ROLE_EXPIRED',
    (scene) => {
      scene.repository.expires.set('m-fff1-1', '2026-11-20T09:00:00Z');
      again(scene).publish();
    },
  ],
  'the timestamp has expired': [
    'ROLE_EXPIRED',
    ({ repository }) => {
      repository.expires.set('timestamp', '2026-11-19T09:00:00Z');
      repository.refreshTimestamp();
    },
  ],
  'a role is inside its signing period': [
    'ROLE_DUE',
    (scene) => {
      scene.repository.expires.set('m-fff1-1', '2028-11-19T00:00:00Z');
      again(scene).publish();
    },
  ],
  'one key serves timestamp and a manufacturer': [
    'KEY_SHARED',
    ({ repository, maker }) => {
      repository.rotate('timestamp', { keys: [maker], threshold: 1 }).refreshTimestamp();
    },
  ],
  'one key stands under two ids': [
    'KEY_ALIASED',
    ({ repository }) => {
      const key = makeKey();
      delegateMaker(repository, 'm-fff3', ['firmware/FFF3/*/*'], [key, disguised(key, compressedPoint(key))]);
      repository.publish();
    },
  ],
  'a key is of a kind that nobody knows': [
    'KEY_UNUSABLE',
    ({ repository }) => {
      const strange = makeKey();
      const keys = [makeKey(), disguised(strange, { ...strange.json, scheme: 'made-up' })];
      delegateMaker(repository, 'm-fff3', ['firmware/FFF3/*/*'], keys);
      repository.publish();
    },
  ],
  'a key stands under an id that is not its hash': [
    'KEY_UNUSABLE NOT_ROUND',
    ({ repository }) => {
      const keys = [makeKey(), misnamed(makeKey(), 'ab'.repeat(32))];
      delegateMaker(repository, 'm-fff3', ['firmware/FFF3/*/*'], keys);
      repository.publish();
    },
  ],
  'a role is delegated on two ways': [
    'DIAMOND',
    ({ repository, maker }) =>
      repository
        .delegate('m-fff2', {
          name: 'm-fff1',
          paths: ['firmware/FFF2/x/*'],
          keys: [maker],
          terminating: true,
        })
        .publish(),
  ],
  'two roles delegate to each other': [
    'DIAMOND',
    ({ repository, maker }) =>
      repository
        .delegate('m-fff1-0', {
          name: 'm-fff1',
          paths: ['firmware/FFF1/0*/*'],
          keys: [maker],
          terminating: true,
        })
        .publish(),
  ],
  'a role is delegated again under other keys': [
    'ROLE_REFUSED DIAMOND',
    ({ repository, maker }) => {
      repository.delegate('m-fff2', { name: 'm-fff1', paths: ['firmware/FFF2/x/*'], terminating: true });
      repository.publish({ 'm-fff1': { signedBy: [maker] } });
    },
  ],
  'two manufacturers have a path in common': [
    'PATHS_OVERLAP',
    ({ repository }) => delegated(repository, 'm-fff3', 'firmware/*2/*/*').publish(),
  ],
  'a pattern has another sign than a star': [
    'ODD_PATTERN',
    ({ repository }) => delegated(repository, 'm-fff3', 'firmware/AAA?/*/*').publish(),
  ],
  'a pattern has an empty segment': [
    'ODD_PATTERN',
    ({ repository }) => delegated(repository, 'm-fff3', '/firmware/FFF3/*').publish(),
  ],
  'a delegation does not end the search': [
    'NOT_TERMINATING',
    ({ repository }) => {
      delegated(repository, 'm-fff3', 'firmware/FFF3/*/*');
      repository
        .delegate('targets', { name: 'm-fff3', paths: ['firmware/FFF3/*/*'], terminating: false })
        .publish();
    },
  ],
  'a role says what nobody reads': [
    'NOT_ROUND',
    (scene) => again(scene).publish({ 'm-fff1-1': { says: (signed) => ({ ...signed, also: 1 }) } }),
  ],
  'a role is written with blanks': [
    'NOT_CANONICAL',
    (scene) =>
      again(scene).publish({ 'm-fff1-1': { written: (text) => JSON.stringify(JSON.parse(text), null, 1) } }),
  ],
};

const SUCCINCT = {
  keys: {},
  succinct_roles: { keyids: [], threshold: 1, bit_length: 4, name_prefix: 'bin' },
};

function delegated(repository: MemoryRepository, name: string, path: string): MemoryRepository {
  delegateMaker(repository, name, [path], [makeKey()]);
  return repository;
}

test('a library that is whole has no findings', async () => {
  const verdict = await verdictOn(whole('own'));
  expect(findingsOf(verdict)).toEqual([]);
  expect(verdict.seen).toMatchObject({
    own: true,
    history: { snapshots: 4, oldest: 1 },
    files: { listed: 3, there: 3 },
  });
  expect(
    verdict.judged.filter(({ outcome }) => outcome === 'not asked').map(({ check }) => check.group),
  ).toEqual(['cache', 'cache']);
});

test.each(Object.entries(DEFECTS))('%s', async (_, [codes, plant]) => {
  const scene = whole('own');
  expect(codesOf(await verdictOn(scene))).toEqual([]);
  await plant(scene);
  const verdict = await verdictOn(scene);
  expect(codesOf(verdict), findingsOf(verdict).join('\n')).toEqual(codes.split(' '));
});

test('every check has its defect in this table, or where there is a web server', () => {
  const found = new Set(Object.values(DEFECTS).flatMap(([codes]) => codes.split(' ')));
  const elsewhere = ['NOT_CONSISTENT', 'CACHED_TOO_SHORT', 'CACHED_TOO_LONG'];
  expect([...found, ...elsewhere].sort()).toEqual(CHECKS.map(({ code }) => code).sort());
});

test('every check is explained as it is asked', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
  for (const { code, demands, hint } of CHECKS)
    expect(page).toContain(`| \`${code}\` | ${demands}. | ${hint}. |`);
});

describe('what is no defect', () => {
  it('a thief raised every version, and the online keys were rotated', async () => {
    const scene = whole('own');
    recovered(scene);
    expect(findingsOf(await verdictOn(scene))).toEqual([]);
  });

  it('a reader who is given a later root sees the earlier ones, too', async () => {
    const scene = whole('own');
    const { seen } = await verdictOn({ ...scene, root: scene.repository.file('2.root.json') });
    expect(seen.roots.map(({ signed }) => signed.version)).toEqual([1, 2]);
  });
});

/** What is left of the theft is one snapshot that lists a higher version. */
function recovered({ repository }: Scene): void {
  repository.rotate('snapshot');
  repository.versions.set('m-fff1-1', 9);
  repository.addTarget(`${OTHER}/image.ota`, 'another', 'm-fff1-1').publish();
  repository.rotate('snapshot').rotate('timestamp');
  repository.versions.set('m-fff1-1', 1);
  repository.addTarget(`${OTHER}/image.ota`, 'another', 'm-fff1-1').publish();
}

describe('a repository of another project', () => {
  it('is not asked for what only this project promises', async () => {
    const verdict = await verdictOn(whole('another'));
    expect(findingsOf(verdict)).toEqual([]);
    expect(verdict.seen.own).toBe(false);
    const unasked = verdict.judged.filter(({ outcome }) => outcome === 'not asked');
    expect(unasked.map(({ check }) => check.code)).toContain('RELEASE_VANISHED');
  });

  it('may remove files and prune its history', async () => {
    const scene = whole('another');
    scene.repository.removeTarget(IMAGE, 'm-fff1-0').publish().files.delete('2.snapshot.json');
    const verdict = await verdictOn(scene);
    expect(findingsOf(verdict)).toEqual([]);
    expect(verdict.seen.history).toEqual({ snapshots: 3, oldest: 3 });
  });

  it('without consistent snapshots is told so, once', async () => {
    const verdict = await verdictOn(whole('another', { consistent: false }));
    expect(codesOf(verdict)).toEqual(['NOT_CONSISTENT']);
    expect(verdict.unasked.get('history')).toBe('without consistent snapshots there is none');
    expect(verdict.seen.files).toEqual({ listed: 3, there: 3 });
  });

  it('may use one key for what is online, and is warned of it', async () => {
    const shared = { keys: [makeKey()], threshold: 1 };
    const scene = whole('another', { holders: { snapshot: shared } });
    scene.repository.rotate('timestamp', shared).refreshTimestamp();
    expect(findingsOf(await verdictOn(scene))).toEqual([
      expect.stringMatching(/^warn KEY_SHARED: the key [0-9a-f]{12} serves timestamp and snapshot$/),
    ]);
  });

  it('is due in the last tenth of what its roles usually last', async () => {
    const { repository } = whole('another');
    repository.expires.set('timestamp', '2026-11-21T02:00:00Z');
    repository.refreshTimestamp();
    const due = async (now: string) =>
      codesOf(await verdictOn({ repository, now: new Date(now), maker: makeKey() }));
    expect(await due('2026-11-20T09:00:00Z')).toEqual([]);
    expect(await due('2026-11-20T10:00:00Z')).toEqual(['ROLE_DUE']);
  });
});

test('where everything is wrong, a hundred are told and all are counted', async () => {
  const { repository } = whole('own');
  const missing = new UnreachableError('MISSING', 'not there');
  const lies: Record<string, Error> = {};
  for (let i = 0; i < 250; i++) {
    const path = `firmware/FFF1/${i.toString(16).padStart(64, '0')}/image.ota`;
    lies[path] = missing;
    repository.addTarget(path, 'x', 'm-fff1-0');
  }
  repository.publish().lie(lies);
  const { judged } = await verdictOn({ repository, maker: makeKey() });
  const files = judged.find(({ check }) => check.code === 'FILE_MISSING');
  expect(files?.findings).toHaveLength(100);
  expect(files?.more).toBe(150);
});

test('no answer is no finding: it cannot be told from a bad line', async () => {
  const scene = whole('own');
  scene.repository.lie({ [IMAGE]: new UnreachableError('UNREACHABLE', 'connection refused') });
  await expect(verdictOn(scene)).rejects.toMatchObject({ code: 'UNREACHABLE' });
});
