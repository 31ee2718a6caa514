// How every program behaves, whatever its commands do.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import {
  checkLine,
  command,
  EXIT,
  JSON_OPTION,
  memoryIo,
  type Program,
  runProgram,
  table,
  UsageError,
} from '../../src/cli/index.ts';
import { RefusedError, UnreachableError } from '../../src/tuf/index.ts';

const outcomes = new Map<string, () => number>([
  ['done', () => EXIT.done],
  ['act', () => EXIT.act],
  [
    'refused',
    () => {
      throw new RefusedError(
        'ROLLBACK',
        'Cannot accept timestamp version 12: version 15 was already trusted',
        {
          found: 12,
          expected: 15,
          hint: 'Tell the operator',
        },
      );
    },
  ],
  [
    'unreachable',
    () => {
      throw new UnreachableError('UNREACHABLE', 'Cannot reach https://library.example: no such host', {
        hint: 'Try again',
      });
    },
  ],
  [
    'locked',
    () => {
      throw Object.assign(new Error('Cannot write: another process does'), {
        code: 'LOCKED',
        hint: 'Wait',
        exit: EXIT.unreachable,
      });
    },
  ],
  [
    'ambiguous',
    () => {
      throw new UsageError('Cannot choose: 2 match', 'Give more digits', ['  one', '  two']);
    },
  ],
  [
    'mistake',
    () => {
      throw new TypeError('x is not a function');
    },
  ],
  [
    'file',
    () => {
      throw Object.assign(new Error('ENOENT: open'), { code: 'ENOENT', syscall: 'open', path: 'a.ota' });
    },
  ],
]);

const give = command({
  name: 'give',
  does: 'Gives an outcome',
  operands: ['OUTCOME', '[WORD]'],
  options: {
    ...JSON_OPTION,
    to: { type: 'string', value: 'DIR', does: 'where to' },
    key: { type: 'string', multiple: true, value: 'URI', does: 'a key' },
  },
  examples: [{ line: 'tool give done', does: 'gives 0' }],
  run: async ([outcome, word], { to, key }, io) => {
    io.out([outcome, word, to, ...(key ?? [])].join(' '));
    return outcomes.get(outcome)?.() ?? EXIT.done;
  },
});
const add = command({
  name: 'party add',
  does: 'Adds a party',
  operands: [],
  options: {},
  examples: [{ line: 'tool party add', does: 'adds' }],
  run: async () => EXIT.done,
});
const program: Program = { name: 'tool', does: 'Does things', commands: [give, add] };

async function run(...argv: string[]) {
  const io = memoryIo();
  return { exit: await runProgram(program, argv, io), out: io.stdout, err: io.stderr };
}

test.each([
  [
    'a refusal is two lines and exit 1',
    'refused',
    1,
    ['Cannot accept timestamp version 12: version 15 was already trusted', 'Tell the operator'],
  ],
  [
    'what cannot be reached is exit 3',
    'unreachable',
    3,
    ['Cannot reach https://library.example: no such host', 'Try again'],
  ],
  ['an error may name its exit code', 'locked', 3, ['Cannot write: another process does', 'Wait']],
  [
    'what belongs to a refusal stands between its lines',
    'ambiguous',
    2,
    ['Cannot choose: 2 match', '  one', '  two', 'Give more digits'],
  ],
  [
    'trouble with a file names the file',
    'file',
    1,
    [
      'Cannot open "a.ota": there is no such file or folder',
      'Check the path, and that you may read and write there',
    ],
  ],
  ['nothing to say is nothing said', 'act', 4, []],
])('%s', async (_name, outcome, exit, err) => {
  expect(await run('give', outcome)).toEqual({ exit, out: [`${outcome}  `], err });
});

it('a mistake of the program shows where, and asks for a report', async () => {
  const { exit, err } = await run('give', 'mistake');
  expect(exit).toBe(1);
  expect(err[0]).toBe('Cannot go on: x is not a function');
  expect(err.join('\n')).toContain('frame.test.ts');
  expect(err.at(-1)).toMatch(/report/);
});

it('with --json an error is one document on stdout', async () => {
  const { exit, out, err } = await run('give', 'refused', '--json');
  expect({ exit, err }).toEqual({ exit: 1, err: [] });
  expect(JSON.parse(out[1] ?? '')).toEqual({
    format: 'cfl/error/1',
    code: 'ROLLBACK',
    kind: 'refused',
    hint: 'Tell the operator',
    found: 12,
    expected: 15,
    message: 'Cannot accept timestamp version 12: version 15 was already trusted',
  });
  expect(JSON.parse((await run('give', '--json')).out[0] ?? '')).toMatchObject({
    code: 'USAGE',
    kind: 'usage',
  });
  expect(JSON.parse((await run('give', 'unreachable', '--json')).out[1] ?? '')).toMatchObject({
    kind: 'unreachable',
    found: null,
  });
});

