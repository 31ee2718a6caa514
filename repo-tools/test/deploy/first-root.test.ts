import { expect, test } from 'vitest';
import { foundLibrary, state } from '../fixture.ts';

test('a library begins with its first root, and reads back through the client', async () => {
  const library = await foundLibrary();
  const published = await state(library);
  expect(published.trusted.root.signed.version).toBe(1);
  expect([...published.trusted.snapshot.signed.meta.keys()].sort()).toEqual([
    'catalogue',
    'cpl',
    'gate',
    'registrar',
    'targets',
  ]);
  expect(await published.read('register/library.json')).toBeDefined();
});
