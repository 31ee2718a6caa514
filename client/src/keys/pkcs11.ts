// Can a key in a token sign, without ever leaving it? Over PKCS#11, by the module that the token's maker delivers.
//
// Rules
// - Exactly one token and exactly one private key must answer to the URI; of several, none is chosen.
// - The public part is read from the token: from the public key object beside the private one (the same id), or
//   from the private key's own point. Only ECDSA P-256.
// - The token signs the SHA-256 that is made here (CKM_ECDSA: every token has it), and every signature is verified
//   before anybody gets it.
// - The PIN comes from the file of `pin-source`, that of CFL_PIN_FILE, or a person; a token with a keypad of its own
//   asks by itself. A wrong PIN is tried once: a token counts.
//
// The native part of pkcs11js is not built at installation: docs/dependencies.md says how.

import { createHash, createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import type * as Pkcs11 from 'pkcs11js';
import { der } from '../encoding/index.ts';
import { publicKey } from '../tuf/key.ts';
import type { PublicKey } from '../tuf/types.ts';
import { derSignature } from './ecdsa.ts';
import { KeyError } from './errors.ts';
import { readPin } from './passphrase.ts';
import { parsePkcs11Uri, type TokenKey } from './pkcs11-uri.ts';
import type { Signer } from './signer.ts';
import { verifying } from './verifying.ts';

export interface Pkcs11Options {
  /** Asks for the PIN of the token of this label; without it CFL_PIN_FILE, then the terminal. */
  readonly pin?: (token: string) => Promise<string>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The folder that the path of `pin-source` starts from. */
  readonly base?: string;
}

type Driver = typeof Pkcs11;

const P256 = Uint8Array.from([0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
const SPKI_HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
const POINT_LENGTH = 65;
/** CKS_RO_USER_FUNCTIONS and CKS_RW_USER_FUNCTIONS, which pkcs11js does not name. */
const LOGGED_IN: readonly number[] = [1, 3];

/** Throws KeyError. */
export async function openPkcs11(uri: string, options: Pkcs11Options = {}): Promise<Signer> {
  const wanted = parsePkcs11Uri(uri);
  const env = options.env ?? process.env;
  const path = wanted.modulePath ?? env.CFL_PKCS11_MODULE ?? '';
  if (path === '') {
    throw new KeyError('BAD_URI', 'Cannot open the key "pkcs11:…": it names no module', {
      hint: "Add ?module-path=FILE, the library of the token's maker, or name it in CFL_PKCS11_MODULE",
    });
  }
  const driver = await loadDriver();
  const token = new Token(driver, loadModule(driver, path));
  const { slot, label, hasKeypad } = token.find(wanted);
  const session = token.open(slot);
  if (!token.isLoggedIn(session)) {
    const ask = options.pin ?? ((name) => readPin({ prompt: `PIN of the token "${name}": `, env }));
    const pin = hasKeypad
      ? undefined
      : wanted.pinFile === undefined
        ? await ask(label)
        : await readPin({ prompt: '', env: { CFL_PIN_FILE: resolve(options.base ?? '.', wanted.pinFile) } });
    token.logIn(session, label, pin);
  }
  const place = `the token "${label}"`;
  const handle = token.privateKey(session, wanted, place);
  const key = await token.publicPart(session, handle, place);
  return verifying(place, { key, sign: async (message) => token.sign(session, handle, { message, place }) });
}

async function loadDriver(): Promise<Driver> {
  try {
    return (await import('pkcs11js')).default as unknown as Driver;
  } catch (cause) {
    throw new KeyError(
      'NO_DRIVER',
      'Cannot open the key "pkcs11:…": the native part of pkcs11js is not there',
      {
        hint: 'Build it, as "Hardware keys" in docs/dependencies.md says; or sign with a program of the token\'s maker: cmd:',
        cause,
      },
    );
  }
}

/** A module is initialised once in a process, and stays until its end. */
const loaded = new Map<string, Pkcs11.PKCS11>();

function loadModule(driver: Driver, path: string): Pkcs11.PKCS11 {
  const known = loaded.get(path);
  if (known !== undefined) return known;
  const module = new driver.PKCS11();
  try {
    module.load(path);
    module.C_Initialize();
  } catch (cause) {
    throw new KeyError('NO_DRIVER', `Cannot use the PKCS#11 module "${path}": ${wordOf(cause)}`, {
      hint: "Check the path of the library of the token's maker, and what it needs to be set up",
      cause,
    });
  }
  loaded.set(path, module);
  return module;
}

interface FoundToken {
  readonly slot: Pkcs11.Handle;
  readonly label: string;
  readonly hasKeypad: boolean;
}

class Token {
  readonly #driver: Driver;
  readonly #module: Pkcs11.PKCS11;

  constructor(driver: Driver, module: Pkcs11.PKCS11) {
    this.#driver = driver;
    this.#module = module;
  }

  find(wanted: TokenKey): FoundToken {
    const tokens = this.#calling('Cannot look for the token', () =>
      this.#module.C_GetSlotList(true).map((slot) => ({ slot, info: this.#module.C_GetTokenInfo(slot) })),
    );
    const matching = tokens.filter(({ slot, info }) => matches(wanted, slot, info));
    const [only, ...others] = matching;
    const name = wanted.token === undefined ? 'of the URI' : `"${wanted.token}"`;
    if (only === undefined) {
      const labels = tokens.map(({ info }) => `"${info.label.trim()}"`).filter((label) => label !== '""');
      throw new KeyError(
        'NOT_FOUND',
        `Cannot find the token ${name}: found ${labels.length === 0 ? 'none' : labels.join(', ')}`,
        {
          hint: 'Check that it is plugged in and set up, and how it is labelled',
        },
      );
    }
    if (others.length > 0)
      throw ambiguous(`the token ${name}`, matching.length, 'Name it by "serial" as well');
    const hasKeypad = (only.info.flags & this.#driver.CKF_PROTECTED_AUTHENTICATION_PATH) !== 0;
    return { slot: only.slot, label: only.info.label.trim(), hasKeypad };
  }

  open(slot: Pkcs11.Handle): Pkcs11.Handle {
    return this.#calling('Cannot open the token', () =>
      this.#module.C_OpenSession(slot, this.#driver.CKF_SERIAL_SESSION),
    );
  }

  /** All sessions of a process with a token are logged in together. */
  isLoggedIn(session: Pkcs11.Handle): boolean {
    const { state } = this.#calling('Cannot ask the token', () => this.#module.C_GetSessionInfo(session));
    return LOGGED_IN.includes(state);
  }

  logIn(session: Pkcs11.Handle, label: string, pin: string | undefined): void {
    try {
      this.#module.C_Login(session, this.#driver.CKU_USER, ...(pin === undefined ? [] : [pin]));
    } catch (cause) {
      if (wordOf(cause) === 'CKR_USER_ALREADY_LOGGED_IN') return;
      throw notLoggedIn(label, cause);
    }
  }

  privateKey(session: Pkcs11.Handle, wanted: TokenKey, place: string): Pkcs11.Handle {
    const found = this.#objects(session, [
      { type: this.#driver.CKA_CLASS, value: this.#driver.CKO_PRIVATE_KEY },
      ...(wanted.object === undefined ? [] : [{ type: this.#driver.CKA_LABEL, value: wanted.object }]),
      ...(wanted.id === undefined ? [] : [{ type: this.#driver.CKA_ID, value: Buffer.from(wanted.id) }]),
    ]);
    const [only, ...others] = found;
    const name = wanted.object === undefined ? 'of this id' : `"${wanted.object}"`;
    if (only === undefined) {
      throw new KeyError('NOT_FOUND', `Cannot find the private key ${name} in ${place}`, {
        hint: 'Check its label or id, for instance with: pkcs11-tool --list-objects --login',
      });
    }
    if (others.length > 0)
      throw ambiguous(`the private key ${name} in ${place}`, found.length, 'Name it by "id" as well');
    return only;
  }

  async publicPart(session: Pkcs11.Handle, key: Pkcs11.Handle, place: string): Promise<PublicKey> {
    const { CKA_ID, CKA_EC_PARAMS, CKA_EC_POINT, CKA_CLASS, CKO_PUBLIC_KEY } = this.#driver;
    const curve = this.#attribute(session, key, CKA_EC_PARAMS);
    if (curve === undefined || !Buffer.from(P256).equals(curve)) throw notP256(place);
    const id = this.#attribute(session, key, CKA_ID);
    const besides =
      id === undefined || id.length === 0
        ? []
        : this.#objects(session, [
            { type: CKA_CLASS, value: CKO_PUBLIC_KEY },
            { type: CKA_ID, value: id },
          ]);
    for (const object of [...besides, key]) {
      const point = pointOf(this.#attribute(session, object, CKA_EC_POINT));
      if (point !== undefined) return publicKey('ecdsa', 'ecdsa-sha2-nistp256', pemOf(point, place));
    }
    throw new KeyError('NOT_FOUND', `Cannot find the public key beside the private key in ${place}`, {
      hint: 'Put the public key into the token under the same id',
    });
  }

  sign(
    session: Pkcs11.Handle,
    key: Pkcs11.Handle,
    { message, place }: { readonly message: Uint8Array; readonly place: string },
  ): Uint8Array {
    const digest = createHash('sha256').update(message).digest();
    try {
      this.#module.C_SignInit(session, { mechanism: this.#driver.CKM_ECDSA }, key);
      return derSignature(this.#module.C_Sign(session, digest, Buffer.alloc(64)));
    } catch (cause) {
      throw new KeyError('NOT_SIGNED', `Cannot sign with ${place}: ${wordOf(cause)}`, {
        hint: 'Check that the token is still plugged in, and that the key may sign',
        cause,
      });
    }
  }

  #objects(session: Pkcs11.Handle, template: Pkcs11.Template): readonly Pkcs11.Handle[] {
    return this.#calling('Cannot look into the token', () => {
      this.#module.C_FindObjectsInit(session, template);
      try {
        return this.#module.C_FindObjects(session, 100);
      } finally {
        this.#module.C_FindObjectsFinal(session);
      }
    });
  }

  /** Undefined where the object has none, or does not show it. */
  #attribute(session: Pkcs11.Handle, object: Pkcs11.Handle, type: number): Buffer | undefined {
    try {
      const [found] = this.#module.C_GetAttributeValue(session, object, [{ type }]);
      return Buffer.isBuffer(found?.value) ? found.value : undefined;
    } catch {
      return undefined;
    }
  }

  #calling<T>(action: string, call: () => T): T {
    try {
      return call();
    } catch (cause) {
      throw new KeyError('NOT_SIGNED', `${action}: ${wordOf(cause)}`, {
        hint: 'Check that the token is plugged in and set up',
        cause,
      });
    }
  }
}

function matches(wanted: TokenKey, slot: Pkcs11.Handle, info: Pkcs11.TokenInfo): boolean {
  const same = (want: string | undefined, is: string) => want === undefined || want === is.trim();
  return (
    same(wanted.token, info.label) &&
    same(wanted.manufacturer, info.manufacturerID) &&
    same(wanted.model, info.model) &&
    same(wanted.serial, info.serialNumber) &&
    (wanted.slotId === undefined || wanted.slotId === numberOf(slot))
  );
}

/** A handle is a CK_ULONG in the order of the machine, which is little-endian wherever Node runs. */
function numberOf(handle: Pkcs11.Handle): number {
  return Number(handle.length === 8 ? handle.readBigUInt64LE() : handle.readUInt32LE());
}

/** A point is an OCTET STRING in DER; some tokens give it bare. */
function pointOf(value: Buffer | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const point = value.length === POINT_LENGTH ? value : wrapped(value);
  return point?.length === POINT_LENGTH && point[0] === 4 ? point : undefined;
}

function wrapped(value: Buffer): Uint8Array | undefined {
  try {
    return der.readDer(value, der.TAG.octetString).content;
  } catch {
    return undefined;
  }
}

function pemOf(point: Uint8Array, place: string): string {
  try {
    const spki = Buffer.concat([SPKI_HEAD, point]);
    return createPublicKey({ key: spki, type: 'spki', format: 'der' })
      .export({ type: 'spki', format: 'pem' })
      .toString();
  } catch {
    throw notP256(place);
  }
}

function notP256(place: string): KeyError {
  return new KeyError('UNSUPPORTED_KEY', `Cannot use the key in ${place}: it is not of ECDSA P-256`, {
    hint: 'Make a key of ECDSA P-256 in the token',
  });
}

function ambiguous(what: string, count: number, hint: string): KeyError {
  return new KeyError('AMBIGUOUS_KEY', `Cannot choose ${what}: ${count} match`, { hint });
}

/** A PIN that was not accepted is one thing; a token that is busy, or has none, is another. */
export function notLoggedIn(label: string, cause: unknown): KeyError {
  const word = wordOf(cause);
  const isPin = /^CKR_PIN_/.test(word);
  return new KeyError(
    isPin ? 'WRONG_PIN' : 'TOKEN_FAILED',
    `Cannot log in to the token "${label}": ${word}`,
    {
      hint: isPin
        ? 'Check the PIN before you try again: after a few wrong ones a token locks itself'
        : 'It says nothing against the PIN. Run it again when no other program uses the token; if it stays so, see its manual',
      cause,
    },
  );
}

/** `CKR_PIN_INCORRECT` */
function wordOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
}
