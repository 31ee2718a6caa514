// Is every package that the project uses named exactly, explained, and free of scripts at installation?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './sources.ts';

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
interface Locked {
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

const PACKAGES = ['.', 'client', 'repo-tools', 'site'];
const read = (path: string) => readFileSync(join(root, path), 'utf8');

function dependenciesOf(folder: string): [string, string][] {
  const manifest: Package = JSON.parse(read(`${folder}/package.json`));
  const all = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies];
  return all.flatMap((some) => Object.entries(some ?? {}));
}

/** The packages that the first column of the table names. */
function explained(): Set<string> {
  const rows = read('docs/dependencies.md').matchAll(/^\| (`.*?) \|/gm);
  return new Set(
    [...rows].flatMap((row) => [...(row[1] ?? '').matchAll(/`(.+?)`/g)].map((name) => name[1] ?? '')),
  );
}

it.each(PACKAGES)('%s/package.json names exact versions', (folder) => {
  const loose = dependenciesOf(folder).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  expect(loose).toEqual([]);
});

it('docs/dependencies.md explains every package used, and no other', () => {
  const used = PACKAGES.flatMap(dependenciesOf)
    .map(([name]) => name)
    .filter((name) => !name.startsWith('@cfl/'));
  expect([...explained()].sort()).toEqual([...new Set(used)].sort());
});

const locked: [string, Locked][] = Object.entries(JSON.parse(read('package-lock.json')).packages);
const installed = locked.filter(([path, entry]) => path.includes('node_modules/') && entry.link !== true);

it('the lock file holds a hash for every package, and no host it came from', () => {
  expect(installed.length).toBeGreaterThan(0);
  expect(installed.filter(([, entry]) => entry.integrity === undefined)).toEqual([]);
  expect(installed.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
});

it('the lock file holds the packages of every platform, so that npm ci works on each', () => {
  const names = new Set(locked.map(([path]) => path.split('node_modules/').at(-1)));
  const wanted = Object.values<Package>(JSON.parse(read('package-lock.json')).packages).flatMap((entry) => [
    ...Object.keys(entry.optionalDependencies ?? {}),
    ...Object.keys(entry.dependencies ?? {}),
  ]);
  expect(wanted.filter((name) => !names.has(name))).toEqual([]);
});

it('no package needs a script at installation that package.json does not decide about', () => {
  const decided: Record<string, boolean> = JSON.parse(read('package.json')).allowScripts;
  const withScript = installed.filter(
    ([, entry]) => entry.hasInstallScript === true && entry.optional !== true,
  );
  const names = withScript.map(([path]) => path.split('node_modules/').at(-1) ?? '');
  expect(names.filter((name) => !(name in decided))).toEqual([]);
});
