// How many releases a second does the gateway admit, does that stay so when a submission grows tenfold, and
// where does the time go?

import { repoProgram } from '@cfl/repo-tools/cli';
import { run } from '../demo/stage.ts';
import { openFactory } from './factory.ts';
import { type Profiled, profiled } from './profile.ts';

const SIZES = [100, 1_000] as const;
/** Ten times the releases; the rest is for the larger snapshot and for what else the machine does. */
const MOST_GROWTH = 13;

/** Prints what it finds; the exit code. */
export async function admission(): Promise<0 | 1> {
  console.log('\nOne submission through the intake, on a disk, images of 4 kB.\n');
  const found: Profiled[] = [];
  for (const size of SIZES) {
    const one = await admitted(size);
    const rate = (size / one.milliseconds) * 1000;
    console.log(
      `${size.toLocaleString('en-GB').padStart(6)} releases  ${seconds(one.milliseconds)}, ${seconds(one.cpuMilliseconds)} of a processor  ${rate.toFixed(0).padStart(5)} a second`,
    );
    found.push(one);
  }
  const [small, large] = found as [Profiled, Profiled];
  const growth = large.cpuMilliseconds / small.cpuMilliseconds;
  console.log(`\nThe first entries of the profile of ${SIZES[1].toLocaleString('en-GB')}:`);
  for (const { name, share } of large.entries.slice(0, 3))
    console.log(`${(share * 100).toFixed(1).padStart(6)} %  ${name}`);
  const holds = growth <= MOST_GROWTH;
  console.log(
    `\nThe bound ${holds ? 'holds' : 'DOES NOT HOLD'}: ${growth.toFixed(1)} times the processor time for 10 times the releases (at most ${MOST_GROWTH})`,
  );
  return holds ? 0 : 1;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1).padStart(6)} s`;
}

async function admitted(size: number): Promise<Profiled> {
  const factory = await openFactory(size);
  try {
    await factory.submit(size);
    return await profiled(async () => {
      const { io } = await run(factory.stage, repoProgram, ['intake', '--at', factory.stage.base]);
      if (!io.stdout.some((line) => line.includes('accepted')))
        throw new Error(`The submission was not accepted:\n${io.stdout.join('\n')}`);
    });
  } finally {
    await factory.close();
  }
}
