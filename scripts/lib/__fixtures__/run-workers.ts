import path from 'node:path';
import { runWorkersProcess } from '../run-workers-process.ts';

/** What "npx eko worker" does on a terminal, with the flags that it is given. */
process.exit(await runWorkersProcess(path.resolve(import.meta.dirname, '../../..'), process.argv.slice(2), true));
