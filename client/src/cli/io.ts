// What does a program see of the outside? Lines out, questions in, the environment and the clock.
//
// Results go to `out`, everything else to `err`. Progress is shown on a terminal only, and is gone before
// the next line. Control characters never reach a terminal: what is printed may quote somebody else's file.

export interface Io {
  /** One line of the result. */
  out(line: string): void;
  /** One line of anything else: checks, advice, errors. */
  err(line: string): void;
  /** Replaces the progress shown before; undefined takes it away. */
  progress(text: string | undefined): void;
  /** Columns of the terminal that the results go to; undefined where they go to a file or a pipe. */
  readonly width: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The moment at which the program started: one for everything that it judges. */
  readonly now: Date;
  /** Lets time pass, between two attempts at the same thing. */
  wait(milliseconds: number): Promise<void>;
  /** Asks without showing what is typed; `again` asks twice, for a new passphrase. Throws KeyError. */
  passphrase(prompt: string, again?: string): Promise<string>;
  /** `Endorse as Example Energy? [y/N]`: true for y or yes alone, false also where nobody is there to answer. */
  confirm(question: string): Promise<boolean>;
}

/** The process's own streams. A reader that went away (`| head`) is no error, and stops no work. */
export function processIo(): Io {
  const { stdout, stderr } = process;
  for (const stream of [stdout, stderr]) stream.on('error', ignoreBrokenPipe);
  let shown = false;
  const progress = (text: string | undefined) => {
    if (stderr.isTTY !== true || (text === undefined && !shown)) return;
    shown = text !== undefined;
    stderr.write(`\r\u001b[2K${text === undefined ? '' : printable(text)}`);
  };
  const write = (stream: NodeJS.WriteStream, line: string) => {
    progress(undefined);
    stream.write(`${printable(line)}\n`);
  };
  return {
    out: (line) => write(stdout, line),
    err: (line) => write(stderr, line),
    progress,
    width: stdout.isTTY === true ? stdout.columns : undefined,
    env: process.env,
    now: new Date(),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    async passphrase(prompt, again) {
      progress(undefined);
      const { readPassphrase } = await import('../keys/index.ts');
      return readPassphrase({ prompt, env: process.env, ...(again === undefined ? {} : { again }) });
    },
    async confirm(question) {
      progress(undefined);
      if (process.stdin.isTTY !== true) return false;
      const { createInterface } = await import('node:readline/promises');
      const terminal = createInterface({ input: process.stdin, output: stderr });
      try {
        return isYes(await terminal.question(`${printable(question)} [y/N] `));
      } finally {
        terminal.close();
      }
    },
  };
}

function isYes(answer: string): boolean {
  return /^\s*y(es)?\s*$/i.test(answer);
}

function ignoreBrokenPipe(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error;
}

/** Line ends stay: a line of ours may have several; what it quotes was checked or escaped before. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

export interface MemoryIo extends Io {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Milliseconds that were waited, in no time. */
  readonly waits: readonly number[];
}

/** Keeps what is said. For tests, and for programs that run others within themselves. */
export function memoryIo(
  given: Partial<Pick<Io, 'env' | 'now' | 'width' | 'passphrase' | 'confirm'>> = {},
): MemoryIo {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const waits: number[] = [];
  return {
    stdout,
    stderr,
    waits,
    out: (line) => void stdout.push(line),
    err: (line) => void stderr.push(line),
    progress: () => {},
    width: given.width,
    env: given.env ?? {},
    now: given.now ?? new Date(),
    wait: async (milliseconds) => void waits.push(milliseconds),
    passphrase:
      given.passphrase ?? (() => Promise.reject(new TypeError('No passphrase was given to memoryIo'))),
    confirm: given.confirm ?? (async () => false),
  };
}
