// A process that takes the lock, says so, and holds it until its input ends. Run by lock.test.ts.

import { folder } from '@cfl/client/library';
import { withLock } from '../../src/deploy/lock.ts';

const [base = '', now = ''] = process.argv.slice(2);
const inputEnds = new Promise<void>((resolve) => process.stdin.on('end', resolve).resume());

process.stdout.write('ready\n');
await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()));
try {
  await withLock(folder(base, 'secret'), new Date(now), async () => {
    process.stdout.write('held\n');
    await inputEnds;
  });
} catch (error) {
  process.stdout.write(`${error instanceof Error && 'code' in error ? String(error.code) : String(error)}\n`);
}
