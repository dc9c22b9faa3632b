import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** The program that keeps a machine from sleeping, with its arguments; it must end by itself when `pid` does. */
export type AwakeProgram = { file: string; args: string[] } | { missing: string };

/**
 * Pure but for looking for the program. On macOS `caffeinate -w` ends with the process it waits for. On Linux systemd-inhibit holds its
 * lock as long as the command under it runs: one that reads a pipe of ours, which closes with us however we end.
 */
export function findAwakeProgram(platform: NodeJS.Platform, pid: number, searchPath: string): AwakeProgram {
  if (platform === 'darwin') return { file: '/usr/bin/caffeinate', args: ['-i', '-s', '-w', String(pid)] };
  if (platform !== 'linux') return { missing: `there is no way to do that on ${platform}` };
  const file = findOnPath('systemd-inhibit', searchPath);
  if (!file) return { missing: 'systemd-inhibit is not installed here (in a container it belongs on the host)' };
  const why = ['--what=idle:sleep', '--mode=block', '--who=EKO workers', '--why=Sessions are being worked off'];
  return { file, args: [...why, 'cat'] };
}

function findOnPath(name: string, searchPath: string): string | null {
  for (const folder of searchPath.split(path.delimiter)) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/**
 * Keeps the machine from sleeping until `release` is called or this process ends, even by SIGKILL. Where that cannot be done it warns
 * and work goes on.
 */
export function keepAwake(warn: (message: string) => void): { release(): void } {
  const program = findAwakeProgram(process.platform, process.pid, process.env.PATH ?? '');
  if ('missing' in program) {
    warn(`This machine may go to sleep: ${program.missing}`);
    return { release() {} };
  }
  const child: ChildProcess = spawn(program.file, program.args, { stdio: ['pipe', 'ignore', 'ignore'] });
  let released = false;
  child.once('error', (error) =>
    warn(`This machine may go to sleep: "${program.file}" cannot be started (${error.message})`),
  );
  child.once('exit', (code) => {
    if (!released) warn(`This machine may go to sleep: "${program.file}" ended with code ${code}`);
  });
  child.stdin?.on('error', () => {});
  // It must not keep this process from ending.
  child.unref();
  return {
    release() {
      released = true;
      child.stdin?.end();
      child.kill();
    },
  };
}
