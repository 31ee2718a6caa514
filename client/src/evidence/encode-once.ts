// How is a certificate kept from being encoded forty times for each bundle?
//
// @sigstore/core encodes it anew at each comparison, and building a chain compares each with each: measured,
// two thirds of the time of a verification. A parsed certificate does not change, so neither do its octets:
// they are encoded once, by @sigstore/core itself, and kept beside each part.

interface Encoded {
  readonly subs: readonly Encoded[];
  toDER(): Buffer;
}

/** Of a certificate as @sigstore/core parsed it; returns the same. */
export function encodeOnce<T>(certificate: T): T {
  const { root } = certificate as { readonly root?: Encoded };
  if (root !== undefined) keep(root);
  return certificate;
}

function keep(part: Encoded): void {
  for (const sub of part.subs) keep(sub);
  const octets = part.toDER();
  part.toDER = () => octets;
}
