// The code that checks, loaded when it is asked for.

export { checkRelease } from '../check/check.ts';
