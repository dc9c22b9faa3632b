import type { Command } from 'commander';
import { checkSchema, describeMisfit } from '#lib/db/schema-version.ts';
import { type CliContext, type CliPorts, withContext } from '../cli-context.ts';
import { checkDisk, checkNotifications } from '../doctor/check-surroundings.ts';
import { findProblems } from '../doctor/find-problems.ts';
import type { Finding } from '../doctor/finding.ts';
import { readSettledFacts } from '../doctor/read-facts.ts';
import { EXIT } from '../exit-codes.ts';

export function addDoctorCommand(program: Command, ports: CliPorts): void {
  program
    .command('doctor')
    .description('find what is wrong, and say what to do; fails when there is a problem')
    .action(async () => {
      process.exitCode = await withContext(ports, (context) => examine(context, ports.signal));
    });
}

async function examine(context: CliContext, signal: AbortSignal): Promise<number> {
  const { output } = context;
  const findings = await collectFindings(context, signal);
  const problems = findings.filter(({ level }) => level === 'problem').length;
  for (const finding of findings) output.answer(finding, () => describe(finding));
  output.say(problems === 0 ? 'Nothing is wrong.' : `${problems} to mend.`);
  return problems === 0 ? EXIT.done : EXIT.failed;
}

async function collectFindings({ db, env, databaseUrl }: CliContext, signal: AbortSignal): Promise<Finding[]> {
  const disk = checkDisk(env.EKO_DATA_DIR);
  const fit = await checkSchema(db);
  const misfit = describeMisfit(fit);
  // Without its tables nothing else can be asked.
  if (fit.kind === 'schema-behind' && misfit !== null) {
    return [{ level: 'problem', what: misfit, advice: 'Run "npx eko migrate".' }, ...(await disk)];
  }
  const schema: Finding[] =
    misfit === null
      ? []
      : [{ level: 'problem', what: misfit, advice: 'Start a newer version of the program on this machine.' }];
  const [facts, notifications] = await Promise.all([
    readSettledFacts(db, { pooled: env.DIRECT_DATABASE_URL !== undefined, signal }),
    checkNotifications(db, env.DIRECT_DATABASE_URL ?? databaseUrl),
  ]);
  return [...schema, ...findProblems(facts), ...notifications, ...(await disk)];
}

const describe = ({ level, what, advice }: Finding): string[] => [
  `${level === 'problem' ? '✗' : '·'} ${what}.`,
  `    ${advice}`,
];
