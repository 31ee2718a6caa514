// The verifier file's page: three forms, and what came of them. What decides lies in the parts.
//
// Rules
// - What is shown as signed comes from the signed files, and is taken away before the next check begins.
// - A plaintext is offered only after it was compared with the statement.
// - Nobody keeps the passphrase; the opened ring stays in the memory of the page.

import { sha256 } from '@cfl/client/encoding';
import {
  decodeImage,
  imagePath,
  type ManufacturerCode,
  notesPath,
  type ReleaseId,
  referenceFileName,
  statedDigests,
} from '@cfl/client/firmware';
import { factsOf, type SignedRelease } from '../check/facts.ts';
import { telling } from '../check/steps.ts';
import type { Checking, OpenLibrary, Row } from './checking.ts';
import { candidatesOf, compareImage, type Dropped, readDropped } from './dropped.ts';
import type { OpenedAccess, Opening } from './opening.ts';
import { part } from './parts.ts';
import {
  answer,
  byId,
  clear,
  clearOpened,
  offerFile,
  refuse,
  showRows,
  showSigned,
  showStep,
} from './show.ts';

/** What the build pinned. */
export interface VerifierSettings {
  /** Base64 of the first root. */
  readonly root: string;
  /** The addresses that the policy allows, each with a slash at its end. */
  readonly libraries: readonly string[];
}

/** The list is cut here; the field narrows it. */
const MOST_ROWS = 100;

const settings = JSON.parse(byId('settings').textContent) as VerifierSettings;
const root = Uint8Array.from(atob(settings.root), (char) => char.charCodeAt(0));

let checked: { readonly library: OpenLibrary; readonly signed: SignedRelease } | undefined;
let access: OpenedAccess | undefined;
let isBusy = false;

/** One thing at a time; what goes wrong is said where it was asked for. */
async function act(id: string, work: () => Promise<void>): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  answer(id, 'busy', 'Working…');
  try {
    await work();
  } catch (error) {
    refuse(id, error);
  } finally {
    isBusy = false;
  }
}

async function openLibrary(): Promise<OpenLibrary> {
  const given = `${byId<HTMLInputElement>('address').value.trim().replace(/\/+$/, '')}/`;
  if (!settings.libraries.includes(given))
    throw new TypeError(
      `Cannot read "${given}": the policy of this file allows ${settings.libraries.join(' and ')} alone`,
    );
  checked = undefined;
  clear();
  const { open } = await part<Checking>('checking');
  return open({ library: new URL(given), root, now: new Date(), ...telling(showStep) });
}

/** Shows it, and says in one sentence what came out. */
function accept(id: string, library: OpenLibrary, signed: SignedRelease, said = ''): void {
  checked = { library, signed };
  showSigned(factsOf(signed));
  const at = `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const { state, reason } = signed.state;
  const isUsable = state === 'current' || state === 'superseded';
  const doNot = isUsable ? '' : `. Do not deploy it: ${reason}`;
  const text = `Checked at ${at}: signed and accepted, ${state}${said}${doNot}`;
  answer(id, isUsable ? 'good' : 'away', text);
  if (id !== 'answer') answer('answer', 'plain', 'The release of the file that you gave:');
}

function checkRow(row: { readonly code: ManufacturerCode; readonly release: ReleaseId }): Promise<void> {
  return act('answer', async () => {
    const library = await openLibrary();
    accept('answer', library, await library.check(row.code, row.release));
    byId('title').focus();
  });
}

async function search(): Promise<void> {
  const asked = byId<HTMLInputElement>('release').value.trim().toLowerCase();
  const library = await openLibrary();
  const rows: Row[] = [];
  let count = 0;
  for await (const row of library.rows()) {
    if (!matches(row, asked)) continue;
    count++;
    if (rows.length < MOST_ROWS) rows.push(row);
  }
  const [only, ...others] = rows;
  if (only === undefined)
    throw new TypeError(`Cannot find "${asked}": the library's catalogue lists no such release`);
  if (asked !== '' && others.length === 0)
    return accept('answer', library, await library.check(only.code, only.release));
  showRows(rows, count, (row) => void checkRow(row));
  const listed = asked === '' ? `It lists ${count} releases` : `${count} releases of its list match`;
  answer('answer', 'plain', `The library is signed. ${listed}; each is checked when you ask for it`);
}

function matches(
  { release, imageHash, entries, code, firmwareVersion, deviceType }: Row,
  asked: string,
): boolean {
  if (release.startsWith(asked) || imageHash.startsWith(asked)) return true;
  return [...entries, code, firmwareVersion, deviceType].some((one) => one.toLowerCase() === asked);
}

function readNamed(octets: Uint8Array, named: string): Dropped {
  try {
    return readDropped(octets);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`Cannot read ${named}: ${reason}`, { cause });
  }
}

async function checkFile(file: File): Promise<void> {
  const named = `"${file.name}"`;
  const dropped = readNamed(new Uint8Array(await file.arrayBuffer()), named);
  switch (dropped.kind) {
    case 'image':
      return checkImage(dropped.octets, named);
    case 'bundle': {
      const library = await openLibrary();
      return accept(
        'file-answer',
        library,
        await library.checkBundle(dropped.octets),
        `; ${named} is its statement`,
      );
    }
    case 'sealed':
      return checkSealed(dropped.octets, named);
    case 'credential':
      throw new TypeError(
        `Cannot check ${named}: it is a credential. Choose it below, where a credential is asked for`,
      );
    case 'text':
      await compareNotes(dropped.octets, named);
  }
}

