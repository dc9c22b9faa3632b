import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { runTool } from './run-tool.ts';

/** One instruction, with its continuation lines joined. */
export interface Instruction {
  stage: string;
  /** In upper case: COPY, RUN … */
  name: string;
  args: string;
}

/** Reads a Dockerfile, as far as ours goes: no heredocs, no ARG. */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  let stage = '';
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...words] = line.trim().split(/\s+/);
      const args = words.join(' ');
      if (name === 'FROM') stage = / AS (\S+)$/.exec(args)?.[1] ?? '';
      return { stage, name, args };
    });
}

/** A tree of the file system for each stage, below one folder. */
export interface ImageBuild {
  root: string;
  context: string;
  ignored: (relativePath: string) => boolean;
}

/**
 * Carries out what a stage copies, and those of its commands that stay within its working directory (`node …`), for real.
 * `npm ci` is a link to the packages that are installed here.
 * @returns the commands that were left out because they change the system.
 */
export async function buildStage(instructions: Instruction[], stage: string, build: ImageBuild): Promise<string[]> {
  const skipped: string[] = [];
  const workdir = workdirOf(instructions, stage);
  const here = path.join(build.root, stage, workdir);
  mkdirSync(here, { recursive: true });
  for (const { name, args } of instructions.filter((one) => one.stage === stage)) {
    if (name === 'COPY') copy(args, here, build);
    if (name !== 'RUN') continue;
    if (/^npm ci\b/.test(args)) symlinkSync(path.join(build.context, 'node_modules'), path.join(here, 'node_modules'));
    else if (args.startsWith('node '))
      await runTool('sh', ['-c', args], { cwd: here, env: { PATH: process.env.PATH } });
    else skipped.push(args);
  }
  return skipped;
}

/** Variables that a stage sets. */
export function envOf(instructions: Instruction[], stage: string): Record<string, string> {
  const sets = instructions.filter((one) => one.stage === stage && one.name === 'ENV');
  return Object.fromEntries(sets.flatMap(({ args }) => args.split(' ').map((pair) => pair.split('=', 2))));
}

/** The words of an instruction in its JSON form, such as CMD ["node", "x.js"]. */
export function wordsOf(instructions: Instruction[], stage: string, name: string): string[] {
  const found = instructions.findLast((one) => one.stage === stage && one.name === name);
  const json = /\[.*\]$/.exec(found?.args ?? '')?.[0];
  if (!json) throw new Error(`The stage "${stage}" has no ${name} in JSON`);
  return JSON.parse(json) as string[];
}

function workdirOf(instructions: Instruction[], stage: string): string {
  const found = instructions.findLast((one) => one.stage === stage && one.name === 'WORKDIR');
  if (!found) throw new Error(`The stage "${stage}" has no WORKDIR`);
  return found.args;
}

/** As Docker does: the content of a folder goes into the target, and a missing source is an error. */
function copy(args: string, here: string, { root, context, ignored }: ImageBuild): void {
  const words = args.split(' ');
  const from = /^--from=(\S+)$/.exec(words[0] ?? '')?.[1];
  const [target = '', ...sources] = (from ? words.slice(1) : words).toReversed();
  for (const source of sources) {
    const full = from ? path.join(root, from, source) : path.join(context, source);
    const to = target.endsWith('/') ? path.join(here, target, path.basename(source)) : path.join(here, target);
    cpSync(full, to, {
      recursive: true,
      filter: (one) => from !== undefined || !ignored(path.relative(context, one).split(path.sep).join('/')),
    });
  }
}

/** The rules of .dockerignore, as far as ours go: the last pattern that matches a path or a folder above it decides. */
export function readDockerignore(file: string): (relativePath: string) => boolean {
  const patterns = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => ({ glob: line.replace(/^!/, ''), ignores: !line.startsWith('!') }));
  return (relativePath) => {
    const parts = relativePath.split('/');
    const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const hit = patterns.findLast(({ glob }) => above.some((one) => path.matchesGlob(one, glob)));
    return hit?.ignores ?? false;
  };
}
