// Where do the signed files come from? The library's own address, by `fetch`; each file that was read is noted.
//
// Nothing is believed: lengths are bounded while a body comes in, a redirect is refused, no cookie is sent, and
// the browser's cache is asked to look again.

import { consistentName, type Repository, UnreachableError } from '@cfl/client/tuf';

export interface ReadFile {
  /** `metadata/timestamp.json` */
  readonly name: string;
  readonly url: string;
  readonly octets: number;
}

/** `library`: the address above `metadata/` and `targets/`, with a slash at its end. */
export function webRepository(library: URL, onFile: (file: ReadFile) => void): Repository {
  const get = async (name: string, limit: number) => {
    const url = new URL(name.split('/').map(encodeURIComponent).join('/'), library).href;
    const octets = await download(url, limit);
    if (octets !== undefined) onFile({ name, url, octets: octets.length });
    return octets;
  };
  return {
    metadata: (file, limit) => get(`metadata/${file}`, limit),
    async target(path, digest, limit) {
      const name = `targets/${digest === undefined ? path : consistentName(path, digest)}`;
      const octets = await get(name, limit);
      if (octets === undefined)
        throw new UnreachableError('MISSING', `Cannot get ${name}: the library does not have it`);
      return octets;
    },
  };
}

/** Undefined for 403 and 404 alone. One octet more than the limit is enough to be refused. */
async function download(url: string, limit: number): Promise<Uint8Array | undefined> {
  const options = { cache: 'no-cache', credentials: 'omit', redirect: 'error' } as const;
  const answer = await fetch(url, options).catch((cause: unknown) => {
    throw new UnreachableError('UNREACHABLE', `Cannot reach ${url}`, { cause });
  });
  if (answer.status === 403 || answer.status === 404) return undefined;
  if (!answer.ok || answer.body === null)
    throw new UnreachableError('HTTP_STATUS', `Cannot get ${url}: the server answered ${answer.status}`);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = answer.body.getReader();
  while (length <= limit) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  void reader.cancel();
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
