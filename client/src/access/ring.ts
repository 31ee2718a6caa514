// Which read keys does a party hold? Its ring, sealed to its own credential, opened and compared.
//
// Rules
// - A ring names its holder and its library: another party's, and another library's, are refused.
// - The secret of each epoch makes the very recipient that recipients.json gives for it. So a wrong secret is
//   found when the ring is opened, and nobody seals to one key and hands out another.
// - The gateway's ring never holds the key of the notes, and of images only one epoch.

import {
  digest,
  type Format,
  FormatError,
  format,
  listOfDifferent,
  literal,
  object,
  type Read,
  refuse,
} from '../firmware/fields.ts';
import { partyId } from '../firmware/identifiers.ts';
import { AccessError } from './errors.ts';
import {
  ESCROW,
  epochNumber,
  GATEWAY,
  type Holder,
  type ReadKeyUse,
  type Recipients,
  readUse,
} from './forms.ts';
import type { Suite } from './header.ts';
import { parseSecret, type Recipient, recipientOf, type Secret } from './recipient.ts';
import { open, seal } from './seal.ts';

/** Any suite, as recipientField. Never quotes what it refuses. */
const secretField: Read<Secret> = (value, at) => {
  for (const suite of ['hybrid', 'classical'] as const) {
    try {
      return parseSecret(value, suite);
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
    }
  }
  return refuse(undefined, at, 'a secret key');
};

const ringKey = object({ use: readUse, epoch: epochNumber, secret: secretField });
export type ReadKey = ReturnType<typeof ringKey>;

const ring = object({
  format: literal('cfl/keyring/1'),
  /** SHA-256 of the first root. */
  library: digest,
  holder: partyId.exact,
  keys: listOfDifferent(ringKey, ({ use, epoch }) => `${use} epoch ${epoch}`),
});
export type Ring = ReturnType<typeof ring>;

const modestGateway: Read<Ring> = (value, at) => {
  const read = ring(value, at);
  if (read.holder !== GATEWAY) return read;
  const [first, second] = read.keys;
  if (first?.use === 'notes' || second !== undefined)
    refuse(
      read.keys.map(({ use, epoch }) => `${use} ${epoch}`).join(', '),
      'keys',
      'one epoch of images alone',
    );
  return read;
};

const ringFormat: Format<Ring> = format(modestGateway);

export function parseRing(octets: Uint8Array): Ring {
  return ringFormat.parse(octets);
}

/** In the clear: seal it before it leaves memory. */
export function encodeRing(value: Ring): Uint8Array<ArrayBuffer> {
  return ringFormat.encode(value);
}

/** To one recipient; the escrow ring to each custodian. */
export function sealRing(value: Ring, recipients: readonly Recipient[]): Promise<Uint8Array> {
  if (value.holder !== ESCROW && recipients.length !== 1)
    throw new TypeError('Cannot seal a ring to several: only the escrow ring has several readers');
  return seal(encodeRing(value), recipients);
}

export interface RingContext {
  /** SHA-256 of the first root; undefined where only a later one is pinned. */
  readonly library: string | undefined;
  readonly holder: Holder;
  readonly recipients: Recipients;
  readonly suite?: Suite;
}

export async function openRing(
  octets: Uint8Array,
  credential: { readonly secret: Secret },
  context: RingContext,
): Promise<Ring> {
  const { holder, suite = 'hybrid' } = context;
  const what = `the ring of ${holder}`;
  const stanzas = holder === ESCROW ? 'several' : 'one';
  const plaintext = await open(octets, [credential], { what, suite, stanzas }).then(
    (opened) => opened.plaintext,
    (error: unknown) => {
      throw error instanceof AccessError && error.code === 'WRONG_EPOCH' ? notYours(what, error) : error;
    },
  );
  const read = parsed(plaintext, what);
  expectOwn(read, context, what);
  for (const key of read.keys) await expectPublished(key, context.recipients, what);
  return read;
}

/** The keys of one use, newest epoch first, as `open` tries them. */
export function keysFor({ keys }: Ring, use: ReadKeyUse): readonly ReadKey[] {
  return keys.filter((key) => key.use === use).toSorted((a, b) => b.epoch - a.epoch);
}

function notYours(what: string, cause: AccessError): AccessError {
  return new AccessError('WRONG_CREDENTIAL', `Cannot open ${what}: it is sealed to another credential`, {
    hint: 'Use the credential that the registrar has; for a new one, run: cfl keygen, and hand over its public part',
    cause,
  });
}

function parsed(plaintext: Uint8Array, what: string): Ring {
  try {
    return parseRing(plaintext);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    // Without the cause's own words where they could quote a secret: a refusal of ours never does
    throw wrongRing(
      what,
      `${cause.at === '' ? 'it' : cause.at} is not as expected, ${cause.expected}`,
      cause.expected,
    );
  }
}

function expectOwn(read: Ring, { holder, library }: RingContext, what: string): void {
  if (read.holder !== holder) throw wrongRing(what, `it is the ring of ${read.holder}`, holder);
  if (library !== undefined && read.library !== library)
    throw wrongRing(
      what,
      `it belongs to the library ${read.library.slice(0, 12)}, expected ${library.slice(0, 12)}`,
      library,
    );
}

async function expectPublished(
  { use, epoch, secret }: ReadKey,
  { keys }: Recipients,
  what: string,
): Promise<void> {
  const published = keys.find((key) => key.use === use && key.epoch === epoch);
  if (published === undefined)
    throw wrongRing(
      what,
      `it holds the ${use} key of epoch ${epoch}, which recipients.json does not list`,
      `${use} epoch ${epoch}`,
    );
  if ((await recipientOf(secret)) === published.recipient) return;
  throw new AccessError(
    'WRONG_RECIPIENT',
    `Cannot accept ${what}: its ${use} key of epoch ${epoch} does not make the recipient that the registrar published`,
    { hint: 'What is sealed may be sealed to somebody else. Do not submit or fetch; tell the registrar' },
  );
}

function wrongRing(what: string, reason: string, expected: string): AccessError {
  return new AccessError('WRONG_RING', `Cannot accept ${what}: ${reason}`, {
    expected,
    hint: 'The registrar published the wrong ring. Tell the registrar',
  });
}
