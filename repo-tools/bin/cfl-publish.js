#!/usr/bin/env node
import { start } from '@cfl/client/start';

start('cfl-publish', new URL('../src/cli/publish.ts', import.meta.url));
