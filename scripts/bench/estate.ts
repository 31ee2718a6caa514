// What does a million meters cost against a list of 20,000 rows? `cfl estate` beside the CSV parser alone, on the same
// file in the same run; the library is made by the programs themselves.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { cfl } from '@cfl/client/program';
import { repoProgram } from '@cfl/repo-tools/cli';
import { run } from '../demo/stage.ts';
import { type Factory, openFactory } from './factory.ts';

const METERS = 1_000_000;
const CPL_ROWS = 20_000;
const RELEASES = 40;
/** What else runs on the machine can only make it look worse. */
const MOST_ROUNDS = 6;
const MOST_TIMES_PARSER = 4;
const MOST_MEGAOCTETS = 300;

interface Run {
  readonly milliseconds: number;
  readonly megaoctets: number;
  readonly meters: number;
}

/** Prints what it finds; the exit code. */
export async function estate(): Promise<0 | 1> {
  const factory = await openFactory(RELEASES, CPL_ROWS);
  try {
    await factory.submit(RELEASES);
    await run(factory.stage, repoProgram, ['intake', '--at', factory.stage.base]);
    return await measured(factory);
  } finally {
    await factory.close();
  }
}

async function measured({ stage, list }: Factory): Promise<0 | 1> {
  const { base, now } = stage;
  const home = join(base, 'reader');
  await run(stage, cfl, ['init', base, '--root', join(base, 'metadata', '1.root.json'), '--home', home]);
  const file = join(base, 'meters.csv');
  await writeMeters(file, devicesOf(list));
  const alone: Run[] = [];
  const ours: Run[] = [];
  let times = Number.NaN;
  do {
    alone.push(child('alone', file));
    ours.push(child('cfl', file, join(base, 'findings.csv'), home, now.toISOString()));
    times = best(ours) / best(alone);
  } while (ours.length < 2 || (times > MOST_TIMES_PARSER && ours.length < MOST_ROUNDS));
  const most = Math.max(...ours.map(({ megaoctets }) => megaoctets));
  const count = METERS.toLocaleString('en-GB');
  console.log(
    `\n${count} meters against ${CPL_ROWS.toLocaleString('en-GB')} rows of the CPL. The best of ${ours.length}.\n`,
  );
  row('csv-parse alone', best(alone), Math.max(...alone.map(({ megaoctets }) => megaoctets)));
  row('cfl estate --out', best(ours), most);
  const holds =
    times <= MOST_TIMES_PARSER && most <= MOST_MEGAOCTETS && ours.every(({ meters }) => meters === METERS);
  console.log(
    `\nThe bounds ${holds ? 'hold' : 'DO NOT HOLD'}: ${times.toFixed(1)} times the CSV parser alone (at most ${MOST_TIMES_PARSER}), ${most.toFixed(0)} MB (at most ${MOST_MEGAOCTETS})`,
  );
  return holds ? 0 : 1;
}

function best(runs: readonly Run[]): number {
  return Math.min(...runs.map(({ milliseconds }) => milliseconds));
}

function row(name: string, milliseconds: number, megaoctets: number): void {
  console.log(
    `${name.padEnd(20)}${(milliseconds / 1000).toFixed(1).padStart(8)} s${megaoctets.toFixed(0).padStart(8)} MB`,
  );
}

function child(...argv: readonly string[]): Run {
  const script = join(import.meta.dirname, 'estate-child.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...argv], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The measurement stopped: ${stderr}`);
  return JSON.parse(stdout);
}

/** Of every row of the list, what an estate says of a meter. */
function devicesOf(list: string): readonly string[] {
  return list
    .trim()
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const [, type, code, model, hardware, firmware] = line.split(',');
      return [code, model, hardware, firmware, type].join();
    });
}

async function writeMeters(path: string, devices: readonly string[]): Promise<void> {
  const out = createWriteStream(path);
  out.write('eui64,manufacturer,model,hardware_version,firmware_version,device_type\n');
  for (let i = 0; i < METERS; i++) {
    const id = (0x00db1234 * 2 ** 20 + i)
      .toString(16)
      .toUpperCase()
      .padStart(16, '0')
      .replace(/..(?!$)/g, '$&-');
    // Meters of one model do not stand together
    const line = `${id},${devices[(i * 7919) % devices.length]}\n`;
    if (!out.write(line)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}
