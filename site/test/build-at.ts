// Builds the pages at a given moment, in a process of its own: Astro leaves settings behind in the one it
// runs in. node build-at.ts REQUEST, where the request is JSON. Prints what it took.
import { buildSite } from '../build.ts';

const { now, ...request } = JSON.parse(process.argv[2] ?? '{}');
const started = performance.now();
const { releases } = await buildSite({ ...request, now: new Date(now) });
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
console.log(
  JSON.stringify({
    releases: releases.length,
    seconds: (performance.now() - started) / 1e3,
    processor: (userCPUTime + systemCPUTime) / 1e6,
    megaoctets: maxRSS / 1e3,
  }),
);
