// One writer at a time: who holds the lock is said, a dead holder's is taken over, and by one alone.

import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Files, folder } from '@cfl/client/library';
import { describe, expect, it, onTestFinished } from 'vitest';
import { unlock, withLock } from '../../src/deploy/lock.ts';
import { NOW } from '../fixture.ts';
import { child } from './child.ts';
import { around, MemoryFiles } from './memory-files.ts';
import { Death } from './mortal.ts';
import { random } from './random.ts';
import { octets } from './scene.ts';

const SINCE = new Date('2026-11-18T10:05:38Z');
const DEAD = 2 ** 22 + 1;

async function temporary(): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-test-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  return base;
}

function lockOf(holder: { process: number; host?: string; id?: string }): Uint8Array {
  const since = '2026-11-18T10:05:38Z';
  return octets(JSON.stringify({ id: 'dead-1', host: hostname(), since, ...holder }));
}

const work = async () => 'done';

describe('another live process', () => {
  it('holds the lock: it is named, with its time, and the exit code says try again', async () => {
    const base = await temporary();
    const files = folder(base, 'secret');
    const other = child('./holder.ts', [base, SINCE.toISOString()]);
    expect(await other.next()).toBe('ready');
    other.say('go\n');
    expect(await other.next()).toBe('held');
    await expect(withLock(files, NOW, work)).rejects.toMatchObject({
      code: 'LOCKED',
      exit: 3,
      message: `Cannot write to this library: process ${other.process.pid} on host "${hostname()}" has been writing since 10:05:38 UTC`,
      hint: 'Wait for it; if it is dead: cfl-repo unlock',
    });
    await other.end();
    expect(await withLock(files, NOW, work)).toBe('done');
    expect(await files.list('')).toEqual([]);
  });

  it('was killed: its lock is taken over', async () => {
    const base = await temporary();
    const files = folder(base, 'secret');
    const other = child('./holder.ts', [base, SINCE.toISOString()]);
    await other.next();
    other.say('go\n');
    expect(await other.next()).toBe('held');
    await other.end('SIGKILL');
    expect(await files.list('')).toEqual(['lock.json']);
    expect(await withLock(files, NOW, work)).toBe('done');
    expect(await files.list('')).toEqual([]);
  });

  it('of four that start at once over a dead lock, one writes', async () => {
    const base = await temporary();
    const files = folder(base, 'secret');
    await files.replace('lock.json', lockOf({ process: DEAD }));
    const others = Array.from({ length: 4 }, () => child('./holder.ts', [base, SINCE.toISOString()]));
    for (const other of others) expect(await other.next()).toBe('ready');
    for (const other of others) other.say('go\n');
    const said = await Promise.all(others.map((other) => other.next()));
    expect(said.toSorted()).toEqual(['LOCKED', 'LOCKED', 'LOCKED', 'held']);
    await Promise.all(others.map((other) => other.end()));
    expect(await files.list('')).toEqual([]);
  });
});

describe('a lock file', () => {
  it('of a process that is gone is taken over', async () => {
    const files = new MemoryFiles(new Map([['lock.json', lockOf({ process: DEAD })]]));
    expect(await withLock(files, NOW, work)).toBe('done');
    expect([...files.content.keys()]).toEqual([]);
  });

  it('of a process that had our number before us is taken over', async () => {
    const files = new MemoryFiles(new Map([['lock.json', lockOf({ process: process.pid })]]));
    expect(await withLock(files, NOW, work)).toBe('done');
  });

  it("of another host is not: that is a person's to judge", async () => {
    const files = new MemoryFiles(new Map([['lock.json', lockOf({ process: DEAD, host: 'ops-1' })]]));
    await expect(withLock(files, NOW, work)).rejects.toMatchObject({
      code: 'LOCKED',
      message: `Cannot write to this library: process ${DEAD} on host "ops-1" has been writing since 10:05:38 UTC`,
    });
    await unlock(files);
    expect(await withLock(files, NOW, work)).toBe('done');
  });

  it.each([
    ['empty', ''],
    ['no JSON', 'process 12'],
    ['without a holder', '{}'],
    ['with a number that is none', `{"id":"a","process":"1","host":"ops-1","since":"2026-11-18T10:05:38Z"}`],
    ['of every process', `{"id":"a","process":-1,"host":"ops-1","since":"2026-11-18T10:05:38Z"}`],
    ['with a path as its id', `{"id":"../a","process":1,"host":"ops-1","since":"2026-11-18T10:05:38Z"}`],
  ])('that is %s locks, and says so', async (_name, text) => {
    const files = new MemoryFiles(new Map([['lock.json', octets(text)]]));
    await expect(withLock(files, NOW, work)).rejects.toMatchObject({
      code: 'LOCKED',
      message: 'Cannot write to this library: its lock does not say who is writing',
      hint: 'If nobody is: cfl-repo unlock',
    });
  });

  it('is given back when the work fails, with the error of the work', async () => {
    const files = new MemoryFiles();
    const failing = withLock(files, NOW, () => Promise.reject(new Error('no space left')));
    await expect(failing).rejects.toThrow('no space left');
    expect(await files.list('')).toEqual([]);
  });

  it("is not given back where it is another's by now, after somebody unlocked", async () => {
    const files = new MemoryFiles();
    await withLock(files, NOW, async () => {
      await unlock(files);
      await files.writeNew('lock.json', lockOf({ process: 1, host: 'ops-1' }));
    });
    expect(await files.list('')).toEqual(['lock.json']);
  });
});

