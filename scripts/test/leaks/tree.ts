// Which files lie below these folders?

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export async function filesBelow(...folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    ),
  );
  return found.flat().sort();
}
