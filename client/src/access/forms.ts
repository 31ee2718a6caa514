// Who may read what, in the registrar's files `access/*.json`? Their forms; docs/formats explains them.
//
// Rules
// - Two uses, `images` and `notes`. Of each, epochs 1, 2, 3 … without a gap; the last one is open, all others
//   have ended. What is sealed from now on is sealed to the open one.
// - A grant is closed, never taken out; `lastEpoch` is the newest epoch that its holder still reads.
// - Names of no party: `gateway` and `escrow`, and of the custodians in credentials.json, `root-1` and the like.

import type { Sha256 } from '../encoding/index.ts';
import {
  date,
  digest,
  type Format,
  format,
  integer,
  listOfDifferent,
  literal,
  object,
  oneOf,
  type Read,
  refuse,
} from '../firmware/fields.ts';
import { type PartyId, partyId } from '../firmware/identifiers.ts';
import { AccessError } from './errors.ts';
import { parseRecipient, type Recipient } from './recipient.ts';

export const READ_KEY_USES = ['images', 'notes'] as const;
export type ReadKeyUse = (typeof READ_KEY_USES)[number];

/** A party, or one of the two below. */
export type Holder = PartyId;
export const GATEWAY: Holder = partyId.parse('gateway');
export const ESCROW: Holder = partyId.parse('escrow');

export const RECIPIENTS_PATH = 'access/recipients.json';
export const GRANTS_PATH = 'access/grants.json';
export const CREDENTIALS_PATH = 'access/credentials.json';

export function keyringPath(holder: Holder): string {
  return `access/${holder}.keyring.age`;
}

/** Undefined for a path that is no ring. */
export function parseKeyringPath(path: string): Holder | undefined {
  const name = /^access\/([a-z0-9-]{1,40})\.keyring\.age$/.exec(path)?.[1];
  return name === undefined ? undefined : partyId.parse(name);
}

export const readUse = oneOf(...READ_KEY_USES);
export const epochNumber = integer(1, 100_000);

/** Any suite: which one is used is decided where a file is sealed or opened. */
export const recipientField: Read<Recipient> = (value, at) => {
  for (const suite of ['hybrid', 'classical'] as const) {
    try {
      return parseRecipient(value, suite);
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
    }
  }
  return refuse(value, at, 'a recipient, age1pq1…');
};

const readKey = object(
  { use: readUse, epoch: epochNumber, recipient: recipientField, from: date },
  { until: date },
);
export type PublishedReadKey = ReturnType<typeof readKey>;

const recipients = object({
  format: literal('cfl/recipients/1'),
  keys: listOfDifferent(readKey, ({ recipient }) => recipient),
});
export type Recipients = ReturnType<typeof recipients>;

const wholeEpochs: Read<Recipients> = (value, at) => {
  const read = recipients(value, at);
  const sorted = READ_KEY_USES.flatMap((use) => {
    const keys = read.keys.filter((key) => key.use === use);
    for (const [i, { epoch, until }] of keys.entries()) {
      if (epoch !== i + 1) refuse(epoch, `the epoch of ${use}`, `${i + 1}, each epoch once and in order`);
      const isLast = i === keys.length - 1;
      if (isLast !== (until === undefined))
        refuse(
          until,
          `the end of ${use} epoch ${epoch}`,
          isLast ? 'none: the last is open' : 'a date: only the last is open',
        );
    }
    return keys;
  });
  if (sorted.some((key, i) => key !== read.keys[i])) refuse('another order', 'keys', 'images before notes');
  return read;
};

export const recipientsFile: Format<Recipients> = format(wholeEpochs);

/** What is sealed now is sealed to this one; undefined before the first epoch. */
export function currentKey({ keys }: Recipients, use: ReadKeyUse): PublishedReadKey | undefined {
  return keys.find((key) => key.use === use && key.until === undefined);
}

const grant = object(
  { use: readUse, from: date },
  { until: date, reason: oneOf('revoked', 'lapsed'), lastEpoch: integer(0, 100_000) },
);
export type Grant = ReturnType<typeof grant>;

const closedWhole: Read<Grant> = (value, at) => {
  const read = grant(value, at);
  const given = [read.until, read.reason, read.lastEpoch].filter((one) => one !== undefined).length;
  if (given !== 0 && given !== 3) refuse(value, at, 'until, reason and lastEpoch, or none of them');
  return read;
};

const formerCredential = object({ fingerprint: digest, until: date }, { stolen: literal('yes') });

const granted = object(
  {
    holder: partyId.exact,
    /** Of the credential that its ring is sealed to. */
    fingerprint: digest,
    grants: listOfDifferent(closedWhole, ({ use, from }) => `${use} from ${from}`, 1),
  },
  { replaced: listOfDifferent(formerCredential, ({ fingerprint }) => fingerprint, 1) },
);
export type Granted = ReturnType<typeof granted>;

const grants = object({
  format: literal('cfl/grants/1'),
  holders: listOfDifferent(granted, ({ holder }) => holder),
});
export type Grants = ReturnType<typeof grants>;

const ownFingerprints: Read<Grants> = (value, at) => {
  const read = grants(value, at);
  const seen = new Set<Sha256>();
  for (const { holder, fingerprint, replaced = [], grants: given } of read.holders) {
    for (const one of [fingerprint, ...replaced.map((former) => former.fingerprint)]) {
      if (seen.has(one)) refuse(one, `the credential of ${holder}`, 'each credential only once');
      seen.add(one);
    }
    for (const use of READ_KEY_USES) {
      const open = given.filter((one) => one.use === use && one.until === undefined);
      if (open.length > 1) refuse(use, `the grants of ${holder}`, 'one open grant of a use at most');
    }
  }
  return read;
};

export const grantsFile: Format<Grants> = format(ownFingerprints);

const credential = object({ holder: partyId.exact, recipient: recipientField });
export type PublishedCredential = ReturnType<typeof credential>;

const credentials = object({
  format: literal('cfl/credentials/1'),
  /** To whom rings are sealed: parties and the gateway. */
  credentials: listOfDifferent(credential, ({ holder }) => holder),
  /** To whom the escrow ring is sealed: root holders and the registrar's. */
  escrow: listOfDifferent(credential, ({ holder }) => holder),
});
export type Credentials = ReturnType<typeof credentials>;

export const credentialsFile: Format<Credentials> = format(credentials);
