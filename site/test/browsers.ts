// Does the site work in every engine that is here? `npm run browsers`: list, filter, model, release and check;
// and refused: a rolled-back timestamp, an expired snapshot, a tampered catalogue, a tampered statement, a page
// whose text differs. Then the verifier file, from disk: a release, a tampered statement, a right credential, a
// wrong passphrase, and a credential that was granted nothing.
// The exit code is 1 where something went wrong; an engine that is not here is named.

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Credential, encodeCredential, makeReadKey } from '@cfl/client/access';
import { writeVerifier } from '../verifier.ts';
import { ENGINES, type Engine, type EngineKind, missing } from './engines.ts';
import { type ExampleLibrary, exampleLibrary, SECRET } from './library.ts';
import { build, serveSite, stop } from './site.ts';

const NOW = new Date();
const PASSPHRASE = 'correct horse battery staple';

interface Trial {
  readonly name: string;
  readonly site: string;
  readonly library: string;
  readonly run: (engine: Engine, url: string) => Promise<string>;
  readonly expected: RegExp;
}

async function main(): Promise<number> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-browsers-'));
  try {
    const trials = await makeTrials(base);
    let failed = 0;
    for (const kind of ENGINES) failed += await tryEngine(kind, trials);
    return failed === 0 ? 0 : 1;
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

async function tryEngine(kind: EngineKind, trials: readonly Trial[]): Promise<number> {
  const absent = missing(kind);
  if (absent !== undefined) {
    console.log(`${kind.name}: skipped, ${absent} is not here`);
    return 0;
  }
  const engine = await kind.open();
  let failed = 0;
  try {
    for (const { name, site, library, run, expected } of trials) {
      const served = await serveSite(site, library);
      const found = await run(engine, served.url).catch(String);
      stop(served);
      const isGood = expected.test(found);
      if (!isGood) failed++;
      console.log(`${kind.name}: ${isGood ? 'ok' : 'FAILED'}  ${name}${isGood ? '' : `, found: ${found}`}`);
    }
  } finally {
    await engine.close();
  }
  return failed;
}

async function makeTrials(base: string): Promise<readonly Trial[]> {
  const library = join(base, 'library');
  const example = await exampleLibrary(library, NOW);
  const old = await readFile(join(library, 'metadata', 'timestamp.json'));
  await example.library.write(library);
  const site = await build(library, example.written.rootSha256, join(base, 'site'), NOW);
  const honest = { site, library };
  const page = `/releases/${example.newest.release}/`;
  const check = (engine: Engine, url: string) => checkIn(engine, `${url}${page}`);
  const lie = async (name: string, change: (folder: string) => Promise<void>): Promise<string> => {
    const folder = join(base, name);
    await cp(library, folder, { recursive: true });
    await change(folder);
    return folder;
  };
  const rolledBack = await lie('old', (folder) => writeFile(join(folder, 'metadata', 'timestamp.json'), old));
  const expired = await lie('expired', (folder) => publishExpired(example, folder));
  const catalogue = await lie('catalogue', (folder) => tamper(folder, /targets\/catalogue\/.*FFF1-0/));
  const statement = await lie('statement', (folder) =>
    tamper(folder, new RegExp(`${example.newest.release}/.*statement-1`)),
  );
  const otherPage = join(base, 'page');
  await cp(site, otherPage, { recursive: true });
  const file = join(otherPage, page, 'index.html');
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('0100 to 01FF', '0000 to FFFF'));
  return [
    { name: 'the list has all releases', ...honest, run: listIn, expected: /^6$/ },
    { name: 'the list is filtered by its address', ...honest, run: filterIn, expected: /^1 of 6 releases$/ },
    { name: 'a model is drawn', ...honest, run: modelIn, expected: /^2 paths, 4 versions$/ },
    {
      name: 'the check passes an honest release',
      ...honest,
      run: check,
      expected: /^Checked in this browser at /,
    },
    {
      name: 'a rolled-back timestamp is refused',
      site,
      library: rolledBack,
      run: check,
      expected: /^Refused: .*version 1: version 2 was already/,
    },
    {
      name: 'an expired snapshot is refused',
      site,
      library: expired,
      run: check,
      expected: /^Refused: Cannot accept snapshot .*expired/,
    },
    {
      name: 'a tampered catalogue is refused',
      site,
      library: catalogue,
      run: check,
      expected: /^Refused: .*FFF1-0\.json: its sha256 is/,
    },
    {
      name: 'a tampered statement is refused',
      site,
      library: statement,
      run: check,
      expected: /^Refused: .*statement-1.*: its sha256 is/,
    },
    {
      name: 'a page whose text differs is refused',
      site: otherPage,
      library,
      run: check,
      expected: /^Refused: the page says "0000 to FFFF"/,
    },
    ...(await verifierTrials(base, example, { honest, tampered: { site, library: statement } })),
  ];
}

type Served = Pick<Trial, 'site' | 'library'>;

