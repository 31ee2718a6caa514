// A library that is whole, in memory, with a past: what the checker must find nothing in.

import { canonicalText, type JsonObject } from '@cfl/client/encoding';
import { MemoryRepository, type RepositoryOptions } from '../../../client/test/tuf/memory-repository.ts';
import { makeKey, type TestKey } from '../../../client/test/tuf/test-keys.ts';
import { judge, type Verdict } from '../../src/check/judge.ts';
import { readRepository } from '../../src/check/read.ts';

export const NOW = new Date('2026-11-20T09:00:00Z');
const FOLDERS = { metadata: 'metadata', targets: 'targets' };
export const RELEASE = `firmware/FFF1/${'a'.repeat(64)}`;
export const IMAGE = `${RELEASE}/image.ota`;

export interface Scene {
  readonly repository: MemoryRepository;
  readonly maker: TestKey;
  /** What the checker is given; else what is published. */
  root?: Uint8Array;
  now?: Date;
}

/** With the delegated roles that make it one of this project. */
const OWN_ROLES: readonly (readonly [string, readonly string[]])[] = [
  ['registrar', ['register/*']],
  ['cpl', ['cpl/*', 'cpl/*/*']],
  ['gate', ['intake/*/*', 'withdrawn/*']],
  ['catalogue', ['catalogue/*']],
];

/** Four snapshots, two roots, two manufacturers, and bins. */
export function whole(kind: 'own' | 'another', options: RepositoryOptions = {}): Scene {
  const repository = new MemoryRepository({ written: canonical, ...options });
  const maker = makeKey();
  for (const [name, paths] of kind === 'own' ? OWN_ROLES : [])
    repository.delegate('targets', { name, paths, terminating: true });
  delegateMaker(repository, 'm-fff1', ['firmware/FFF1/*/*'], [maker]);
  repository.addTarget(IMAGE, 'an image', 'm-fff1').publish();
  repository.addTarget(`${RELEASE}/notes-1.md`, 'notes', 'm-fff1').publish();
  repository.rotate('timestamp').refreshTimestamp();
  delegateMaker(repository, 'm-fff2', ['firmware/FFF2/*/*'], [makeKey()]);
  repository.addTarget(`firmware/FFF2/${'c'.repeat(64)}/image.ota`, 'gas', 'm-fff2').publish();
  // The first manufacturer is split: its files move to its bins
  const halves = [0, 1].map((bin) => '02468ace'.split('').map((digit) => next(digit, bin)));
  for (const [bin, digits] of halves.entries()) {
    const paths = digits.map((digit) => `firmware/FFF1/${digit}*/*`);
    repository.delegate('m-fff1', { name: `m-fff1-${bin}`, paths, keys: [maker], terminating: true });
    repository.expires.set(`m-fff1-${bin}`, '2029-06-01T00:00:00Z');
  }
  for (const [path, text] of [
    [IMAGE, 'an image'],
    [`${RELEASE}/notes-1.md`, 'notes'],
  ] as const)
    repository.removeTarget(path, 'm-fff1').addTarget(path, text, 'm-fff1-0');
  repository.publish();
  return { repository, maker };
}

function next(digit: string, by: number): string {
  return (Number.parseInt(digit, 16) + by).toString(16);
}

export function delegateMaker(
  repository: MemoryRepository,
  name: string,
  paths: readonly string[],
  keys: readonly TestKey[],
): void {
  repository.delegate('targets', { name, paths, keys, terminating: true });
  repository.expires.set(name, '2029-06-01T00:00:00Z');
}

/** Keys in order, signatures too, and the line ends of a PEM escaped. */
function canonical(text: string): string {
  const file = JSON.parse(text) as { signatures: { keyid: string; sig: string }[]; signed: JsonObject };
  const signatures = file.signatures.toSorted((a, b) => (a.keyid < b.keyid ? -1 : 1));
  return canonicalText({ ...file, signatures }).replaceAll('\n', '\\n');
}

export async function verdictOn({ repository, root, now }: Scene): Promise<Verdict> {
  const options = { repository, root: root ?? repository.pinnedRoot, now: now ?? NOW, progress: () => {} };
  return judge(await readRepository({ ...options, at: { address: '.', folders: FOLDERS } }));
}

export function codesOf({ judged }: Verdict): readonly string[] {
  return judged.filter(({ findings }) => findings.length > 0).map(({ check }) => check.code);
}

export function findingsOf({ judged }: Verdict): readonly string[] {
  return judged.flatMap(({ findings }) =>
    findings.map(({ severity, code, says }) => `${severity} ${code}: ${says}`),
  );
}
