// What is the verifier file? The template, its style and its scripts put together, and the policy that names the
// digest of each of them, the addresses it may read, and nothing else.
//
// The same root, addresses and version make the same file, octet for octet.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRoot, ROOT } from '@cfl/client/tuf';
import type { VerifierSettings } from '../src/verifier/main.ts';
import { bundled } from './assets.ts';

export interface VerifierRequest {
  /** Octets of the first root. */
  readonly root: Uint8Array;
  /** Of the library and its mirrors. */
  readonly libraries: readonly string[];
  /** `0.1.0` */
  readonly version: string;
}

const source = join(import.meta.dirname, '../src');

/** Throws TypeError for a root that is not the first, and for an address that no policy can name. */
export async function makeVerifier({ root, libraries, version }: VerifierRequest): Promise<string> {
  const { signed } = await parseRoot(root, ROOT);
  if (signed.version !== 1) throw new TypeError(`it is version ${signed.version}, expected 1`);
  const addresses = libraries.map(addressOf);
  const style = `${await text('style.css')}${await text('verifier/verifier.css')}`;
  const [checking, opening, page] = [
    await script('verifier/checking.ts'),
    await script('verifier/opening.ts'),
    await script('verifier/main.ts'),
  ];
  const settings: VerifierSettings = { root: Buffer.from(root).toString('base64'), libraries: addresses };
  const values = new Map([
    ['policy', policyOf([page, checking, opening], style, addresses)],
    ['version', version],
    ['style', style],
    ['address', addresses[0] ?? ''],
    ['addresses', addresses.map((address) => `<option value="${address}"></option>`).join('')],
    ['sources', addresses.join(' and ')],
    ['digest', createHash('sha256').update(root).digest('hex')],
    ['settings', JSON.stringify(settings)],
    ['checking', checking],
    ['opening', opening],
    ['page', page],
  ]);
  return (await text('verifier/page.template')).replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new TypeError(`The template asks for "${name}"`);
    return value;
  });
}

function policyOf(scripts: readonly string[], style: string, addresses: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.map(digestOf).join(' ')}`,
    `style-src ${digestOf(style)}`,
    `connect-src ${addresses.join(' ')}`,
    "form-action 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types cfl-parts',
  ].join('; ');
}

function digestOf(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}

/** With a slash at its end, and without what would end a source of the policy or an attribute. */
function addressOf(library: string): string {
  const { href, protocol, username, search, hash } = new URL(library);
  const isPlain = /^https?:$/.test(protocol) && username === '' && search === '' && hash === '';
  if (!isPlain || /[;,'"&<>*]/.test(href))
    throw new TypeError(`the address "${library}" is none of https://HOST/PATH/ alone`);
  return href.endsWith('/') ? href : `${href}/`;
}

/** As the browser's parser leaves it: nothing in it ends the element. */
async function script(path: string): Promise<string> {
  const code = (await bundled(path)).replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  return code.replace(/\r\n?/g, '\n');
}

async function text(path: string): Promise<string> {
  return readFile(join(source, path), 'utf8');
}
