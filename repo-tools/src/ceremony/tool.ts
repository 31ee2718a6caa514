// May this verifier file be published? The registrar signs it, under a name that is written once.
//
// Rules
// - Its name is verify-<version>.html, and no file of this version is published.
// - It pins this library: the SHA-256 of the first root stands in it, and so does the root itself.
// - Its policy allows nothing by default, no script but by digest, no form and no base.
// Apply never replaces a file under tools/, whoever planned the change (change/apply.ts).

import { sha256 } from '@cfl/client/encoding';
import { verifierPath, verifierVersion } from '@cfl/client/library';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';
import { registrarChange } from './trust.ts';

/** Browsers would take long with more; a verifier file has some 400 kB. */
const LARGEST = 2_000_000;
const POLICY = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/;

/** `name`: without its folder. Throws ChangeError. */
export async function planTool(
  name: string,
  octets: Uint8Array,
  { root, published }: { readonly root: Uint8Array; readonly published: Published },
  now: Date,
): Promise<Change> {
  const version = verifierVersion(name);
  if (version === undefined) throw refused(name, 'its name is none of verify-1.2.3.html');
  const fault = await faultOf(octets, root);
  if (fault !== undefined) throw refused(name, fault);
  const path = verifierPath(version);
  if ((await published.read(path)) !== undefined)
    throw new ChangeError(
      'EXISTS',
      `Cannot publish "${name}": ${path} is published, and never replaced`,
      'Raise the version in site/package.json, and make the file again: npm run verifier -w site',
    );
  const words = [`publishes ${path}, SHA-256 ${await sha256(octets)}`];
  return registrarChange('tool', words, new Map([[path, octets]]), published, now);
}

async function faultOf(octets: Uint8Array, root: Uint8Array): Promise<string | undefined> {
  if (octets.length > LARGEST) return `it has ${octets.length} octets, expected at most ${LARGEST}`;
  const html = new TextDecoder().decode(octets);
  if (!html.includes(await sha256(root)) || !html.includes(Buffer.from(root).toString('base64')))
    return 'it does not pin the first root of this library';
  const rules = POLICY.exec(html)?.[1]?.split('; ') ?? [];
  const missing = ["default-src 'none'", "form-action 'none'", "base-uri 'none'"].find(
    (rule) => !rules.includes(rule),
  );
  if (missing !== undefined) return `its policy does not say ${missing}`;
  const scripts = rules.find((rule) => rule.startsWith('script-src '));
  if (scripts === undefined || !/^script-src( 'sha256-[A-Za-z0-9+/]{43}=')+$/.test(scripts))
    return 'its policy allows other scripts than by their SHA-256';
  return undefined;
}

function refused(name: string, reason: string): ChangeError {
  return new ChangeError(
    'BAD_INPUT',
    `Cannot publish "${name}": ${reason}`,
    'Make it for this library: CFL_LIBRARY=https://… CFL_ROOT=1.root.json npm run verifier -w site',
  );
}
