// One line of the bench, in a process of its own that can be given up: how long do @tufjs/models take to
// read and verify a file? Run with: node scripts/bench/tufjs.ts ROOT TARGETS RUNS

import { readFileSync } from 'node:fs';
import { median } from './measure.ts';

const [rootFile = '', targetsFile = '', runs = '1'] = process.argv.slice(2);
const { Metadata, MetadataKind } = await import('@tufjs/models');
const root = Metadata.fromJSON(MetadataKind.Root, JSON.parse(readFileSync(rootFile, 'utf8')));
const octets = readFileSync(targetsFile);

function verify(): number {
  const started = performance.now();
  root.verifyDelegate(
    'targets',
    Metadata.fromJSON(MetadataKind.Targets, JSON.parse(octets.toString('utf8'))),
  );
  return performance.now() - started;
}

console.log(median(Array.from({ length: Number(runs) }, verify)));
