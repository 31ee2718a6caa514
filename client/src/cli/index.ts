// The frame of a command line, shared by every program of the project.

export {
  type Command,
  type CommandSpec,
  command,
  type Example,
  JSON_OPTION,
  type OptionSpec,
  type OptionSpecs,
  type Program,
  type Values,
} from './command.ts';
export { type Io, type MemoryIo, memoryIo, processIo } from './io.ts';
export { type Column, checkLine, columns, grouped, table } from './layout.ts';
export { EXIT, tell, UsageError } from './refusal.ts';
export { runProgram } from './run.ts';
