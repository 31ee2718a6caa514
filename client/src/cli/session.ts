// Which library does a command read, and how does it say what it reads? Shared by the commands of `cfl`.

import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Library } from '../library/index.ts';
import { UnreachableError } from '../tuf/errors.ts';
import type { Step } from '../tuf/index.ts';
import type { Io } from './io.ts';
import { checkLine } from './layout.ts';

export const HOME_OPTION = {
  home: {
    type: 'string',
    value: 'DIR',
    does: 'where the pinned library is kept; else CFL_HOME, else ~/.config/cfl',
  },
} as const;

export function homeOf({ home }: { readonly home?: string }, io: Io): string {
  return home ?? (io.env['CFL_HOME'] || join(homedir(), '.config', 'cfl'));
}

export interface Session {
  readonly library: Library;
  readonly name: string;
  readonly url: string;
}

export interface SessionOptions {
  readonly io: Io;
  readonly home: string;
  /** Said as each becomes trusted: root, timestamp, snapshot. */
  readonly steps?: 'say';
}

/** Opens the pinned library, and closes it afterwards. */
export async function withLibrary<T>(
  { io, home, steps }: SessionOptions,
  act: (session: Session) => Promise<T>,
): Promise<T> {
  const [{ keptUntil, openLibrary }, { minute }] = await Promise.all([
    import('../library/index.ts'),
    import('../tuf/index.ts'),
  ]);
  const onStep = (step: Step) => {
    const line = stepLine(step, minute);
    if (steps === 'say' && line !== undefined) io.err(line);
  };
  io.progress('Reading the library');
  const opened = await openLibrary({ home, now: io.now, wait: io.wait, onStep });
  try {
    return await act(opened);
  } catch (error) {
    if (error instanceof UnreachableError) throw withWhatIsKept(error, await keptUntil(home), minute);
    throw error;
  } finally {
    io.progress(undefined);
    opened.close();
  }
}

/** Delegated roles are no news to a reader. */
function stepLine(
  { role, version, expires, signers }: Step,
  minute: (date: Date) => string,
): string | undefined {
  switch (role as string) {
    case 'root':
      return checkLine('ok', role, `version ${version}, ${signers.threshold} of ${signers.of} signatures`);
    case 'timestamp':
      return checkLine('ok', role, `version ${version}, good until ${minute(expires)}`);
    case 'snapshot':
      return checkLine('ok', role, `version ${version}`);
    default:
      return undefined;
  }
}

function withWhatIsKept(
  error: UnreachableError,
  until: Date | undefined,
  minute: (date: Date) => string,
): UnreachableError {
  if (until === undefined) return error;
  const kept = `What you have is good until ${minute(until)}`;
  const hint = error.hint === undefined ? kept : `${error.hint}. ${kept}`;
  return new UnreachableError(error.code, error.message, { hint, cause: error.cause });
}
