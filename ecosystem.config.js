import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * PM2 (`pm2 start ecosystem.config.js`): the worker manager of this machine, which starts and watches its workers itself.
 * Settings come from the environment of `pm2 start` and from .env in this folder; docs/deployment.md says more.
 */
const root = import.meta.dirname;
const bundle = path.join(root, 'dist', 'start-workers.js');
const ownNode = path.join(root, 'node_modules', 'node', 'bin', 'node');

// PM2 loads this file with require(), which gives it the exports as they are named: `apps`, not a default.
export const apps = [
  {
    name: 'eko-workers',
    cwd: root,
    script: existsSync(bundle) ? bundle : path.join(root, 'scripts', 'start-workers.ts'),
    // PM2 may have been installed for an older Node than this needs.
    interpreter: existsSync(ownNode) ? ownNode : 'node',
    // One process: NUM_WORKERS says how many workers it has. Instances of PM2 would be several managers.
    exec_mode: 'fork',
    instances: 1,

    // Sessions have 25 s to finish; one that hangs is killed after 30 s, and what it held is handed back by 36 s.
    kill_timeout: 40_000,
    // The manager drains its workers. A signal to the whole tree would end their browsers in the middle of a page.
    treekill: false,
    // 10: it ended as it was asked to (not 0, for which PM2 takes a kill -9 too). 3: it was told to run once, and there was
    // nothing to do. 2: its settings cannot be used, which another try does not mend.
    stop_exit_codes: [2, 3, 10],
    // All else is tried again for ever: after 1 s, then after longer and longer times up to 15 s.
    exp_backoff_restart_delay: 1_000,
    // Of the manager alone, which needs some 100 MB; the workers are not counted.
    max_memory_restart: '512M',

    // Lines of JSON that bear their time and their worker. `pm2 install pm2-logrotate` keeps the files small.
    merge_logs: true,
    pmx: false,
    vizion: false,
  },
];