test.each([
  ['an unknown command', ['frobnicate'], 'Cannot run "tool frobnicate": there is no such command'],
  [
    'half a command',
    ['party'],
    'Cannot run "tool party": it needs a second word, expected one of "party add"',
  ],
  ['a missing operand', ['give'], 'Cannot run "tool give": OUTCOME is missing'],
  ['an operand too many', ['give', 'done', 'x', 'y'], 'Cannot run "tool give": "y" is one word too many'],
  ['an unknown option', ['give', 'done', '--frob'], 'Cannot run "tool give": unknown option "--frob"'],
  [
    'the name of something that every object has',
    ['give', 'done', '--constructor'],
    'Cannot run "tool give": unknown option "--constructor"',
  ],
  ['an unknown short option', ['give', 'done', '-x'], 'Cannot run "tool give": unknown option "-x"'],
  ['an option without its value', ['give', 'done', '--to'], 'Cannot run "tool give": "--to" needs a value'],
  [
    'an option instead of a value',
    ['give', 'done', '--to', '--json'],
    'Cannot run "tool give": "--to" needs a value',
  ],
  [
    'an option given twice',
    ['give', 'done', '--to', 'a', '--to', 'b'],
    'Cannot run "tool give": "--to" is given twice',
  ],
  ['a value for a switch', ['give', 'done', '--json=yes'], 'Cannot run "tool give": "--json" takes no value'],
])('%s is exit 2 and a line that says where help is', async (_name, argv, message) => {
  const { exit, out, err } = await run(...argv);
  const told =
    argv.some((word) => word === '--json') && argv[0] === 'give'
      ? [JSON.parse(out[0] ?? '').message, '']
      : err;
  expect(exit).toBe(2);
  expect(told[0]).toBe(message);
  expect(told).toHaveLength(2);
});

it('operands and options reach the command as they were given', async () => {
  expect((await run('give', '--key', 'a', 'done', '--key=b', '--to', 'd', '--', '--word')).out).toEqual([
    'done --word d a b',
  ]);
  expect((await run('party', 'add')).exit).toBe(0);
});

it('help goes to stdout with examples; no command at all is exit 2 and the same help on stderr', async () => {
  const whole = await run('--help');
  expect(whole).toMatchObject({ exit: 0, err: [] });
  expect(whole.out.join('\n')).toMatch(/tool give OUTCOME \[WORD\] +Gives an outcome\n {2}tool party add/);
  expect(await run()).toEqual({ exit: 2, out: [], err: whole.out });
  const one = await run('give', 'nonsense', '--help');
  expect(one.out.join('\n')).toMatch(
    /Options\n[\s\S]*--to DIR +where to\n +--key URI +a key; may be given several times\n[\s\S]*Examples\n {2}tool give done\n/,
  );
});

describe('lines', () => {
  it('columns are as wide as what is in them, numbers to the right', () => {
    expect(
      table(
        [
          ['FFF1', '7'],
          ['FFF2', '1,204'],
        ],
        [{ title: 'CODE' }, { title: 'METERS', align: 'right' }],
      ),
    ).toEqual(['CODE  METERS', 'FFF1       7', 'FFF2   1,204']);
    expect(table([], [{ title: 'CODE' }])).toEqual([]);
  });

  it('a check has its word, its subject and its text', () => {
    expect(checkLine('ok', 'root', 'version 1, 2 of 3 signatures')).toBe(
      '  ok  root          version 1, 2 of 3 signatures',
    );
  });
});

const FRAME = join(import.meta.dirname, '../../src/cli/index.ts');

function spawned(body: string, shell: string) {
  const script = `const { processIo } = await import(${JSON.stringify(FRAME)}); const io = processIo(); ${body}`;
  return spawnSync('sh', ['-c', shell, 'sh', process.execPath, script], { encoding: 'utf8' });
}

it('a reader that goes away neither fails nor stops the program', () => {
  const body =
    'for (let i = 0; i < 50000; i++) io.out("line " + i); await new Promise((r) => setTimeout(r, 50)); io.err("went on");';
  const { stdout, stderr, status } = spawned(body, '"$1" --input-type=module -e "$2" | head -n 1');
  expect({ stdout, stderr, status }).toEqual({ stdout: 'line 0\n', stderr: 'went on\n', status: 0 });
});

it('control characters are not printed, and progress is not shown where no terminal is', () => {
  const { stdout, stderr } = spawned(
    'io.progress("half"); io.out("a\\u001b[2Jb\\u009bc\\u202ed"); io.progress(undefined);',
    '"$1" --input-type=module -e "$2"',
  );
  expect({ stdout, stderr }).toEqual({ stdout: 'a\ufffd[2Jb\ufffdc\ufffdd\n', stderr: '' });
});
