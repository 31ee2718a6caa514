// A small GitHub: as much of its REST interface as sending needs, over a real bare git repository. Pull requests are
// merged three ways, by git itself, and `git clone` works.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export const TOKEN = 'ghp_example-token';

interface PullRequest {
  readonly number: number;
  readonly html_url: string;
  readonly head: string;
  state: 'open' | 'closed';
  merged_at: string | null;
}

export interface GitHub {
  /** For CFL_GITHUB_API. */
  readonly url: string;
  /** The bare repository behind `example/library-inbox`. */
  readonly git: string;
  readonly pulls: readonly PullRequest[];
  /** `POST git/trees`, in order. */
  readonly requests: readonly string[];
  /** Answers everything with this status from now on. */
  answer(status: number | undefined): void;
  merge(number: number): Promise<void>;
  close(number: number): void;
}

/** Runs git without the settings of the machine. */
export function git(
  cwd: string,
  args: readonly string[],
  { input = '', env: more = {} }: { input?: string | Buffer; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const name = { GIT_AUTHOR_NAME: 'Example', GIT_COMMITTER_NAME: 'Example' };
  const mail = { GIT_AUTHOR_EMAIL: 'a@b.example', GIT_COMMITTER_EMAIL: 'a@b.example' };
  const env = {
    ...process.env,
    ...name,
    ...mail,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    ...more,
  };
  return new Promise((done, fail) => {
    const child = execFile('git', [...args], { cwd, env, maxBuffer: 1 << 26 }, (error, out) =>
      error === null ? done(out.trim()) : fail(error),
    );
    // It may not read it
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

class Answer extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Body {
  readonly content: string;
  readonly encoding: string;
  readonly base_tree?: string;
  readonly tree: readonly { path: string; mode: string; type: string; sha?: string; content?: string }[] &
    string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly ref: string;
  readonly sha: string;
  readonly force?: boolean;
  readonly head: string;
}

export async function startGitHub(): Promise<GitHub> {
  const bare = await mkdtemp(join(tmpdir(), 'cfl-github-'));
  onTestFinished(() => rm(bare, { recursive: true, force: true }));
  const run = (args: readonly string[], input?: string | Buffer) =>
    git(bare, args, input === undefined ? {} : { input });
  await run(['init', '--quiet', '--bare', '--initial-branch=main', '.']);
  const empty = await run(['mktree']);
  await run(['update-ref', 'refs/heads/main', await run(['commit-tree', empty, '-m', 'inbox'])]);
  const pulls: PullRequest[] = [];
  const requests: string[] = [];
  let forced: number | undefined;

  const lsTree = async (sha: string) => {
    const lines = (await run(['ls-tree', sha])).split('\n').filter((line) => line !== '');
    const tree = lines.map((line) => {
      const [, mode, type, id, path] = /^(\d+) (\w+) (\w+)\t(.*)$/.exec(line) ?? [];
      return { mode, type, sha: id, path };
    });
    return { sha: await run(['rev-parse', `${sha}^{tree}`]), tree };
  };
  const shaOf = (ref: string) =>
    run(['rev-parse', '--verify', '--quiet', `refs/${ref}^{commit}`]).catch(() => {
      throw new Answer(404, 'Not Found');
    });

  /** Files of a tree of its own, by an index; or folders in place of those of the same name. */
  const writeTree = async ({ base_tree: base, tree }: Body) => {
    if (base !== undefined) {
      const names = new Set(tree.map(({ path }) => path));
      const kept = (await lsTree(base)).tree.filter(({ path }) => !names.has(path ?? ''));
      const lines = [...kept, ...tree].map((one) => `${one.mode} ${one.type} ${one.sha}\t${one.path}\n`);
      return lsTree(await run(['mktree'], lines.join('')));
    }
    const env = { GIT_INDEX_FILE: join(bare, `index-${requests.length}`) };
    for (const { mode, path, sha, content } of tree) {
      const id = sha ?? (await run(['hash-object', '-w', '--stdin'], content ?? ''));
      await git(bare, ['update-index', '--index-info'], { env, input: `${mode} ${id}\t${path}\n` });
    }
    return lsTree(await git(bare, ['write-tree'], { env }));
  };

  const routes: readonly [
    RegExp,
    (found: readonly string[], body: Body, query: URLSearchParams) => unknown,
  ][] = [
    [/^GET $/, () => ({ default_branch: 'main', html_url: 'https://github.example/example/library-inbox' })],
    [/^GET git\/ref\/(heads\/.+)$/, async ([ref = '']) => ({ object: { sha: await shaOf(ref) } })],
    [/^GET git\/trees\/(\w+)$/, ([sha = '']) => lsTree(sha)],
    [
      /^POST git\/blobs$/,
      async (_found, { content, encoding }) => ({
        sha: await run(['hash-object', '-w', '--stdin'], Buffer.from(content, encoding as 'base64')),
      }),
    ],
    [/^POST git\/trees$/, (_found, body) => writeTree(body)],
    [
      /^POST git\/commits$/,
      async (_found, { tree, parents, message }) => ({
        sha: await run([
          'commit-tree',
          String(tree),
          ...parents.flatMap((one) => ['-p', one]),
          '-m',
          message,
        ]),
      }),
    ],
    [
      /^POST git\/refs$/,
      async (_found, { ref, sha }) => {
        await run(['update-ref', ref, sha, '']).catch(() => {
          throw new Answer(422, 'Reference already exists');
        });
        return { ref };
      },
    ],
    [
      /^PATCH git\/refs\/(heads\/submit\/.+)$/,
      async ([ref = ''], { sha, force }) => {
        if (force !== true) throw new Answer(422, 'Update is not a fast forward');
        await run(['update-ref', `refs/${ref}`, sha]);
        return { ref };
      },
    ],
    [
      /^GET pulls$/,
      (_found, _body, query) => pulls.filter(({ head }) => query.get('head') === `example:${head}`).reverse(),
    ],
    [
      /^POST pulls$/,
      async (_found, { head }) => {
        await shaOf(`heads/${head}`);
        if (pulls.some((one) => one.head === head && one.state === 'open'))
          throw new Answer(422, 'A pull request already exists');
        const number = pulls.length + 1;
        const html_url = `https://github.example/example/library-inbox/pull/${number}`;
        pulls.push({ number, html_url, head, state: 'open', merged_at: null });
        return pulls.at(-1);
      },
    ],
  ];

  const answerTo = async (request: IncomingMessage): Promise<unknown> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const below = decodeURIComponent(url.pathname).replace(/^\/repos\/example\/library-inbox\/?/, '');
    const line = `${request.method} ${below}`;
    const body = (request.method === 'GET' ? {} : await json(request)) as Body;
    if (request.headers.authorization !== `token ${TOKEN}`) throw new Answer(401, 'Bad credentials');
    if (forced !== undefined) throw new Answer(forced, 'Told so');
    for (const [route, act] of routes) {
      const found = route.exec(line);
      if (found === null) continue;
      requests.push(line);
      return act(found.slice(1), body, url.searchParams);
    }
    throw new Answer(404, 'Not Found');
  };

  const server = createServer(async (request, response) => {
    const { status, value } = await answerTo(request).then(
      (value) => ({ status: request.method === 'POST' ? 201 : 200, value }),
      (error: unknown) => ({
        status: error instanceof Answer ? error.status : 500,
        value: { message: error instanceof Error ? error.message : '' },
      }),
    );
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });

  const pull = (number: number): PullRequest => {
    const found = pulls.find((one) => one.number === number);
    if (found === undefined) throw new TypeError(`There is no pull request ${number}`);
    return found;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    git: bare,
    pulls,
    requests,
    answer: (status) => {
      forced = status;
    },
    async merge(number) {
      const { head } = pull(number);
      const tree = await run(['merge-tree', '--write-tree', 'main', head]);
      const parents = ['-p', await run(['rev-parse', 'main']), '-p', await run(['rev-parse', head])];
      await run([
        'update-ref',
        'refs/heads/main',
        await run(['commit-tree', tree, ...parents, '-m', 'merged']),
      ]);
      Object.assign(pull(number), { state: 'closed', merged_at: '2026-11-20T09:00:00Z' });
    },
    close: (number) => void Object.assign(pull(number), { state: 'closed' }),
  };
}
