// Writes what programs read: JSON beside each page, all releases as JSON and CSV, the search file, the schemas.

import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Catalogue } from '../src/data/types.ts';
import { modelPath, monthPath, releasePath } from '../src/paths.ts';
import { schemas } from '../src/schemas.ts';
import { searchFile } from '../src/search.ts';
import {
  changesTwin,
  csvLines,
  listTwin,
  modelTwin,
  releaseTwin,
  type Source,
  sourceOf,
  summaryOf,
  trustTwin,
} from '../src/twins.ts';
import { listViews } from '../src/views.ts';
import { allOf } from './all-of.ts';
import type { Shown } from './shown.ts';

const AT_ONCE = 16;

export async function writeTwins(folder: string, { catalogue, address }: Shown): Promise<void> {
  const source = sourceOf(catalogue, address);
  const files = jsonFiles(catalogue, source);
  // One disk, many small files: while one waits, the next is made
  await allOf(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [path, value] of files) await writeJson(join(folder, path), value);
    }),
  );
  await writeLines(join(folder, 'catalogue.json'), catalogueLines(catalogue.releases.map(summaryOf), source));
  await writeLines(join(folder, 'catalogue.csv'), csvLines(catalogue.releases));
}

function* jsonFiles(catalogue: Catalogue, source: Source): Generator<readonly [path: string, value: object]> {
  for (const { path, rows } of listViews(catalogue)) yield [`${path}index.json`, listTwin(rows, source)];
  for (const one of catalogue.releases) yield [`${releasePath(one)}index.json`, releaseTwin(one, source)];
  for (const one of catalogue.models) yield [`${modelPath(one)}index.json`, modelTwin(one, source)];
  yield ['changes/index.json', changesTwin(catalogue.changes, source)];
  for (const [month, changes] of Map.groupBy(catalogue.changes, ({ date }) => monthPath(date)))
    yield [`${month}index.json`, changesTwin(changes, source)];
  yield ['trust/index.json', trustTwin(catalogue, source)];
  yield ['search.json', searchFile(catalogue)];
  for (const [name, schema] of schemas()) yield [`schemas/${name}`, schema];
}

/** One release a line, so that no text is as long as the whole catalogue. */
function* catalogueLines(releases: readonly object[], source: object): Generator<string, undefined> {
  yield `{"format":"cfl/site-catalogue/1","source":${JSON.stringify(source)},"releases":[`;
  for (const [i, one] of releases.entries())
    yield `${JSON.stringify(one)}${i === releases.length - 1 ? '' : ','}`;
  yield ']}';
}

async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  const ended = Readable.from(lines).map((line: string) => `${line}\n`);
  await pipeline(ended, createWriteStream(path));
}

async function writeJson(path: string, value: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(value)}\n`);
}
