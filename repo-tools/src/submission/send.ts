// How does a submission get to the library? Into a folder that both sides see, or as a pull request to the operator's
// inbox on GitHub.
//
// Rules
// - What is sent is public by then, or sealed: the way need not be secret, and nothing of it is trusted. The gateway
//   decides by the signatures in the folder alone.
// - Sending again what was sent does nothing. A submission that was mended takes the place of the one before.
// - `change.json` is written last: without it a folder is no submission.

import { equalOctets } from '@cfl/client/encoding';
import { type Files, folder } from '@cfl/client/library';
import { SendError } from './send-errors.ts';
import { sendToGitHub } from './send-github.ts';

const HEAD = 'change.json';

export interface SendOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `unhurried` keeps to what GitHub asks of those who write: one request a second. */
  readonly pace?: 'unhurried' | 'at once';
}

export interface Sent {
  /** Where a person may look at it. */
  readonly place: string;
  readonly how: 'sent' | 'there already';
}

/** One folder, as cfl-publish wrote it; `base` is its path in `files`, and its name is the submission's. */
export interface Sending {
  readonly files: Files;
  readonly base: string;
}

/** `github:OWNER/NAME` or `folder:DIR`. Throws SendError or UnreachableError. */
export async function sendSubmission(from: Sending, to: string, options: SendOptions): Promise<Sent> {
  const parsed = parseDestination(to);
  const files = await filesOf(from);
  const name = from.base.split('/').at(-1) ?? from.base;
  return parsed.kind === 'folder'
    ? sendToFolder(files, name, parsed.path)
    : sendToGitHub(files, name, { ...parsed, ...options });
}

type Destination =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'github'; readonly owner: string; readonly repo: string };

/** Asked before anything is signed, too. */
export function parseDestination(to: string): Destination {
  const path = /^folder:(.+)$/s.exec(to)?.[1];
  if (path !== undefined) return { kind: 'folder', path };
  const [, owner, repo] = /^github:([A-Za-z0-9-]{1,39})\/([A-Za-z0-9._-]{1,100})$/.exec(to) ?? [];
  if (owner !== undefined && repo !== undefined) return { kind: 'github', owner, repo };
  throw new SendError(
    'NO_INBOX',
    `Cannot send to "${to}": expected github:OWNER/NAME or folder:DIR`,
    'Ask the operator where submissions go',
  );
}

/** In the order in which they are to be written. */
async function filesOf({ files, base }: Sending): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const paths = await files.list(base);
  for (const path of [...paths.filter((one) => one !== HEAD), ...paths.filter((one) => one === HEAD)]) {
    const octets = await files.read(`${base}/${path}`);
    if (octets !== undefined) found.set(path, octets);
  }
  if (found.has(HEAD)) return found;
  throw new SendError(
    'NO_INBOX',
    `Cannot send "${base}": it has no ${HEAD}`,
    'Give the folder that cfl-publish submit wrote',
  );
}

async function sendToFolder(
  files: ReadonlyMap<string, Uint8Array>,
  name: string,
  path: string,
): Promise<Sent> {
  const to = folder(path);
  const there = await to.list(name);
  const same = there.length === files.size && (await areThere(files, name, to));
  const place = `${path.replace(/\/+$/, '')}/${name}`;
  if (same) return { place, how: 'there already' };
  // Half of two submissions must never look like one
  if (there.includes(HEAD)) await to.remove(`${name}/${HEAD}`);
  for (const old of there) if (!files.has(old)) await to.remove(`${name}/${old}`);
  for (const [file, octets] of files) await to.replace(`${name}/${file}`, octets);
  return { place, how: 'sent' };
}

async function areThere(files: ReadonlyMap<string, Uint8Array>, name: string, to: Files): Promise<boolean> {
  for (const [file, octets] of files) {
    const found = await to.read(`${name}/${file}`);
    if (found === undefined || !equalOctets(found, octets)) return false;
  }
  return true;
}