/** The file is made anew for each address that a library is served from: its policy names it. */
async function verifierTrials(
  base: string,
  { written, newest }: ExampleLibrary,
  { honest, tampered }: Readonly<Record<'honest' | 'tampered', Served>>,
): Promise<readonly Trial[]> {
  const sealed = async (credential: Credential) =>
    Buffer.from(await encodeCredential(credential, { passphrase: PASSPHRASE, work: 10 })).toString('base64');
  const granted = await sealed(written.credential);
  const foreign = await sealed(await makeReadKey());
  const file = async (engine: Engine, url: string): Promise<string> => {
    const env = { CFL_LIBRARY: url, CFL_ROOT: written.rootFile, CFL_VERIFIER: join(base, 'verifier') };
    await engine.goto(pathToFileURL(await writeVerifier(env)).href);
    await fill(engine, 'release', newest.release);
    await engine.ask('document.querySelector("#check button").click()');
    return answered(engine, 'answer');
  };
  const unlock = async (engine: Engine, url: string, credential: string, passphrase: string) => {
    await file(engine, url);
    await engine.ask(`(() => {
      const octets = Uint8Array.from(atob('${credential}'), (char) => char.charCodeAt(0));
      const dropped = new DataTransfer();
      dropped.items.add(new File([octets], 'credential.age'));
      document.querySelector('#credential').files = dropped.files;
    })()`);
    await fill(engine, 'passphrase', passphrase);
    await engine.ask('document.querySelector("#unlock button").click()');
    return answered(engine, 'unlock-answer');
  };
  return [
    {
      name: 'the verifier file checks a release',
      ...honest,
      run: file,
      expected: /^Checked at .*: signed and accepted, current/,
    },
    {
      name: 'the verifier file refuses a tampered statement',
      ...tampered,
      run: file,
      expected: /^Refused: .*statement-1.*: its sha256 is/,
    },
    {
      name: 'the verifier file opens notes with a credential',
      ...honest,
      run: async (engine, url) => {
        await unlock(engine, url, granted, PASSPHRASE);
        await engine.ask('document.querySelector("#open-notes").click()');
        return until(engine, 'document.querySelector("#notes").textContent', new RegExp(SECRET));
      },
      expected: new RegExp(SECRET),
    },
    {
      name: 'the verifier file refuses a wrong passphrase',
      ...honest,
      run: (engine, url) => unlock(engine, url, granted, 'wrong'),
      expected: /^Refused: .*the passphrase is wrong/,
    },
    {
      name: 'the verifier file refuses a credential that was granted nothing',
      ...honest,
      run: (engine, url) => unlock(engine, url, foreign, PASSPHRASE),
      expected: /^Refused: .*the registrar has granted nothing/,
    },
  ];
}

async function fill(engine: Engine, field: string, text: string): Promise<void> {
  await engine.ask(`void (document.querySelector("#${field}").value = ${JSON.stringify(text)})`);
}

function answered(engine: Engine, id: string): Promise<string> {
  return until(
    engine,
    `document.querySelector("#${id}").textContent`,
    /^(Checked|Refused|Could|The credential)/,
  );
}

async function publishExpired({ library }: ExampleLibrary, folder: string): Promise<void> {
  library.snapshotExpires = new Date(NOW.getTime() - 86_400_000);
  await library.write(folder);
}

/** Changes one octet in the middle of each file that the filter takes. */
async function tamper(folder: string, filter: RegExp): Promise<void> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const found of files) {
    const path = join(found.parentPath, found.name);
    if (!found.isFile() || !filter.test(path)) continue;
    const octets = await readFile(path);
    octets[octets.length >> 1] = (octets[octets.length >> 1] ?? 0) ^ 1;
    await writeFile(path, octets);
  }
}

async function listIn(engine: Engine, url: string): Promise<string> {
  await engine.goto(`${url}/`);
  return String(await engine.ask('document.querySelectorAll(".releases tbody tr").length'));
}

async function filterIn(engine: Engine, url: string): Promise<string> {
  await engine.goto(`${url}/?type=ESME&state=current`);
  return until(engine, 'document.querySelector("[role=status]").textContent', / of /);
}

async function modelIn(engine: Engine, url: string): Promise<string> {
  await engine.goto(`${url}/models/FFF1-0A01/`);
  const count = (what: string) => engine.ask(`document.querySelectorAll("${what}").length`);
  return `${await count('.upgrades .line')} paths, ${await count('.upgrades .node')} versions`;
}

async function checkIn(engine: Engine, address: string): Promise<string> {
  await engine.goto(address);
  await until(engine, 'document.querySelector("cfl-check .line button").disabled', /false/);
  await engine.ask('document.querySelector("cfl-check .line button").click()');
  return until(
    engine,
    'document.querySelector("cfl-check [role=status]").textContent',
    /^(Checked in|Refused|Could)/,
  );
}

/** Asks until the answer is as wanted, at most 20 seconds long. */
async function until(engine: Engine, expression: string, wanted: RegExp): Promise<string> {
  for (let i = 0; i < 100; i++) {
    const found = String(await engine.ask(expression));
    if (wanted.test(found)) return found;
    await setTimeout(200);
  }
  return String(await engine.ask(expression));
}

process.exitCode = await main();
