// Where does the time go? The CPU profile of one piece of work, by function. What Node does inside of itself
// counts for the function that asked for it.

import { Session } from 'node:inspector/promises';

export interface Entry {
  /** `verify src/evidence/verify.ts` */
  readonly name: string;
  /** Of the whole time, 0 to 1. */
  readonly share: number;
}

export interface Profiled {
  readonly milliseconds: number;
  /** Of this process, all threads: what else runs on the machine adds less to it than to the time of day. */
  readonly cpuMilliseconds: number;
  /** The largest first. */
  readonly entries: readonly Entry[];
}

export async function profiled(work: () => Promise<unknown>): Promise<Profiled> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  const started = performance.now();
  const usedBefore = process.cpuUsage();
  await work();
  const milliseconds = performance.now() - started;
  const { user, system } = process.cpuUsage(usedBefore);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const names = namesOf(profile.nodes);
  const own = new Map<string, number>();
  let total = 0;
  for (const [i, id] of (profile.samples ?? []).entries()) {
    const time = profile.timeDeltas?.[i] ?? 0;
    const name = names.get(id) ?? '';
    total += time;
    own.set(name, (own.get(name) ?? 0) + time);
  }
  const entries = [...own].map(([name, time]) => ({ name, share: time / total }));
  return {
    milliseconds,
    cpuMilliseconds: (user + system) / 1000,
    entries: entries.sort((a, b) => b.share - a.share),
  };
}

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[] | undefined;
}

function namesOf(nodes: readonly Node[]): ReadonlyMap<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  return new Map(
    nodes.map((node) => {
      for (let at: Node | undefined = node; at !== undefined; at = byId.get(callers.get(at.id) ?? -1))
        if (at.callFrame.url !== '' && !at.callFrame.url.startsWith('node:')) return [node.id, nameOf(at)];
      return [node.id, node.callFrame.functionName];
    }),
  );
}

/** `realloc core/dist/stream.js` */
function nameOf({ callFrame: { functionName, url } }: Node): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return `${name} ${url.split('/').slice(-3).join('/')}`;
}
