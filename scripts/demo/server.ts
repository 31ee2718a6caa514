// One local port for the catalogue and the library, with the headers that a CDN should give them.

import { createServer, type Server } from 'node:http';
import sirv from 'sirv';

export interface Served {
  readonly url: string;
  readonly server: Server;
}

export interface ServedFolders {
  readonly site: string;
  readonly metadata: string;
  readonly targets: string;
}

/** Listens on loopback only; the next port where one is taken. */
export async function serve(folders: ServedFolders, port: number): Promise<Served> {
  const options = { dev: true, etag: true, dotfiles: false };
  const mounts = [
    [
      '/metadata/',
      sirv(folders.metadata, {
        ...options,
        setHeaders: (response, path) => response.setHeader('cache-control', cacheOf(path)),
      }),
    ],
    [
      '/targets/',
      sirv(folders.targets, {
        ...options,
        setHeaders: (response) => response.setHeader('cache-control', FOR_EVER),
      }),
    ],
    ['/', sirv(folders.site, options)],
  ] as const;
  const server = createServer((request, response) => {
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('access-control-allow-origin', '*');
    const url = request.url ?? '/';
    const [prefix, handler] = mounts.find(([start]) => url.startsWith(start)) ?? mounts[2];
    request.url = `/${url.slice(prefix.length)}`;
    handler(request, response, () => {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
    });
  });
  return { server, url: `http://localhost:${await listen(server, port)}` };
}

const FOR_EVER = 'public, max-age=31536000, immutable';

function cacheOf(path: string): string {
  return path.endsWith('timestamp.json') ? 'no-store' : FOR_EVER;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE' && port !== 0) resolve(listen(server, port + 1));
      else reject(error);
    });
    server.listen(port, 'localhost', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
