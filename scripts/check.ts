import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm run check`: everything that can be said of the code without running it. All steps run, each failure is named.
 * Exit codes: 0 clean, 1 something is wrong.
 */
const ROOT = path.resolve(fileURLToPath(import.meta.url), '../..');

interface Step {
  name: string;
  run: () => boolean;
}

function command(name: string, ...args: string[]): boolean {
  return spawnSync(path.join(ROOT, 'node_modules/.bin', name), args, { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

/** Generates the migration that would follow, in a copy: there must be none. */
function schemaIsMigrated(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'eko-schema-'));
  try {
    const copy = path.join(folder, 'drizzle');
    cpSync(path.join(ROOT, 'drizzle'), copy, { recursive: true });
    const schema = path.join(ROOT, 'src/lib/db/schema/index.ts');
    const args = ['generate', '--dialect=postgresql', `--schema=${schema}`, `--out=${path.relative(ROOT, copy)}`];
    if (!command('drizzle-kit', ...args)) return false;
    const before = readdirSync(path.join(ROOT, 'drizzle'));
    const added = readdirSync(copy).filter((file) => !before.includes(file));
    if (added.length === 0) return true;
    console.error(`The schema has changed without a migration. Run: npm run db:generate -- --name what-changed`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A clone installs from the registry its machine is set to, so the lockfile must not name one. */
function lockfileNamesNoHost(): boolean {
  const named = readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8').match(/"resolved": "https?:[^"]*"/);
  if (!named) return true;
  console.error(
    `package-lock.json names a registry (${named[0]}). Run npm install again with the .npmrc of this folder.`,
  );
  return false;
}

const STEPS: Step[] = [
  { name: 'format, lint, import boundaries', run: () => command('biome', 'ci', '--error-on-warnings', '.') },
  { name: 'types', run: () => command('tsc', '--noEmit') },
  { name: 'unused code', run: () => command('knip') },
  { name: 'schema and migrations', run: schemaIsMigrated },
  { name: 'lockfile', run: lockfileNamesNoHost },
];

const failed = STEPS.filter((step) => {
  console.log(`\n▸ ${step.name}`);
  return !step.run();
});
if (failed.length === 0) console.log('\nAll checks passed.');
else console.error(`\nFailed: ${failed.map((step) => step.name).join('; ')}`);
process.exit(failed.length === 0 ? 0 : 1);
