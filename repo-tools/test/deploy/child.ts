// A child process that runs one of this folder's scripts, and is gone when the test ends.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  /** Every line that it has printed. */
  readonly lines: readonly string[];
  /** The next line; undefined where it ended. */
  next(): Promise<string | undefined>;
  say(text: string): void;
  /** Sends the signal, or closes the input, and waits for the end. */
  end(signal?: 'SIGKILL'): Promise<void>;
}

export function child(script: string, args: readonly string[]): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const started = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(started, 'close');
  onTestFinished(() => {
    started.kill('SIGKILL');
  });
  // It may be killed while it is written to
  started.stdin.on('error', () => undefined);
  let complaint = '';
  started.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const lines: string[] = [];
  const input = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  return {
    process: started,
    lines,
    async next() {
      const { value, done } = await input.next();
      if (done === true) {
        if (complaint !== '') throw new Error(complaint);
        return undefined;
      }
      lines.push(value);
      return value;
    },
    say: (text) => started.stdin.write(text),
    async end(signal) {
      if (signal === undefined) started.stdin.end();
      else started.kill(signal);
      await ended;
    },
  };
}
