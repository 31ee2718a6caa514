// A submission arrives: once, whole, in place of the one before it; and where it does not, the words say why.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { folder } from '@cfl/client/library';
import { expect, test } from 'vitest';
import { program } from '../../src/cli/publish.ts';
import { intake } from '../../src/intake/intake.ts';
import { type Sent, sendSubmission } from '../../src/submission/send.ts';
import { gateway } from '../credentials.ts';
import { NOW } from '../fixture.ts';
import { imageOf, rowFor } from '../intake/scene.ts';
import { type Desk, fillIn, octetsOf, PASSPHRASE, registeredDesk } from './desk.ts';
import { type GitHub, git, startGitHub, TOKEN } from './github.ts';

const INBOX = 'github:example/library-inbox';

interface Ready {
  readonly desk: Desk;
  readonly github: GitHub;
  readonly env: Record<string, string>;
  /** The folder that cfl-publish wrote. */
  readonly name: string;
  send(to?: string, env?: Record<string, string>): Promise<Sent>;
}

async function ready(): Promise<Ready> {
  const image = imageOf('sent');
  const desk = await registeredDesk([await rowFor('CPL-000412', image)]);
  const file = await desk.write('meter.ota', octetsOf(image));
  await desk.run(['new', file, '--to', desk.base]);
  await fillIn(desk, {});
  const submitted = await desk.run(['submit', desk.base, '--to', desk.base]);
  expect([submitted.exit, submitted.err]).toEqual([0, submitted.err]);
  const name = (await readdir(desk.base)).find((one) => one.startsWith('fff1-')) ?? '';
  const github = await startGitHub();
  const env = { CFL_GITHUB_API: github.url, CFL_GITHUB_TOKEN: TOKEN };
  return {
    desk,
    github,
    env,
    name,
    send: (to = INBOX, other = env) =>
      sendSubmission({ files: folder(desk.base), base: name }, to, { env: other, pace: 'at once' }),
  };
}

const PULL = 'https://github.example/example/library-inbox/pull';

test('a pull request of one commit brings it to the inbox, and the intake of a clone publishes it', async () => {
  const { desk, github, send, name } = await ready();
  expect(await send()).toEqual({ place: `${PULL}/1`, how: 'sent' });
  expect(await git(github.git, ['rev-list', '--count', `main..submit/${name}`])).toBe('1');

  expect(await send()).toEqual({ place: `${PULL}/1`, how: 'there already' });
  expect(await git(github.git, ['rev-list', '--count', `main..submit/${name}`])).toBe('1');
  expect(github.pulls).toHaveLength(1);

  await github.merge(1);
  expect(await send()).toMatchObject({ how: 'there already' });
  const inbox = join(desk.library.base, 'private/inbox');
  await git(desk.base, [
    'clone',
    '--quiet',
    '--separate-git-dir',
    join(desk.base, 'inbox.git'),
    github.git,
    inbox,
  ]);
  for (const path of await folder(desk.base).list(name))
    expect(await readFile(join(inbox, name, path)), path).toEqual(
      await readFile(join(desk.base, name, path)),
    );
  const { online, place } = desk.library;
  const { results } = await intake({ place, online, gateway, now: NOW });
  expect(results.map(({ outcome }) => outcome)).toEqual(['accepted']);

  // What was taken leaves the inbox; sending it again is no second submission
  await git(inbox, ['add', '--all']);
  await git(inbox, ['commit', '--quiet', '-m', 'taken']);
  await git(inbox, ['push', '--quiet']);
  expect(await send()).toEqual({ place: `${PULL}/1`, how: 'there already' });
  expect((await desk.run(['status', join(desk.base, name)])).out[0]).toMatch(/^Published/);
});

test('what was mended takes the place of what was sent before, nothing of that is left, and others stay', async () => {
  const { desk, github, send, name } = await ready();
  await writeFile(join(desk.base, name, 'targets', 'left-over'), 'x');
  await send();
  const main = await git(github.git, ['rev-parse', 'main']);
  const other = await git(github.git, ['hash-object', '-w', '--stdin'], { input: 'x' });
  const one = await git(github.git, ['mktree'], { input: `100644 blob ${other}\tchange.json\n` });
  const tree = await git(github.git, ['mktree'], { input: `040000 tree ${one}\tfff2-other-1\n` });
  const commit = await git(github.git, ['commit-tree', tree, '-p', main, '-m', 'another']);
  await git(github.git, ['update-ref', 'refs/heads/main', commit]);

  await folder(desk.base).remove(`${name}/targets/left-over`);
  expect(await send()).toEqual({ place: `${PULL}/1`, how: 'sent' });
  expect(await git(github.git, ['rev-list', '--count', `main..submit/${name}`])).toBe('1');
  await github.merge(1);
  const files = (await git(github.git, ['ls-tree', '-r', '--name-only', 'main'])).split('\n');
  const wanted = (await folder(desk.base).list(name)).map((path) => `${name}/${path}`);
  expect(files.sort()).toEqual([...wanted, 'fff2-other-1/change.json'].sort());
});

