// May these grants follow those? What was granted and what ended stays written: readers are told why by it.
//
// Rules
// - A holder stays, and so do its grants and its former credentials.
// - An open grant may be closed. A closed one stays as it is; whoever reads again gets a new grant.

import type { Granted, Grants } from '@cfl/client/access';

/** What was lost between two versions, in words: `the grant of notes to example-energy was opened again`. */
export function lostGrants(before: Grants, after: Grants): readonly string[] {
  return before.holders.flatMap((was) => {
    const is = after.holders.find(({ holder }) => holder === was.holder);
    return is === undefined ? [`the holder ${was.holder} is gone`] : lostOf(was, is);
  });
}

function lostOf(before: Granted, after: Granted): readonly string[] {
  const { holder } = before;
  const grants = before.grants.flatMap((was) => {
    const name = `the grant of ${was.use} to ${holder} from ${was.from}`;
    const is = after.grants.find(({ use, from }) => use === was.use && from === was.from);
    if (is === undefined) return [`${name} is gone`];
    if (was.until === undefined) return [];
    if (is.until === undefined) return [`${name} was opened again`];
    return JSON.stringify(is) === JSON.stringify(was) ? [] : [`the end of ${name} was changed`];
  });
  const known = [...(after.replaced ?? []), { fingerprint: after.fingerprint, until: undefined }];
  const credentials = [
    ...(before.replaced ?? []),
    { fingerprint: before.fingerprint, until: undefined },
  ].flatMap(({ fingerprint, until }) => {
    const is = known.find((one) => one.fingerprint === fingerprint);
    const name = `the credential ${fingerprint.slice(0, 12)} of ${holder}`;
    if (is === undefined) return [`${name} is gone`];
    return until === undefined || is.until === until ? [] : [`the end of ${name} was changed`];
  });
  return [...grants, ...credentials];
}
