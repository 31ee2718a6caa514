// A web server for the tests: it answers each path as it is told, honestly or not.

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

export interface TestServer {
  readonly url: string;
  /** Paths, in order. */
  readonly asked: string[];
  /** By path; else the file in the folder, else 404. */
  readonly answers: Map<string, Answer>;
  close(): Promise<void>;
}

export async function serve(folder?: string): Promise<TestServer> {
  const asked: string[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer = answers.get(path) ?? (folder === undefined ? notFound : fileIn(folder));
    void answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, asked, answers, close };
}

export const notFound: Answer = (response) => {
  response.writeHead(404).end('<h1>Not here</h1>');
};

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(code, headers).end('a page');
  };
}

/** A chunk now and then; without a count, without end. */
export function drip(octets: number, milliseconds: number, count = Number.POSITIVE_INFINITY): Answer {
  return async (response) => {
    for (let i = 0; i < count && !response.destroyed; i++) {
      response.write('x'.repeat(octets));
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
    }
    response.end();
  };
}

function fileIn(folder: string): Answer {
  return async (response, request) => {
    const octets = await readFile(join(folder, decodeURIComponent(request.url ?? ''))).catch(() => undefined);
    if (octets === undefined) notFound(response, request);
    else response.end(octets);
  };
}