test('a pull request that the operator closed is not opened again by the same files', async () => {
  const { github, send, name } = await ready();
  await send();
  github.close(1);
  await expect(send()).rejects.toMatchObject({
    code: 'TURNED_DOWN',
    message: `Cannot send "${name}" again: the operator closed pull request 1 without taking it`,
  });
  expect(github.pulls).toHaveLength(1);
});

test.each([
  [401, 'NOT_ALLOWED', 'the token is not accepted'],
  [403, 'NOT_ALLOWED', 'the token may not do this'],
  [404, 'NO_INBOX', 'there is no such repository, or the token may not see it'],
  [422, 'TURNED_DOWN', 'GitHub answered with 422, "Told so"'],
  [503, 'HTTP_STATUS', 'GitHub answered with 503'],
])('an answer of %i is told in words, without the token', async (status, code, words) => {
  const { github, send } = await ready();
  github.answer(status);
  const error = (await send().catch((found: unknown) => found)) as Error & { code: string };
  expect([error.code, error.message]).toEqual([code, `Cannot send to "${INBOX}": ${words}`]);
  expect(JSON.stringify([error.message, error.stack, error.cause, { ...error }])).not.toContain(TOKEN);
});

test('without a token, with one that is none, or to an address in the clear, nothing is asked', async () => {
  const { desk, github, send } = await ready();
  const { CFL_GITHUB_API } = { CFL_GITHUB_API: github.url };
  await expect(send(INBOX, { CFL_GITHUB_API })).rejects.toMatchObject({ code: 'NO_TOKEN' });
  const none = { CFL_GITHUB_API, CFL_GITHUB_TOKEN: 'two words' };
  await expect(send(INBOX, none)).rejects.toMatchObject({ code: 'NO_TOKEN' });
  const clear = { CFL_GITHUB_API: 'http://github.example', CFL_GITHUB_TOKEN: TOKEN };
  await expect(send(INBOX, clear)).rejects.toMatchObject({ code: 'NO_INBOX' });
  expect(github.requests).toEqual([]);
  const file = await desk.write('token', `${TOKEN}\n`);
  expect(await send(INBOX, { CFL_GITHUB_API, CFL_GITHUB_TOKEN_FILE: file })).toMatchObject({ how: 'sent' });
});

test('nobody there is another thing than a refusal', async () => {
  const { send } = await ready();
  const env = { CFL_GITHUB_API: 'http://127.0.0.1:1', CFL_GITHUB_TOKEN: TOKEN };
  await expect(send(INBOX, env)).rejects.toMatchObject({ code: 'UNREACHABLE' });
});

test('a folder that both sides see is the plain way', async () => {
  const { desk, send, name } = await ready();
  const to = join(desk.base, 'shared');
  expect(await send(`folder:${to}`)).toEqual({ place: `${to}/${name}`, how: 'sent' });
  expect(await send(`folder:${to}`)).toMatchObject({ how: 'there already' });
  expect(await folder(to).list(name)).toEqual(await folder(desk.base).list(name));
  await writeFile(join(desk.base, name, 'change.json'), '{}');
  expect(await send(`folder:${to}`)).toMatchObject({ how: 'sent' });
  expect(await readFile(join(to, name, 'change.json'), 'utf8')).toBe('{}');
});

test('cfl-publish submit and sign send; an unknown way is refused before anything is signed', async () => {
  const { desk, github, env, name } = await ready();
  const run = async (...line: string[]) => {
    const io = memoryIo({ now: NOW, env, passphrase: async () => PASSPHRASE });
    return { exit: await runProgram(program, [...line, '--settings', desk.base], io), err: io.stderr };
  };
  const before = await readdir(desk.base);
  const refused = await run('submit', desk.base, '--to', desk.base, '--send', 'mailto:inbox@library.example');
  expect([refused.exit, refused.err[0]]).toEqual([
    1,
    'Cannot send to "mailto:inbox@library.example": expected github:OWNER/NAME or folder:DIR',
  ]);
  expect(await readdir(desk.base)).toEqual(before);

  const to = join(desk.base, 'out');
  const sent = await run('submit', desk.base, '--to', to, '--send', INBOX);
  expect([sent.exit, sent.err.at(-1)]).toEqual([0, `Sent       ${PULL}/1`]);
  expect(github.pulls[0]?.head).toBe(`submit/${name}`);
  const mended = await run('sign', join(to, name), '--send', `folder:${join(desk.base, 'shared')}`);
  expect([mended.exit, mended.err.at(-1)]).toEqual([0, `Sent       ${join(desk.base, 'shared', name)}`]);
});
