#!/usr/bin/env node
import { start } from '@cfl/client/start';

start('cfl-repo', new URL('../src/cli/repo.ts', import.meta.url));
