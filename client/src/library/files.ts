// The one way to files: small enough that a test can fail, count or kill at every operation.
//
// Paths are relative to one folder, with `/`. A write is whole or did not happen: it goes to a temporary
// file beside its place, is flushed, and then linked (new) or renamed (replace) there.

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

export interface Files {
  /** Undefined where there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** False, and nothing done, where the file is there already. */
  writeNew(path: string, octets: Uint8Array): Promise<boolean>;
  replace(path: string, octets: Uint8Array): Promise<void>;
  /** Every file below the folder, as sorted paths relative to it; none where there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** For what is the writer's own: locks, journals, the inbox. Nothing published is ever removed. */
  remove(path: string): Promise<void>;
}

/** `secret` keeps folders and files to their owner alone. */
export function folder(base: string, access: 'public' | 'secret' = 'public'): Files {
  const modes = access === 'secret' ? { file: 0o600, folder: 0o700 } : { file: 0o644, folder: 0o755 };
  return new Folder(base, modes);
}

interface Modes {
  readonly file: number;
  readonly folder: number;
}

class Folder implements Files {
  readonly #base: string;
  readonly #modes: Modes;

  constructor(base: string, modes: Modes) {
    this.#base = resolve(base);
    this.#modes = modes;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#place(path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async writeNew(path: string, octets: Uint8Array): Promise<boolean> {
    const place = this.#place(path);
    const temporary = await this.#writeBeside(place, octets);
    try {
      await link(temporary, place);
      await flushFolder(dirname(place));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async replace(path: string, octets: Uint8Array): Promise<void> {
    const place = this.#place(path);
    const temporary = await this.#writeBeside(place, octets);
    try {
      await rename(temporary, place);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await flushFolder(dirname(place));
  }

  async list(path: string): Promise<readonly string[]> {
    try {
      const base = path === '' ? this.#base : this.#place(path);
      const entries = await readdir(base, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && !isTemporary(entry.name))
        .map((entry) => relative(base, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
        .sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    await rm(this.#place(path), { force: true });
  }

  #place(path: string): string {
    if (
      path === '' ||
      path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')
    ) {
      throw new TypeError(
        `Cannot use "${path}" as a file's path: expected a relative path without "." and ".."`,
      );
    }
    return join(this.#base, path);
  }

  async #writeBeside(place: string, octets: Uint8Array): Promise<string> {
    await makeFolder(dirname(place), this.#modes.folder);
    // Not by process number: in a container every run may have the same one
    const temporary = join(dirname(place), `.tmp-${randomUUID()}`);
    let file: FileHandle | undefined;
    try {
      file = await open(
        temporary,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
        this.#modes.file,
      );
      await file.writeFile(octets);
      await file.sync();
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await file?.close();
    }
    return temporary;
  }
}

function isTemporary(name: string): boolean {
  return name.startsWith('.tmp-');
}

/** Flushes the folders above each that it makes, so that what is kept in it outlives a power cut. */
async function makeFolder(path: string, mode: number): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await flushFolder(dirname(made));
}

async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
