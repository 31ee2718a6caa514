// Signs stdin with the key of the URI, in a process of its own. Prints key and signature, or the refusal.
import { buffer } from 'node:stream/consumers';
import { KeyError, openSigner } from '../../src/keys/index.ts';

try {
  const signer = await openSigner(process.argv[2] ?? '');
  const message = new Uint8Array(await buffer(process.stdin));
  // The second is opened in the same process, which is logged in by then
  const again = await openSigner(process.argv[2] ?? '');
  const signature = await again.sign(message);
  console.log(
    JSON.stringify({
      key: signer.key.public,
      scheme: signer.key.scheme,
      signature: Buffer.from(signature).toString('hex'),
    }),
  );
} catch (error) {
  if (!(error instanceof KeyError)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));
}
