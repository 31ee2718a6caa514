// Who is writing to this library: one process at a time.
//
// The lock is a file with the writer's process, host and time. A lock whose process on this host is
// gone was left by a crash and is taken over; one of another host is a person's to judge: `unlock`.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { encodeDate, parseJson } from '@cfl/client/encoding';
import type { Files } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';

const LOCK = 'lock.json';

interface Holder {
  readonly id: string;
  readonly process: number;
  readonly host: string;
  readonly since: string;
}

/** The locks that this process holds at this moment, by their id. */
const held = new Set<string>();

/** Runs the work with the lock held. Throws LOCKED, exit code 3, where another process has it. */
export async function withLock<T>(files: Files, now: Date, work: () => Promise<T>): Promise<T> {
  const holder: Holder = { id: randomUUID(), process: process.pid, host: hostname(), since: encodeDate(now) };
  await take(files, holder);
  held.add(holder.id);
  try {
    return await work();
  } finally {
    held.delete(holder.id);
    await files.remove(LOCK);
  }
}

async function take(files: Files, holder: Holder): Promise<void> {
  const octets = new TextEncoder().encode(JSON.stringify(holder));
  if (await files.writeNew(LOCK, octets)) return;
  const other = await readHolder(files);
  if (other !== undefined && isAlive(other)) throw locked(other);
  await files.remove(LOCK);
  if (await files.writeNew(LOCK, octets)) return;
  throw locked((await readHolder(files)) ?? holder);
}

export async function readHolder(files: Files): Promise<Holder | undefined> {
  const octets = await files.read(LOCK);
  return octets && (parseJson(octets) as unknown as Holder);
}

/** For a lock of another host, when a person knows that its writer is dead. */
export function unlock(files: Files): Promise<void> {
  return files.remove(LOCK);
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
