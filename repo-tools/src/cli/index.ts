// The two programs, for whoever runs them within a process of their own.

export { program as publishProgram } from './publish.ts';
export { program as repoProgram } from './repo.ts';
