// The demo's certificate authority and time authority: made once, kept in private/, at work while the demo runs.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoProgram } from '@cfl/repo-tools/cli';
import { type EvidenceFiles, type EvidenceFilesOptions, writeEvidenceFiles } from '../pki/party.ts';
import { makePki, openPki, type Pki } from '../pki/pki.ts';
import { startTimestampAuthority } from '../pki/time-authority.ts';
import { publishChange, run, type Stage } from './stage.ts';

export interface Authorities {
  /** Where the time authority answers. */
  readonly timeAuthority: string;
  /** Writes a key and the certificate for it into a party's folder. */
  certify(home: string, options: EvidenceFilesOptions): Promise<EvidenceFiles>;
  /** The library trusts both from now on, and has the first revocation list. */
  becomeTrusted(): Promise<void>;
  close(): Promise<void>;
}

/** Its stamps have the demo's hour, so that nothing of it lies in the future. */
export async function openAuthorities(stage: Stage): Promise<Authorities> {
  const file = join(stage.base, 'private', 'demo-authorities.json');
  const saved = await readFile(file, 'utf8').catch(() => undefined);
  const pki = saved === undefined ? await makePki({ now: stage.now }) : openPki(saved, stage.now);
  const keep = () => writeFile(file, pki.save(), { mode: 0o600 });
  await keep();
  const { url, close } = await startTimestampAuthority(pki, { clock: () => stage.now });
  return {
    timeAuthority: url,
    async certify(home, options) {
      const files = await writeEvidenceFiles(pki, home, options);
      await keep();
      return files;
    },
    becomeTrusted: () => becomeTrusted(stage, pki),
    close: async () => {
      await close();
    },
  };
}

async function becomeTrusted(stage: Stage, pki: Pki): Promise<void> {
  const folder = join(stage.people, 'authorities');
  await mkdir(folder, { recursive: true });
  const { trustedRoot, anchors } = pki.files();
  const place = (name: string) => join(folder, name);
  await writeFile(place('trusted_root.json'), trustedRoot);
  await writeFile(place('anchors.json'), anchors);
  await writeFile(
    place('issuing-ca-1.crl'),
    pki.crl({ number: 1, next: new Date(stage.now.getTime() + YEAR) }),
  );
  const argv = ['trust', place('trusted_root.json'), place('anchors.json'), '--at', stage.base];
  await publishChange(stage, await run(stage, repoProgram, argv, [4]));
  await run(stage, repoProgram, ['crl', 'import', place('issuing-ca-1.crl'), '--at', stage.base]);
}

const YEAR = 365 * 86_400_000;
