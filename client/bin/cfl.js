#!/usr/bin/env node
import { start } from './start.js';

start('cfl', new URL('../src/cli/main.ts', import.meta.url));
