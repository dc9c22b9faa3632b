import { appendFileSync } from 'node:fs';

/** Notes each signal in the file that it was given, and ends some time after the first one: later than the last may come. */
const [, , file = ''] = process.argv;
let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    appendFileSync(file, `${signal}\n`);
    if (!isEnding) setTimeout(() => process.exit(0), 3_000);
    isEnding = true;
  });
}
setInterval(() => {}, 60_000);
appendFileSync(file, 'ready\n');
