// How does a submission become a pull request? One branch and one commit, made with the git data interface.
//
// Rules
// - The branch is `submit/<name>`; the commit puts the folder `<name>` into the newest state of the default branch, in
//   place of one of that name.
// - The id of the folder's git tree says whether a branch, or the inbox itself, holds this very submission already.
// - The token is of the environment, and goes to the address of the interface and nowhere else: redirects that leave
//   it are refused, and no message repeats it.

import { readFile } from 'node:fs/promises';
import { UnreachableError } from '@cfl/client/tuf';
import type { Octokit } from 'octokit';
import type { SendOptions, Sent } from './send.ts';
import { SendError } from './send-errors.ts';

export interface GitHubInbox extends SendOptions {
  readonly owner: string;
  readonly repo: string;
}

type Content = ReadonlyMap<string, Uint8Array>;

/** Throws SendError or UnreachableError. */
export async function sendToGitHub(files: Content, name: string, inbox: GitHubInbox): Promise<Sent> {
  const { owner, repo } = inbox;
  const at = { owner, repo };
  const github = await connect(inbox);
  return toldPlainly(inbox, async () => {
    const { data: repository } = await github.rest.repos.get(at);
    const branch = repository.default_branch;
    const head = (await github.rest.git.getRef({ ...at, ref: `heads/${branch}` })).data.object.sha;
    const tree = await makeTree(github, at, files);
    if ((await folderIn(github, at, head, name)) === tree)
      return { place: `${repository.html_url}/tree/${branch}/${name}`, how: 'there already' };
    const ref = `heads/submit/${name}`;
    const present = await refOf(github, at, ref);
    const isThere = present !== undefined && (await folderIn(github, at, present, name)) === tree;
    const requests = (await github.rest.pulls.list({ ...at, head: `${owner}:submit/${name}`, state: 'all' }))
      .data;
    const open = requests.find(({ state }) => state === 'open');
    if (isThere && open !== undefined) return { place: open.html_url, how: 'there already' };
    const last = requests[0];
    if (isThere && last !== undefined) return wasClosed(last, name);
    if (!isThere) await commitTo(github, at, { ref, present, head, name, tree });
    if (open !== undefined) return { place: open.html_url, how: 'sent' };
    const asked = { ...at, title: name, head: `submit/${name}`, base: branch, body: BODY };
    return { place: (await github.rest.pulls.create(asked)).data.html_url, how: 'sent' };
  });
}

const BODY =
  'A submission to the library. Nothing in it is trusted for lying here: the gateway decides by its signatures.';

interface At {
  readonly owner: string;
  readonly repo: string;
}

async function connect({ env, pace = 'unhurried' }: GitHubInbox): Promise<Octokit> {
  const auth = await tokenOf(env);
  const { Octokit: Client } = await import('octokit');
  const baseUrl = addressOf(env);
  const silent = () => {};
  return new Client({
    auth,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    // What goes wrong is said once, here
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: { fetch: (url: string, options: RequestInit) => fetch(url, { ...options, redirect: 'error' }) },
    ...(pace === 'unhurried' ? {} : { throttle: { enabled: false }, retry: { enabled: false } }),
  });
}

/** Another address than GitHub's own: a server of a company. In the clear only to this machine. */
function addressOf(env: SendOptions['env']): string | undefined {
  const address = env['CFL_GITHUB_API'] ?? '';
  if (address === '') return undefined;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '');
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere)) return address.replace(/\/+$/, '');
  throw new SendError(
    'NO_INBOX',
    `Cannot use CFL_GITHUB_API: found "${address}", expected an address that begins with https:`,
    'Leave it out for github.com; for a server of your own it ends with /api/v3',
  );
}

async function tokenOf(env: SendOptions['env']): Promise<string> {
  const file = env['CFL_GITHUB_TOKEN_FILE'] ?? '';
  const text = file === '' ? (env['CFL_GITHUB_TOKEN'] ?? '') : await readFile(file, 'utf8');
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new SendError(
    'NO_TOKEN',
    `Cannot send to GitHub: ${token === '' ? 'there is no token' : 'what is given for a token is none'}`,
    'Give one in CFL_GITHUB_TOKEN, or the name of its file in CFL_GITHUB_TOKEN_FILE; it may write contents and pull requests of the inbox, and nothing else',
  );
}

