// What do other TUF implementations take for the same file? Each in a process of its own, with a time limit.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Sample } from './sample.ts';

const run = promisify(execFile);
const HERE = import.meta.dirname;

/** Median milliseconds; `late`: not within the limit; undefined: not there, or it does not work. */
export type Answer = number | 'late' | undefined;

export interface Other {
  readonly name: string;
  readonly program: string;
  readonly script: string;
}

export interface Ask {
  readonly runs: number;
  readonly seconds: number;
}

export const TUF_JS: Other = {
  name: '@tufjs/models',
  program: process.execPath,
  script: join(HERE, 'tufjs.ts'),
};

/** The interpreter that CFL_BENCH_PYTHON names, or `python3`; undefined where it has no tuf. */
export async function findPythonTuf(): Promise<Other | undefined> {
  const program = process.env['CFL_BENCH_PYTHON'] ?? 'python3';
  try {
    const { stdout } = await run(program, ['-c', 'import tuf; print(tuf.__version__)']);
    return { name: `python-tuf ${stdout.trim()}`, program, script: join(HERE, 'python_tuf.py') };
  } catch {
    return undefined;
  }
}

export async function ask(other: Other, sample: Sample, { runs, seconds }: Ask): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), 'cfl-bench-'));
  try {
    const files = [join(folder, 'root.json'), join(folder, 'targets.json')] as const;
    await writeFile(files[0], sample.root);
    await writeFile(files[1], sample.octets);
    const { stdout } = await run(other.program, [other.script, ...files, String(runs)], {
      timeout: seconds * 1000,
    });
    return Number(stdout);
  } catch (error) {
    if ((error as { killed?: boolean }).killed === true) return 'late';
    console.error(`${other.name} did not do it: ${error instanceof Error ? error.message : error}`);
    return undefined;
  } finally {
    await rm(folder, { recursive: true });
  }
}
