// Does a file of the repository say on whose machine, or from which registry, it was made?
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './sources.ts';

const TRACES: Readonly<Record<string, RegExp>> = {
  'a home directory': /(?<![\w.~/-])\/(?:home|Users|root)\/[\w.-]+/,
  'a home directory of Windows': /\b[A-Z]:\\+Users\\+\w/,
  'a working directory': /(?<![\w.~/-])\/(?:work|workspaces?|builds?)\/[\w.-]+/,
  'a package registry': /\bregistry\.(?:npmjs|yarnpkg|npmmirror)\.|\bfiles\.pythonhosted\./,
};

const inGit = existsSync(join(root, '.git'));
const tracked = inGit
  ? execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  : [];

it.skipIf(!inGit).each(Object.keys(TRACES))('no tracked file holds %s', (what) => {
  const pattern = TRACES[what];
  const present = tracked.filter((file) => statSync(join(root, file), { throwIfNoEntry: false })?.isFile());
  expect(present.length).toBeGreaterThan(0);
  const found = present.flatMap((file) => {
    const match = pattern?.exec(readFileSync(join(root, file), 'latin1'));
    return match ? [`${file}: ${match[0]}`] : [];
  });
  expect(found).toEqual([]);
});

it.skipIf(!inGit)('what the tools make is not tracked', () => {
  const made = tracked.filter((file) =>
    /^(metadata|targets|private|demo)\/|(^|\/)(dist|node_modules)\//.test(file),
  );
  expect(made.sort()).toEqual(['metadata/README.md', 'targets/README.md']);
});
