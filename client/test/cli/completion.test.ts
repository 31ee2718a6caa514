// What does a shell offer after Tab? bash itself is asked.

import { execFileSync } from 'node:child_process';
import { describe, expect, it, test } from 'vitest';
import { cfl } from '../../src/cli/cfl.ts';
import { memoryIo, runProgram } from '../../src/cli/index.ts';

async function script(shell: string): Promise<string> {
  const io = memoryIo();
  expect(await runProgram(cfl, ['completion', shell], io)).toBe(0);
  expect(io.stderr).toEqual([]);
  return io.stdout.join('\n');
}

async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(cfl ${quoted}); COMP_CWORD=${words.length}; _cfl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const shell = execFileSync('bash', ['--norc', '-c', `${await script('bash')}\n${ask}`], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  return shell.split('\n').filter((line) => line !== '');
}

it('offers every command', async () => {
  expect((await offered('')).toSorted()).toEqual(
    [...cfl.commands.map(({ name }) => name), '--help'].toSorted(),
  );
  expect(await offered('ve')).toEqual(['verify']);
  expect(await offered('nothing')).toEqual([]);
});

it('offers the options of the command that stands there, as the command names them', async () => {
  for (const { name, options } of cfl.commands)
    expect((await offered(name, '--')).toSorted(), name).toEqual(
      [...Object.keys(options).map((option) => `--${option}`), '--help'].toSorted(),
    );
  expect(await offered('fetch', 'x', '--bu')).toEqual(['--bundle']);
});

it('offers files for operands and for values', async () => {
  expect(await offered('inspect', 'completion.te')).toEqual(['completion.test.ts']);
  expect(await offered('verify', 'x', '--report', 'completion.te')).toEqual(['completion.test.ts']);
});

describe('the script', () => {
  test('for zsh is the same, through its own bashcompinit', async () => {
    expect(await script('zsh')).toBe(`autoload -Uz bashcompinit && bashcompinit\n${await script('bash')}`);
  });

  test('for another shell is exit 2', async () => {
    const io = memoryIo();
    expect(await runProgram(cfl, ['completion', 'fish'], io)).toBe(2);
    expect({ out: io.stdout, err: io.stderr }).toEqual({
      out: [],
      err: ['Cannot complete in "fish": expected one of bash, zsh', 'Run: cfl completion --help'],
    });
  });
});
