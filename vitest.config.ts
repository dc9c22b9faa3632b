import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const SERVER = ['src/test/global-setup.ts'];
const EXCLUDE = [...configDefaults.exclude, '.next/**', 'dist/**', '.data/**', 'scripts/bench/**'];

/**
 * `*.test.ts` is pure and fast; the words before it say what else a test needs. A limit of time ends what hangs: it is many times what
 * the slowest test takes, so that a machine that does other work too breaks none.
 */
function kind(name: string, options: { include: string[]; exclude?: string[]; timeoutMs: number; server: boolean }) {
  return {
    test: {
      name,
      include: options.include,
      exclude: [...EXCLUDE, ...(options.exclude ?? [])],
      testTimeout: options.timeoutMs,
      hookTimeout: 180_000,
      ...(options.server ? { globalSetup: SERVER } : {}),
    },
  };
}

export default defineConfig({
  test: {
    pool: 'forks',
    retry: 0,
    // Tests of processes and browsers mostly wait; on a machine with two cores the default would run one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      kind('unit', {
        include: ['{src,scripts,docs}/**/*.test.{ts,tsx}'],
        exclude: ['**/*.{db,process,browser}.test.ts'],
        timeoutMs: 30_000,
        server: false,
      }),
      kind('db', { include: ['{src,scripts}/**/*.db.test.ts'], timeoutMs: 60_000, server: true }),
      kind('process', { include: ['{src,scripts}/**/*.process.test.ts'], timeoutMs: 180_000, server: true }),
      kind('browser', { include: ['{src,scripts}/**/*.browser.test.ts'], timeoutMs: 240_000, server: true }),
    ],
  },
});
