// Who may read a test library: its read keys by epoch, its holders with their credentials, and what the
// registrar publishes of it. Honest, until a test changes one thing.

import {
  CREDENTIALS_PATH,
  type Credential,
  credentialsFile,
  currentKey,
  ESCROW,
  fingerprintOf,
  GRANTS_PATH,
  type Grant,
  type Granted,
  grantsFile,
  type Holder,
  keyringPath,
  makeReadKey,
  type PublishedReadKey,
  RECIPIENTS_PATH,
  type ReadKey,
  type ReadKeyUse,
  type Recipients,
  type Ring,
  recipientsFile,
  type Suite,
  seal,
  sealRing,
} from '../../src/access/index.ts';
import type { Sha256 } from '../../src/encoding/index.ts';
import { type Party, parsePartyId, type UserRole } from '../../src/firmware/index.ts';

export const ENERGY = parsePartyId('example-energy');
export const GAS_SUPPLIER = parsePartyId('example-gas');
const BEGUN = '2026-01-01T00:00:00Z';

export interface TestHolder {
  credential: Credential;
  grants: Grant[];
  replaced: { fingerprint: Sha256; until: string }[];
}

export class TestAccess {
  readonly suite: Suite;
  published: PublishedReadKey[] = [];
  secrets: ReadKey[] = [];
  readonly holders = new Map<Holder, TestHolder>();
  readonly custodian: Credential;
  /** Changes a ring before it is sealed. */
  changes: (ring: Ring) => Ring = (ring) => ring;
  /** Published instead of what is made. */
  readonly instead = new Map<string, Uint8Array>();

  private constructor(suite: Suite, custodian: Credential) {
    this.suite = suite;
    this.custodian = custodian;
  }

  /** Epoch 1 of both uses, and one supplier that reads both. */
  static async make(suite: Suite = 'hybrid'): Promise<TestAccess> {
    const access = new TestAccess(suite, await makeReadKey(suite));
    await access.begin('images', BEGUN);
    await access.begin('notes', BEGUN);
    await access.grant(ENERGY, ['images', 'notes']);
    return access;
  }

  get recipients(): Recipients {
    const keys = (['images', 'notes'] as const).flatMap((use) =>
      this.published.filter((key) => key.use === use),
    );
    return { format: 'cfl/recipients/1', keys };
  }

  /** Ends the open epoch, if there is one, and opens the next. */
  async begin(use: ReadKeyUse, at: string): Promise<void> {
    const { secret, recipient } = await makeReadKey(this.suite);
    this.published = this.published.map((key) =>
      key.use === use && key.until === undefined ? { ...key, until: at } : key,
    );
    const epoch = this.published.filter((key) => key.use === use).length + 1;
    this.published.push({ use, epoch, recipient, from: at });
    this.secrets.push({ use, epoch, secret });
  }

  async grant(holder: Holder, uses: readonly ReadKeyUse[]): Promise<TestHolder> {
    const credential = await makeReadKey(this.suite);
    const made = { credential, grants: uses.map((use) => ({ use, from: BEGUN })), replaced: [] };
    this.holders.set(holder, made);
    return made;
  }

  /** Closes a grant, and begins the epoch that comes after it. */
  async close(holder: Holder, use: ReadKeyUse, reason: 'revoked' | 'lapsed', at: string): Promise<void> {
    const made = this.holder(holder);
    const lastEpoch = this.published.filter((key) => key.use === use).length;
    made.grants = made.grants.map((one) =>
      one.use === use ? { ...one, until: at, reason, lastEpoch } : one,
    );
    await this.begin(use, at);
  }

  holder(holder: Holder): TestHolder {
    const made = this.holders.get(holder);
    if (made === undefined) throw new TypeError(`${holder} was granted nothing`);
    return made;
  }

  seal(use: ReadKeyUse, plaintext: Uint8Array): Promise<Uint8Array> {
    const key = currentKey(this.recipients, use);
    if (key === undefined) throw new TypeError('There is an open epoch');
    return seal(plaintext, [key.recipient]);
  }

  ringOf(holder: Holder, library: Sha256): Ring {
    const { grants } = this.holder(holder);
    const mayRead = ({ use, epoch }: ReadKey) =>
      grants.some((one) => one.use === use && epoch <= (one.lastEpoch ?? epoch));
    return { format: 'cfl/keyring/1', library, holder, keys: this.secrets.filter(mayRead) };
  }

  /** What the registrar publishes. */
  async files(library: Sha256): Promise<ReadonlyMap<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>([[RECIPIENTS_PATH, recipientsFile.encode(this.recipients)]]);
    const holders: Granted[] = [];
    const credentials: { holder: Holder; recipient: Credential['recipient'] }[] = [];
    for (const [holder, { credential, grants, replaced }] of this.holders) {
      const { recipient } = credential;
      const former = replaced.length === 0 ? {} : { replaced };
      holders.push({ holder, fingerprint: await fingerprintOf(recipient), grants, ...former });
      credentials.push({ holder, recipient });
      files.set(keyringPath(holder), await sealRing(this.changes(this.ringOf(holder, library)), [recipient]));
    }
    const escrow = { format: 'cfl/keyring/1', library, holder: ESCROW, keys: this.secrets } as const;
    files.set(keyringPath(ESCROW), await sealRing(escrow, [this.custodian.recipient]));
    files.set(GRANTS_PATH, grantsFile.encode({ format: 'cfl/grants/1', holders }));
    const custodians = [{ holder: parsePartyId('root-1'), recipient: this.custodian.recipient }];
    files.set(
      CREDENTIALS_PATH,
      credentialsFile.encode({ format: 'cfl/credentials/1', credentials, escrow: custodians }),
    );
    for (const [path, octets] of this.instead) files.set(path, octets);
    return files;
  }
}

/** A supplier of the register. */
export function supplierOf(id: Holder, name: string, role: UserRole = 'IS'): Party {
  return {
    id,
    name,
    kinds: ['supplier'],
    codes: [],
    userRoles: [{ role, from: BEGUN, evidence: 'SEC Party list of 2026-10-30, entry 114' }],
    certificates: [],
  };
}
