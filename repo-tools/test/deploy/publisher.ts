// A process that publishes one note after the other until it is killed or has published as many as asked, and
// prints the library's version after each. Run by killed-for-real.test.ts.

import { join } from 'node:path';
import { openSigner } from '@cfl/client/keys';
import { loadState, placeAt } from '../../src/deploy/index.ts';
import { apply, keys, listing, octets, onlineOf } from './scene.ts';

const [base = '', count = ''] = process.argv.slice(2);
const place = placeAt(base);
const held = await keys((name) => openSigner(join(base, 'keys', `${name}.pem`)));

process.stdout.write('ready\n');
await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()));
for (let i = 0; i < Number(count); i++) {
  const published = await loadState(place);
  const notes = new Map(
    [1, 2].map((n) => [
      `register/note-${published.trusted.snapshot.signed.version}-${n}.json`,
      octets(`${process.pid}`),
    ]),
  );
  const change = await listing(published, 'registrar', notes, held.registrar);
  process.stdout.write(`${await apply(change, place, onlineOf(held))}\n`);
}
process.exit();
