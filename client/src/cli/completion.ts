// `cfl completion`: what a shell offers after Tab, written from the commands themselves.
//
// zsh runs the same script through its own bashcompinit: one text to keep true. Files are offered where an
// operand or a value is one; a release is not: its names are in the library, and Tab asks no network.

import { type Command, command, type Program } from './command.ts';
import { EXIT, UsageError } from './refusal.ts';

const SHELLS = ['bash', 'zsh'];

/** By a function: the program lists this command, too. */
export function completion(program: () => Program): Command {
  return command({
    name: 'completion',
    does: 'Prints a script that completes commands and options in bash or zsh',
    operands: ['SHELL'],
    options: {},
    examples: [
      {
        line: 'cfl completion bash > ~/.local/share/bash-completion/completions/cfl',
        does: 'for every bash from now on',
      },
      { line: 'source <(cfl completion zsh)', does: 'in ~/.zshrc, for zsh' },
    ],
    async run([shell], _values, io) {
      if (!SHELLS.includes(shell))
        throw new UsageError(
          `Cannot complete in "${shell}": expected one of ${SHELLS.join(', ')}`,
          `Run: ${program().name} completion --help`,
        );
      for (const line of scriptFor(program(), shell)) io.out(line);
      return EXIT.done;
    },
  });
}

function scriptFor({ name, commands }: Program, shell: string): string[] {
  const words = (all: readonly string[]) => all.join(' ');
  const cases = commands.map(
    (one) => `    ${one.name}) words="${words(optionsOf(one))}" values="${words(valuesOf(one))}" ;;`,
  );
  return [
    ...(shell === 'zsh' ? ['autoload -Uz bashcompinit && bashcompinit'] : []),
    `_${name}() {`,
    `  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words="" values=""`,
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W "${words([...commands.map((one) => one.name), '--help'])}" -- "$current"))`,
    '    return',
    '  fi',
    `  case "\${COMP_WORDS[1]}" in`,
    ...cases,
    '  esac',
    '  if [[ " $values " == *" $before "* || "$current" != -* ]]; then',
    '    COMPREPLY=($(compgen -f -- "$current"))',
    '  else',
    '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  fi',
    '}',
    `complete -o filenames -F _${name} ${name}`,
  ];
}

function optionsOf({ options }: Command): readonly string[] {
  return [...Object.keys(options).map((one) => `--${one}`), '--help'];
}

/** Options that want a value. */
function valuesOf({ options }: Command): readonly string[] {
  return Object.entries(options).flatMap(([name, { type }]) => (type === 'string' ? `--${name}` : []));
}
