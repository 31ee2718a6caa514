// Who is writing to this library: one process at a time.
//
// Rules
// - The lock is a file with the writer's process, host and time, created only where there is none.
// - A lock whose process on this host is gone was left by a crash and is taken over. One of another host,
//   or one that cannot be read, is a person's to judge: `unlock`.
// - Several may find the same dead lock. Who may replace it is settled by a lock of its own, named after
//   the dead one; whoever has that looks again before replacing, since another may have come and gone.
// - A lock is given back by its holder alone.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { encodeDate, type JsonObject, parseDate, parseJson } from '@cfl/client/encoding';
import type { Files } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';

const LOCK = 'lock.json';

interface Holder {
  readonly id: string;
  readonly process: number;
  readonly host: string;
  readonly since: string;
}

/** What this process holds or is about to take, by its id. */
const held = new Set<string>();

/** Runs the work with the lock held. Throws LOCKED, exit code 3, where another process has it. */
export async function withLock<T>(files: Files, now: Date, work: () => Promise<T>): Promise<T> {
  const holder: Holder = { id: randomUUID(), process: process.pid, host: hostname(), since: encodeDate(now) };
  // Before the file is there: whoever finds the file must not take it for a dead process's
  held.add(holder.id);
  try {
    await take(LOCK, holder, files);
    try {
      return await work();
    } finally {
      await giveBack(LOCK, holder, files);
    }
  } finally {
    held.delete(holder.id);
  }
}

async function take(file: string, holder: Holder, files: Files): Promise<void> {
  if (await files.writeNew(file, encode(holder))) return;
  const other = await readHolder(file, files);
  if (other !== undefined && isAlive(other)) throw locked(other);
  // Given back a moment ago, or taken over by now: look again
  if (other === undefined || !(await takeOver(file, other, holder, files))) await take(file, holder, files);
}

async function takeOver(file: string, dead: Holder, holder: Holder, files: Files): Promise<boolean> {
  const right = `lock-after-${dead.id}.json`;
  await take(right, holder, files);
  try {
    const isStill = (await readHolder(file, files))?.id === dead.id;
    if (isStill) await files.replace(file, encode(holder));
    return isStill;
  } finally {
    await giveBack(right, holder, files);
  }
}

async function giveBack(file: string, { id }: Holder, files: Files): Promise<void> {
  const there = await files.read(file);
  if (there !== undefined && parseHolder(there)?.id === id) await files.remove(file);
}

/** For a lock of another host, when a person knows that its writer is dead. */
export function unlock(files: Files): Promise<void> {
  return files.remove(LOCK);
}

function encode(holder: Holder): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(holder));
}

async function readHolder(file: string, files: Files): Promise<Holder | undefined> {
  const octets = await files.read(file);
  if (octets === undefined) return undefined;
  const holder = parseHolder(octets);
  if (holder !== undefined) return holder;
  throw new ChangeError(
    'LOCKED',
    'Cannot write to this library: its lock does not say who is writing',
    'If nobody is: cfl-repo unlock',
  );
}

function parseHolder(octets: Uint8Array): Holder | undefined {
  try {
    const { id, process: number, host, since } = parseJson(octets) as JsonObject;
    if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id) || typeof host !== 'string') return undefined;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 1) return undefined;
    return { id, process: number, host, since: encodeDate(parseDate(since)) };
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  if (holder.process === process.pid) return held.has(holder.id);
  try {
    process.kill(holder.process, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function locked({ process: id, host, since }: Holder): ChangeError {
  const at = `${since.slice(11, 19)} UTC`;
  return new ChangeError(
    'LOCKED',
    `Cannot write to this library: process ${id} on host "${host}" has been writing since ${at}`,
    'Wait for it; if it is dead: cfl-repo unlock',
  );
}