async function checkImage(octets: Uint8Array, named: string, epoch?: number): Promise<void> {
  const library = await openLibrary();
  const { code, candidates } = await candidatesOf(octets, decodeImage(octets));
  for (const one of candidates) {
    if ((await library.find(imagePath(code, one.release))) === undefined) continue;
    const signed = await library.check(code, one.release);
    const compared = await compareImage(one.octets, signed.statement);
    showStep({ what: 'image', text: compared, files: [] });
    accept('file-answer', library, signed, `; ${named} is the image: ${compared}`);
    if (epoch !== undefined) await offerImage(one.octets, signed);
    return;
  }
  throw new TypeError(
    `Cannot accept ${named}: the library lists no image of ${code} with the SHA-256 ${candidates[0]?.release}`,
  );
}

/** Which of the two it is, its keys say. */
async function checkSealed(octets: Uint8Array, named: string): Promise<void> {
  const { open } = unlocked();
  const image = await open(octets, 'images', named).catch((error: unknown) => error);
  if (!(image instanceof Error)) {
    const { plaintext, epoch } = image as Awaited<ReturnType<typeof open>>;
    return checkImage(plaintext, named, epoch);
  }
  const notes = await open(octets, 'notes', named).catch(() => {
    throw image;
  });
  await compareNotes(notes.plaintext, named);
}

/** Notes do not say whose they are. */
async function compareNotes(octets: Uint8Array, named: string): Promise<void> {
  if (checked === undefined)
    throw new TypeError(`Cannot check ${named}: notes are compared with a release. Check the release first`);
  await acceptNotes(octets, checked.signed);
  answer('file-answer', 'good', `${named} holds the notes of this release, as the manufacturer signed them`);
}

async function acceptNotes(octets: Uint8Array, { statement }: SignedRelease): Promise<void> {
  const [found, signed] = [await sha256(octets), statedDigests(statement).notes];
  if (found !== signed)
    throw new TypeError(`Cannot accept the notes: their SHA-256 is ${found}, signed is ${signed}`);
  const { otaImage } = statedDigests(statement);
  offerFile(`${otaImage.slice(0, 12)}.notes.md`, octets, new TextDecoder().decode(octets));
}

async function offerImage(octets: Uint8Array, { statement }: SignedRelease): Promise<void> {
  const { header } = decodeImage(octets);
  offerFile(referenceFileName(header, statedDigests(statement).manufacturerImage), octets);
}

function unlocked(): OpenedAccess {
  if (access !== undefined) return access;
  throw new TypeError('Cannot open what is sealed: no credential was given. Give it below');
}

async function unlock(): Promise<void> {
  const [file] = byId<HTMLInputElement>('credential').files ?? [];
  const field = byId<HTMLInputElement>('passphrase');
  const passphrase = field.value;
  field.value = '';
  access = undefined;
  if (file === undefined) throw new TypeError('Cannot open a credential: no file was chosen');
  const octets = new Uint8Array(await file.arrayBuffer());
  const library = checked?.library ?? (await openLibrary());
  const { openAccess } = await part<Opening>('opening');
  const credential = { name: file.name, octets };
  access = await openAccess({
    credential,
    passphrase,
    library: library.digest,
    register: await library.register(),
    read: (path) => library.read(path),
    now: new Date(),
  });
  answer('unlock-answer', 'good', `The credential of ${access.holder} is open until this page is closed`);
  byId('needs').hidden = true;
}

async function openPublished(use: 'images' | 'notes'): Promise<void> {
  if (checked === undefined) throw new TypeError('Cannot open anything: no release was checked');
  const { library, signed } = checked;
  const { code, number } = signed.statement.predicate;
  const release = statedDigests(signed.statement).otaImage;
  const { state, reason } = signed.state;
  const isImage = use === 'images';
  if (isImage && (state === 'withdrawn' || state === 'suspended'))
    throw new TypeError(`Cannot open the image: ${reason}. For an inquiry, use cfl fetch`);
  const { open } = unlocked();
  const what = `the ${isImage ? 'image' : 'notes'} of ${release.slice(0, 12)}`;
  const sealed = await library.read(isImage ? imagePath(code, release) : notesPath(code, release, number));
  const { plaintext, epoch } = await open(sealed, use, what);
  if (isImage) await compareImage(plaintext, signed.statement);
  await (isImage ? offerImage(plaintext, signed) : acceptNotes(plaintext, signed));
  answer(
    'unlock-answer',
    'good',
    `Opened ${what}, epoch ${epoch}, compared with the statement: what the manufacturer signed`,
  );
  byId('save').focus();
}

function onSubmit(form: string, id: string, work: () => Promise<void>): void {
  byId(form).addEventListener('submit', (event) => {
    event.preventDefault();
    void act(id, work);
  });
}

onSubmit('check', 'answer', search);
onSubmit('unlock', 'unlock-answer', unlock);
for (const [id, use] of [
  ['open-image', 'images'],
  ['open-notes', 'notes'],
] as const)
  byId(id).addEventListener('click', () => {
    clearOpened();
    void act('unlock-answer', () => openPublished(use));
  });

const input = byId<HTMLInputElement>('file');
input.addEventListener('change', () => {
  const [file] = input.files ?? [];
  if (file !== undefined) void act('file-answer', () => checkFile(file)).finally(() => (input.value = ''));
});

// A file that misses the field would be opened by the browser in place of this page
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file !== undefined) void act('file-answer', () => checkFile(file));
});
