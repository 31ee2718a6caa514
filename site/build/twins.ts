// Writes what programs read: JSON beside each page, all releases as JSON and CSV, the search file, the schemas.

import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { modelPath, monthPath, releasePath } from '../src/paths.ts';
import { schemas } from '../src/schemas.ts';
import { searchFile } from '../src/search.ts';
import {
  changesTwin,
  csvLines,
  listTwin,
  modelTwin,
  releaseTwin,
  sourceOf,
  summaryOf,
  trustTwin,
} from '../src/twins.ts';
import { listViews } from '../src/views.ts';
import type { Shown } from './shown.ts';

export async function writeTwins(folder: string, { catalogue, address }: Shown): Promise<void> {
  const source = sourceOf(catalogue, address);
  const write = (path: string, value: object) => writeJson(join(folder, path), value);
  for (const { path, rows } of listViews(catalogue)) await write(`${path}index.json`, listTwin(rows, source));
  for (const one of catalogue.releases)
    await write(`${releasePath(one)}index.json`, releaseTwin(one, source));
  for (const one of catalogue.models) await write(`${modelPath(one)}index.json`, modelTwin(one, source));
  await write('changes/index.json', changesTwin(catalogue.changes, source));
  for (const [month, changes] of Map.groupBy(catalogue.changes, ({ date }) => monthPath(date)))
    await write(`${month}index.json`, changesTwin(changes, source));
  await write('trust/index.json', trustTwin(catalogue, source));
  await write('search.json', searchFile(catalogue));
  for (const [name, schema] of schemas()) await write(`schemas/${name}`, schema);
  await writeLines(join(folder, 'catalogue.json'), catalogueLines(catalogue.releases.map(summaryOf), source));
  await writeLines(join(folder, 'catalogue.csv'), csvLines(catalogue.releases));
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