/** The id of the git tree that holds these files and nothing else. */
async function makeTree(github: Octokit, at: At, files: Content): Promise<string> {
  const tree = [];
  for (const [path, octets] of files) {
    const entry = { path, mode: '100644', type: 'blob' } as const;
    const text = textOf(octets);
    if (text !== undefined) tree.push({ ...entry, content: text });
    else {
      const content = Buffer.from(octets).toString('base64');
      const { data } = await github.rest.git.createBlob({ ...at, content, encoding: 'base64' });
      tree.push({ ...entry, sha: data.sha });
    }
  }
  return (await github.rest.git.createTree({ ...at, tree })).data.sha;
}

/** Undefined where it is not text to the last octet. */
function textOf(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}

/** The id of the tree of the folder; undefined where the commit has none of that name. */
async function folderIn(github: Octokit, at: At, commit: string, name: string): Promise<string | undefined> {
  const { data } = await github.rest.git.getTree({ ...at, tree_sha: commit });
  return data.tree.find(({ path, type }) => path === name && type === 'tree')?.sha;
}

async function refOf(github: Octokit, at: At, ref: string): Promise<string | undefined> {
  try {
    return (await github.rest.git.getRef({ ...at, ref })).data.object.sha;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

interface Commit {
  readonly ref: string;
  readonly present: string | undefined;
  readonly head: string;
  readonly name: string;
  readonly tree: string;
}

async function commitTo(github: Octokit, at: At, { ref, present, head, name, tree }: Commit): Promise<void> {
  const entry = { path: name, mode: '040000', type: 'tree', sha: tree } as const;
  const whole = (await github.rest.git.createTree({ ...at, base_tree: head, tree: [entry] })).data.sha;
  const commit = { ...at, message: name, tree: whole, parents: [head] };
  const { sha } = (await github.rest.git.createCommit(commit)).data;
  if (present === undefined) await github.rest.git.createRef({ ...at, ref: `refs/${ref}`, sha });
  // A branch of one submission: what was mended takes its place
  else await github.rest.git.updateRef({ ...at, ref, sha, force: true });
}

function wasClosed(
  request: { merged_at: string | null; number: number; html_url: string },
  name: string,
): Sent {
  if (request.merged_at !== null) return { place: request.html_url, how: 'there already' };
  throw new SendError(
    'TURNED_DOWN',
    `Cannot send "${name}" again: the operator closed pull request ${request.number} without taking it`,
    `Read there why: ${request.html_url}`,
  );
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  return typeof error.status === 'number' ? error.status : undefined;
}

/** What octokit throws holds the request, and is not passed on. */
async function toldPlainly<T>({ owner, repo }: GitHubInbox, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SendError) throw error;
    const status = statusOf(error);
    // Where nobody answered octokit says 500, without a response
    const isAnswer = error instanceof Error && 'response' in error && error.response !== undefined;
    throw status !== undefined && isAnswer
      ? refusalOf(`github:${owner}/${repo}`, status, error)
      : unreached(`github:${owner}/${repo}`, error);
  }
}

function unreached(inbox: string, cause: unknown): Error {
  // A mistake in this program is not made to look like the network's
  if (statusOf(cause) === undefined) return cause instanceof Error ? cause : new TypeError(String(cause));
  return new UnreachableError('UNREACHABLE', `Cannot send to "${inbox}": nobody answered`, {
    hint: 'Check the network and CFL_GITHUB_API; the submission is good, send it again later',
  });
}

function refusalOf(inbox: string, status: number, error: Error): Error {
  const cannot = `Cannot send to "${inbox}"`;
  if (status === 401)
    return new SendError(
      'NOT_ALLOWED',
      `${cannot}: the token is not accepted`,
      'It has ended or was taken back: get a new one',
    );
  if (status === 403)
    return new SendError(
      'NOT_ALLOWED',
      `${cannot}: the token may not do this`,
      'It must be allowed to write contents and pull requests of the inbox; ask the operator',
    );
  if (status === 404)
    return new SendError(
      'NO_INBOX',
      `${cannot}: there is no such repository, or the token may not see it`,
      'Check the name, and ask the operator to let you in',
    );
  if (status >= 500 || status === 429)
    return new UnreachableError('HTTP_STATUS', `${cannot}: GitHub answered with ${status}`, {
      hint: 'The submission is good: send it again later',
    });
  const said = error.message.split(' - ')[0] ?? '';
  return new SendError(
    'TURNED_DOWN',
    `${cannot}: GitHub answered with ${status}, ${JSON.stringify(said)}`,
    'Send it again; if it stays so, bring the folder to the operator another way',
  );
}
