// Who may vouch for signers and times: `trust`, `revoke` and `crl import`.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { command, EXIT, UsageError } from '@cfl/client/cli';
import { encodeDate, parseSha256 } from '@cfl/client/encoding';
import { REVOCATION_REASONS, type RevocationReason } from '@cfl/client/firmware';
import { parseRoleName, parseTargetPath } from '@cfl/client/tuf';
import { planCrl } from '../ceremony/crl.ts';
import { openGatewaySigners } from '../ceremony/keys.ts';
import { planRevocation, planTrust } from '../ceremony/trust.ts';
import { revise } from '../change/plan.ts';
import { signDocument } from '../change/sign.ts';
import { loadState, presentOf, publish, writingUpon } from '../deploy/index.ts';
import { AT_OPTION, deskAt, planned } from './desk.ts';

export const trust = command({
  name: 'trust',
  does: 'Plans whom the library trusts for certificates and time stamps',
  operands: ['TRUSTED_ROOT', 'ANCHORS'],
  options: AT_OPTION,
  examples: [
    {
      line: 'cfl-repo trust trusted_root.json anchors.json',
      does: 'plans the change; the registrar signs it',
    },
  ],
  async run([trustedRoot, anchors], values, io) {
    const desk = deskAt(values.at, io);
    const published = await loadState(desk.place);
    const authorities = { trustedRoot: await octetsOf(trustedRoot), anchors: await octetsOf(anchors) };
    return planned(await planTrust(authorities, published, io.now), published, desk, io.out);
  },
});

export const revoke = command({
  name: 'revoke',
  does: "Plans the revocation of a certificate upon the registrar's own knowledge",
  operands: ['ISSUER', 'SERIAL'],
  options: {
    ...AT_OPTION,
    reason: { type: 'string', value: 'REASON', does: `one of ${REVOCATION_REASONS.join(', ')}` },
    'invalid-from': {
      type: 'string',
      value: 'DATE',
      does: 'since when it is not to be believed; else from now',
    },
  },
  examples: [
    {
      line: 'cfl-repo revoke 4f0c…91aa 021F --reason keyCompromise --invalid-from 2026-11-01',
      does: 'plans the change; what was stamped before that day stays good',
    },
  ],
  async run([issuer, serial], values, io) {
    const reason = REVOCATION_REASONS.find((one) => one === values.reason);
    if (reason === undefined) throw wrong(`--reason must be one of ${REVOCATION_REASONS.join(', ')}`);
    const desk = deskAt(values.at, io);
    const published = await loadState(desk.place);
    const change = await planRevocation(
      revocationOf(issuer, serial, reason, values['invalid-from'], io.now),
      published,
      io.now,
    );
    return planned(change, published, desk, io.out);
  },
});

function revocationOf(
  issuer: string,
  serial: string,
  reason: RevocationReason,
  invalidFrom: string | undefined,
  now: Date,
) {
  if (!/^[0-9a-f]{64}$/i.test(issuer))
    throw wrong('ISSUER must be the SHA-256 of the issuing certificate, 64 hex digits');
  const from = invalidFrom === undefined ? undefined : startOfDay(invalidFrom);
  return {
    issuer: parseSha256(issuer.toLowerCase()),
    serial: serial.toUpperCase(),
    revoked: encodeDate(now),
    ...(from === undefined ? {} : { invalidFrom: encodeDate(from) }),
    reason,
  };
}

/** Throws UsageError for what is no day: the 30th of February would become the 2nd of March. */
export function startOfDay(day: string): Date {
  const start = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(start.getTime()) || encodeDate(start) !== `${day}T00:00:00Z`)
    throw wrong('--invalid-from must be a day such as 2026-11-01');
  return start;
}

export const crlImport = command({
  name: 'crl import',
  does: 'Publishes a revocation list of a trusted certificate authority; it is kept for ever',
  operands: ['FILE'],
  options: AT_OPTION,
  examples: [
    { line: 'cfl-repo crl import issuing-ca-42.crl', does: 'checks who signed it, and publishes it' },
  ],
  async run([file], values, io) {
    const desk = deskAt(values.at, io);
    const octets = await octetsOf(file);
    return writingUpon(desk.place, io.now, async (published) => {
      const plan = await planCrl(octets, published, io.now);
      if (plan.outcome === 'record first') {
        io.err(`${basename(file)} leaves out what was revoked: once this is applied, import it again`);
        return planned(plan.change, published, desk, io.out);
      }
      if (plan.outcome === 'there already') {
        io.out(`${basename(file)} is there already`);
        return EXIT.done;
      }
      const { path } = plan;
      const online = await openGatewaySigners(desk.keys, presentOf(published));
      const role = parseRoleName('catalogue');
      const next = await revise(role, await published.role(role), { add: new Map([[path, octets]]) }, io.now);
      const roles = new Map([[role, await signDocument(role, next, online.catalogue)]]);
      const targets = new Map([[parseTargetPath(path), octets]]);
      const version = await publish(
        { roles, targets },
        { place: desk.place, published, online, now: io.now },
      );
      io.out(`Published version ${version}: ${path}`);
      return EXIT.done;
    });
  },
});

async function octetsOf(file: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(file));
}

function wrong(reason: string): UsageError {
  return new UsageError(`Cannot plan the revocation: ${reason}`, 'Run: cfl-repo revoke --help');
}
