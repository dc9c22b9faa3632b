import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleTree } from './worker-bundle.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface PreviousProgram {
  /** The folder of its source. */
  root: string;
  /** Its bundles, for startManagerProcess. */
  bundles: string;
  /** How many migrations it knows. */
  migrations: number;
  remove(): void;
}

/** The program as it was before the last migration came, from the history of this repository, with the libraries of today. */
export async function openPreviousProgram(): Promise<PreviousProgram> {
  const journal = JSON.parse(readFileSync(path.join(ROOT, 'drizzle/meta/_journal.json'), 'utf8'));
  const entries = journal.entries as { tag: string }[];
  // By its number alone: before it was released it may have borne other names.
  const files = `drizzle/${entries.at(-1)?.tag.split('_')[0]}_*.sql`;
  const added = git('log', '--diff-filter=A', '--format=%H', '--', files).toString().trim().split('\n').at(-1);
  if (!added) throw new Error(`The history of "${files}" is not here: this needs a clone that is not shallow.`);
  const folder = mkdtempSync(path.join(tmpdir(), 'eko-previous-'));
  const tree = path.join(folder, 'tree');
  mkdirSync(tree);
  execFileSync('tar', ['-x', '-C', tree], { input: git('archive', `${added}^`) });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'));
  return {
    root: tree,
    bundles: await bundleTree(tree),
    migrations: entries.length - 1,
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function git(...args: string[]): Buffer {
  return execFileSync('git', args, { cwd: ROOT, maxBuffer: 1e9 });
}
