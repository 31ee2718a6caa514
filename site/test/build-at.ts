// Builds the pages at a given moment, in a process of its own: Astro leaves settings behind in the one it
// runs in. node build-at.ts REQUEST, where the request is JSON.
import { buildSite } from '../build.ts';

const { now, ...request } = JSON.parse(process.argv[2] ?? '{}');
await buildSite({ ...request, now: new Date(now) });
