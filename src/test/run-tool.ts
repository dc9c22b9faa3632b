import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a program to its end.
 * @returns what it wrote to stdout.
 * @throws Error with all that it said when it ends with anything but 0.
 */
export async function runTool(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string | undefined> } = {},
): Promise<string> {
  const env = { NODE_ENV: 'test' as const, ...(options.env ?? process.env) };
  const child = spawn(program, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let said = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code, signal] = await once(child, 'close');
  if (code === 0) return out;
  throw new Error(`"${[program, ...args].join(' ')}" ended with ${code ?? signal}:\n${out}${said}`);
}
