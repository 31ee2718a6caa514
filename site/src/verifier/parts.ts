// How does a part of the file run that is not needed at once? Its code lies in a script element that no browser
// runs; when it is asked for, it is put into one that runs. The policy names the digest of each.

import type { PartName } from './offer.ts';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScript(text: string): string },
  ): { createScript(text: string): string };
}

const { trustedTypes } = globalThis as unknown as { readonly trustedTypes?: TrustedTypes };
/** Nothing else may become a script; where a browser has no such types, the digests alone say so. */
const policy = trustedTypes?.createPolicy('cfl-parts', { createScript: (text) => text });

const started = new Map<PartName, Promise<unknown>>();

/** Runs it once. */
export function part<T>(name: PartName): Promise<T> {
  const running = started.get(name) ?? run(name);
  started.set(name, running);
  return running as Promise<T>;
}

function run(name: PartName): Promise<unknown> {
  const text = document.getElementById(`part-${name}`)?.textContent ?? '';
  return new Promise((resolve, reject) => {
    addEventListener(`cfl-${name}`, (event) => resolve((event as CustomEvent).detail), { once: true });
    addEventListener(
      'securitypolicyviolation',
      () => reject(new TypeError('Cannot run a part of this file: it was changed')),
      { once: true },
    );
    const script = document.createElement('script');
    script.type = 'module';
    script.textContent = policy?.createScript(text) ?? text;
    document.head.append(script);
  });
}
