// Where are the sample images and header lists that tests read but the repository does not hold?
// They lie beside the checkout. Without them their tests are skipped by name; CFL_REQUIRE_ALL=1
// makes them fail instead, so that a run which claims to have tested everything did. CFL_WITHOUT_SAMPLES=1
// beside it says that this one thing is known to be absent.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { it } from 'vitest';

const folder = resolve(import.meta.dirname, '../../shared/data');

/** The folder of sample data, or undefined where this checkout has none. */
export const sharedData: string | undefined = existsSync(folder) ? folder : undefined;

/** Declares a test that needs the sample data; its function is given the folder. */
export function itWithSharedData(name: string, test: (data: string) => void | Promise<void>): void {
  const required = process.env['CFL_REQUIRE_ALL'] === '1' && process.env['CFL_WITHOUT_SAMPLES'] !== '1';
  const declare = sharedData === undefined && !required ? it.skip : it;
  declare(name, async () => {
    if (sharedData === undefined) {
      throw new Error(`Cannot test with the sample data: "${folder}" was not found`);
    }
    await test(sharedData);
  });
}
