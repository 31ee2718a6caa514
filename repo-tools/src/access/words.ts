// What does a change of read access mean? Line by line, out of the very files that a signature will cover.

import {
  CREDENTIALS_PATH,
  credentialsFile,
  GRANTS_PATH,
  type Granted,
  grantsFile,
  RECIPIENTS_PATH,
  recipientsFile,
  spokenFingerprint,
} from '@cfl/client/access';
import type { Format } from '@cfl/client/firmware';

type Read = (path: string) => Promise<Uint8Array | undefined>;

export async function accessInWords(files: {
  readonly before: Read;
  readonly after: Read;
}): Promise<readonly string[]> {
  const both = async <T>(path: string, { parse }: Format<T>) => {
    const after = await files.after(path);
    if (after === undefined) return undefined;
    const before = await files.before(path);
    return { before: before && parse(before), after: parse(after) };
  };
  const lines: string[] = [];
  const recipients = await both(RECIPIENTS_PATH, recipientsFile);
  for (const { use, epoch, recipient } of recipients?.after.keys ?? []) {
    const known = recipients?.before?.keys.some((one) => one.recipient === recipient);
    if (known !== true) lines.push(`epoch ${epoch} of ${use} begins`);
  }
  const grants = await both(GRANTS_PATH, grantsFile);
  for (const one of grants?.after.holders ?? [])
    lines.push(
      ...grantLines(
        one,
        grants?.before?.holders.find(({ holder }) => holder === one.holder),
      ),
    );
  const credentials = await both(CREDENTIALS_PATH, credentialsFile);
  const custodians = (all: readonly { readonly holder: string; readonly recipient: string }[] = []) =>
    all.map(({ holder, recipient }) => `${holder} ${recipient}`).join();
  if (
    credentials !== undefined &&
    custodians(credentials.before?.escrow) !== custodians(credentials.after.escrow)
  )
    lines.push(
      `every read key can be opened by ${credentials.after.escrow.map(({ holder }) => holder).join(', ')}`,
    );
  return lines;
}

function grantLines(
  { holder, fingerprint, grants }: Granted,
  before: Granted | undefined,
): readonly string[] {
  const lines = grants.flatMap(({ use, from, until, reason, lastEpoch }) => {
    const was = before?.grants.find((one) => one.use === use && one.from === from);
    if (was === undefined && until === undefined) return [`${holder} reads ${use} from now on`];
    return until === undefined || was?.until !== undefined
      ? []
      : [`${holder} reads ${use} up to epoch ${lastEpoch} and no more: ${reason}`];
  });
  const spoken = spokenFingerprint(fingerprint);
  return before?.fingerprint === fingerprint ? lines : [...lines, `${holder} has the credential ${spoken}`];
}
