// What do other users of the machine see of a process and its children, while it runs? On Linux: the command
// lines that every user sees, and the environments that root sees and children inherit.

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** False on systems without /proc. */
export const seesProcesses = existsSync('/proc/self/environ');

export interface Watch {
  /** `cmdline of node`, and what stood there. */
  readonly seen: ReadonlyMap<string, string>;
  /** How many processes there were in all. */
  readonly processes: ReadonlySet<number>;
  stop(): Promise<void>;
}

const PAUSE = 20;

/** Looks again and again until it is stopped. */
export function watch(root: number): Watch {
  const parents = new Map<number, number>();
  const seen = new Map<string, string>();
  const processes = new Set<number>();
  let watching = true;
  const look = async () => {
    while (watching) {
      for (const pid of await family(root, parents)) {
        for (const what of ['cmdline', 'environ'] as const) {
          const text = await readFile(`/proc/${pid}/${what}`, 'latin1').catch(() => '');
          if (text === '') continue;
          processes.add(pid);
          seen.set(`${what} of process ${pid}: ${text}`, text);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  };
  const looking = look();
  return {
    seen,
    processes,
    async stop() {
      watching = false;
      await looking;
    },
  };
}

/** The process and everything that descends from it. */
async function family(root: number, parents: Map<number, number>): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) if (!parents.has(pid)) parents.set(pid, await parentOf(pid));
  return pids.filter((pid) => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
      if (at === root) return true;
    return false;
  });
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // Behind the name, which may hold anything: state and parent
  return Number(/^ \S (\d+)/.exec(stat.slice(stat.lastIndexOf(')') + 1))?.[1] ?? 0);
}
