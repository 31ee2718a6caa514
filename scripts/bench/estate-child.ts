// One run in a process of its own, so that its memory is its own: `cfl estate`, or the CSV parser alone.
//
//   estate-child.ts alone FILE
//   estate-child.ts cfl FILE OUT HOME NOW

import { createReadStream } from 'node:fs';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { cfl } from '@cfl/client/program';
import { parse } from 'csv-parse';

const [what, file = '', out = '', home = '', now = ''] = process.argv.slice(2);
const started = performance.now();
const meters = what === 'alone' ? await parsed() : await assessed();
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ milliseconds: performance.now() - started, megaoctets: maxRSS / 1024, meters }));

async function parsed(): Promise<number> {
  let rows = -1;
  const records = createReadStream(file).pipe(
    parse({ bom: true, record_delimiter: ['\r\n', '\n'], relax_column_count: true }),
  );
  for await (const _record of records) rows++;
  return rows;
}

async function assessed(): Promise<number> {
  const io = memoryIo({ now: new Date(now) });
  const exit = await runProgram(cfl, ['estate', file, '--out', out, '--home', home, '--json'], io);
  if (exit !== 0) throw new Error(io.stderr.join('\n') || io.stdout.join('\n'));
  return JSON.parse(io.stdout.join('')).meters;
}