describe('takers at once in one process', () => {
  it('one of two wins, with no lock there', async () => {
    await expectOneWinner(new MemoryFiles());
  });

  it('one of two wins, over a dead lock', async () => {
    await expectOneWinner(new MemoryFiles(new Map([['lock.json', lockOf({ process: DEAD })]])));
  });

  it('one of two wins in a real folder', async () => {
    const files = folder(await temporary(), 'secret');
    await files.replace('lock.json', lockOf({ process: DEAD }));
    await expectOneWinner(files);
  });

  async function expectOneWinner(files: Files): Promise<void> {
    const whileHeld = () => new Promise<string>((resolve) => setTimeout(resolve, 50, 'done'));
    const results = await Promise.allSettled([
      withLock(files, NOW, whileHeld),
      withLock(files, NOW, whileHeld),
    ]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'LOCKED' } });
    expect(await files.list('')).toEqual([]);
  }

  it('never are two inside, in whatever order their operations fall, and whoever of them dies', async () => {
    let entered = 0;
    let died = 0;
    for (let seed = 1; seed <= 600; seed++) {
      const files = new MemoryFiles(
        seed % 3 === 0 ? new Map() : new Map([['lock.json', lockOf({ process: DEAD })]]),
      );
      const schedule = new Schedule(random(seed));
      let inside = 0;
      let most = 0;
      const takers = [1, 2, 3].map(() => {
        const dies = schedule.random() < 0.4 ? Math.ceil(schedule.random() * 8) : Number.POSITIVE_INFINITY;
        const view = schedule.over(files, dies);
        return withLock(view, NOW, async () => {
          most = Math.max(most, ++inside);
          entered++;
          try {
            // Somewhere to be interrupted, and to die
            for (let i = 0; i < 2; i++) await view.read('something');
          } finally {
            inside--;
          }
        }).catch((error: unknown) => {
          if (!(error instanceof Death)) expect(error).toMatchObject({ code: 'LOCKED' });
          else died++;
        });
      });
      await schedule.run(takers);
      expect(most, `seed ${seed}`).toBeLessThan(2);
      expect(await withLock(files, NOW, work), `seed ${seed}`).toBe('done');
      expect(files.content.has('lock.json')).toBe(false);
    }
    expect(entered).toBeGreaterThan(600);
    expect(died).toBeGreaterThan(100);
  });
});

/** Lets one waiting operation after the other happen, in an order of its own choosing. */
class Schedule {
  readonly random: () => number;
  readonly #waiting: (() => void)[] = [];

  constructor(next: () => number) {
    this.random = next;
  }

  over(files: Files, dies: number): Files {
    let operations = 0;
    return around(files, async (_operation, work) => {
      if (operations >= dies) throw new Death('dead already');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (++operations === dies && this.random() < 0.5) throw new Death('died before');
      const result = await work();
      if (operations === dies) throw new Death('died after');
      return result;
    });
  }

  async run(takers: readonly Promise<unknown>[]): Promise<void> {
    let open = true;
    const all = Promise.all(takers).finally(() => {
      open = false;
    });
    while (open) {
      await new Promise(setImmediate);
      this.#waiting.splice(Math.floor(this.random() * this.#waiting.length), 1)[0]?.();
    }
    await all;
  }
}
