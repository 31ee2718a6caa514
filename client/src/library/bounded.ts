// How many at once? Work in a queue, first come first served, for downloads and whatever else must be bounded.

export type Bound = <T>(work: () => Promise<T>) => Promise<T>;

export function atMost(most: number): Bound {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    // The one that ends hands its place on, so that nobody who comes later takes it
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
