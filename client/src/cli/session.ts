// Which library does a command read, and how does it say what it reads? Shared by the commands of `cfl`.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseDate } from '../encoding/index.ts';
import type { BundleAbout, Library, Transfer } from '../library/index.ts';
import { RefusedError, UnreachableError } from '../tuf/errors.ts';
import type { Repository, Step } from '../tuf/index.ts';
import type { Io } from './io.ts';
import { checkLine, progressBar } from './layout.ts';

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
  readonly repository: Repository;
  readonly name: string;
  readonly url: string;
  readonly bundle: BundleAbout | undefined;
}

export interface SessionOptions {
  readonly io: Io;
  readonly home: string;
  /** Read instead of the pinned address. */
  readonly bundle?: string | undefined;
  /** For a command that reads the whole library and leaves no evidence. */
  readonly keeps?: 'nothing';
  /** Said as each becomes trusted: root, timestamp, snapshot. */
  readonly steps?: 'say';
}

/** Opens the pinned library, and closes it afterwards. */
export async function withLibrary<T>(
  { io, home, steps, bundle, keeps }: SessionOptions,
  act: (session: Session) => Promise<T>,
): Promise<T> {
  const [{ keptUntil, openLibrary }, { minute }] = await Promise.all([
    // Not the whole folder: a command that verifies no evidence need not load what does
    import('../library/open.ts'),
    import('../tuf/index.ts'),
  ]);
  const onStep = (step: Step) => {
    const line = stepLine(step, minute);
    if (steps === 'say' && line !== undefined) io.err(line);
  };
  io.progress('Reading the library');
  const opened = await openLibrary({
    home,
    now: io.now,
    wait: io.wait,
    env: io.env,
    onStep,
    onTransfer: (transfer) => showTransfer(transfer, io),
    ...(bundle === undefined ? {} : { bundle }),
    ...(keeps === undefined ? {} : { keeps }),
  });
  try {
    return await act(opened);
  } catch (error) {
    if (bundle !== undefined) throw aboutBundle(error);
    if (error instanceof UnreachableError) throw withWhatIsKept(error, await keptUntil(home), minute);
    throw error;
  } finally {
    io.progress(undefined);
    opened.close();
  }
}

/** Octets. What is smaller is there before anybody has read a line. */
const WORTH_A_BAR = 65_536;

function showTransfer({ url, octets, limit }: Transfer, io: Io): void {
  if (limit < WORTH_A_BAR || !url.includes('/targets/')) return;
  io.progress(progressBar(/image\.ota/.test(url) ? 'Fetching the image' : 'Fetching', octets, limit));
}

/** Nobody renews a bundle: a newer one is needed. */
function aboutBundle(error: unknown): unknown {
  if (!(error instanceof RefusedError) || error.code !== 'EXPIRED') return error;
  const hint = 'The bundle is too old to be trusted. Get a newer one, made today: cfl bundle FILE';
  return new RefusedError(error.code, error.message, { ...error.detail, hint, cause: error.cause });
}

/** How old what a bundle holds is: by its maker's word, and by the library's. */
export function bundleAge(
  { made }: BundleAbout,
  { now, until, minute }: { now: Date; until: Date; minute: (date: Date) => string },
): string {
  const days = Math.floor((now.getTime() - parseDate(made).getTime()) / 86_400_000);
  const age =
    days < 0
      ? 'which is yet to come: check the clock of this machine'
      : days === 0
        ? 'less than a day ago'
        : `${days} day${days === 1 ? '' : 's'} ago`;
  return `From a bundle that was made on ${minute(parseDate(made))}, as it says itself, ${age}. Nothing that came later is known here; good until ${minute(until)}`;
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
