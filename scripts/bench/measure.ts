// How long does it take? In rounds: every work once a round, so that a slow moment of the machine falls on
// all of them alike.

export interface Work {
  readonly name: string;
  run(): unknown;
}

/** Median milliseconds by the work's name. The first rounds warm up and are not counted. */
export async function measure(
  works: readonly Work[],
  rounds: { readonly warm: number; readonly counted: number },
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>(works.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds.warm + rounds.counted; round++) {
    for (const { name, run } of works) {
      const started = performance.now();
      await run();
      if (round >= rounds.warm) times.get(name)?.push(performance.now() - started);
    }
  }
  return new Map([...times].map(([name, found]) => [name, median(found)]));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = sorted.slice(
    sorted.length % 2 === 0 ? middle - 1 : middle,
    middle + 1,
  );
  return sorted.length % 2 === 0 ? (low + high) / 2 : low;
}
