import { formatDuration, plural } from '#components/format.ts';
import { isSourceName } from '#lib/scraper-config.ts';
import { shellWord } from '#lib/shell-word.ts';
import type { Finding } from './finding.ts';
import { type Facts, isShortOfWorkers } from './read-facts.ts';

const CLOCK_MS = 5_000;
const WAITING_MS = 600_000;
const OLD_TRANSACTION_MS = 3_600_000;

/** What is wrong in a cluster, most urgent first. Pure. */
export function findProblems(facts: Facts): Finding[] {
  const checks: ((facts: Facts) => Finding[])[] = [
    findWorkerProblems,
    ({ nodes }) => findNodeProblems(nodes),
    ({ nodes }) => findMissingWorkers(nodes),
    findSessionProblems,
    findBotsMissing,
    findVersionProblems,
    findClockProblems,
    findConnectionProblems,
    findHostProblems,
    findScheduleProblems,
  ];
  const findings = checks.flatMap((check) => check(facts));
  return findings.toSorted((a, b) => Number(a.level === 'note') - Number(b.level === 'note'));
}

function findWorkerProblems({ workers, sessions, nodes }: Facts): Finding[] {
  const { living, silent, crashedLastHour, crashedSessions } = workers;
  const findings: Finding[] = [];
  const { ready } = readyForWorkers(sessions);
  if (living === 0) {
    findings.push({
      level: ready > 0 ? 'problem' : 'note',
      what: ready > 0 ? `No worker runs, and ${plural(ready, 'session waits', 'sessions wait')}` : 'No worker runs',
      advice: adviceToResume(nodes) ?? 'Start some with "npx eko worker" on any machine that reaches this database.',
    });
  }
  if (silent.length > 0) {
    findings.push({
      level: 'problem',
      what: `${plural(silent.length, 'worker')} gave no sign of life for more than a minute and nobody has noticed: ${list(silent)}`,
      advice: 'A running manager takes their sessions back within seconds. Start one: "npx eko worker".',
    });
  }
  if (crashedLastHour.length > 0) {
    const reasons = [...new Set(crashedLastHour.map(({ reason }) => reason ?? 'no reason known'))];
    findings.push({
      level: crashedLastHour.length >= 5 ? 'problem' : 'note',
      what: `${plural(crashedLastHour.length, 'worker')} crashed in the last hour: ${list(reasons)}`,
      advice:
        crashedSessions.length === 0
          ? 'They ran nothing. The log of their manager has what they said last.'
          : `They ran: ${list(crashedSessions)}. The last lines of "npx eko sessions logs ${crashedSessions[0]}" say where; memory is the usual reason.`,
    });
  }
  return findings;
}

/** Those that workers of this program can take, as against those that only bots can. */
function readyForWorkers({ ready }: Facts['sessions']): { ready: number; oldestMs: number } {
  const ours = ready.filter(({ source }) => isSourceName(source));
  return {
    ready: ours.reduce((sum, { sessions }) => sum + sessions, 0),
    oldestMs: Math.max(0, ...ours.map(({ oldestMs }) => oldestMs)),
  };
}

/** Sessions that nobody takes who is up. */
function findBotsMissing({ sessions }: Facts): Finding[] {
  const missing = sessions.ready.filter(({ source, hasBot }) => !hasBot && !isSourceName(source));
  return missing.map(({ source, sessions: count, oldestMs }) => ({
    level: oldestMs > WAITING_MS ? 'problem' : 'note',
    what: `${plural(count, 'session')} of "${source}" ${count === 1 ? 'waits' : 'wait'}, and no bot that takes that source is up`,
    advice: `Start a bot for "${source}" (docs/bots.md): the workers of this program do not know that source.`,
  }));
}

/** Where people hold up every machine, more of them would not help; null where one may work. */
function adviceToResume(nodes: Facts['nodes']): string | null {
  const living = nodes.filter(({ status }) => status !== 'gone');
  const held = living.filter(({ mode, desiredWorkers }) => mode !== 'active' || desiredWorkers === 0);
  if (living.length === 0 || held.length < living.length) return null;
  const names = list(held.map(({ nodeId }) => nodeId));
  return `Every machine was paused, drained or scaled to 0 by somebody: ${names}. "npx eko nodes resume NAME" or "npx eko nodes scale NAME 2".`;
}

function findNodeProblems(nodes: Facts['nodes']): Finding[] {
  return nodes.flatMap(({ nodeId, status, mode, desiredWorkers, reasons, silentMs, leaseMs }): Finding[] => {
    if (status === 'gone' || silentMs > 2 * leaseMs) {
      return [
        {
          level: 'problem',
          what: `The machine ${nodeId} has been silent for ${formatDuration(silentMs)}`,
          advice: 'Look whether it runs and reaches the database. Its work is taken over by others.',
        },
      ];
    }
    const found: Finding[] = [];
    if (status === 'unhealthy' || status === 'degraded') {
      found.push({
        level: status === 'unhealthy' ? 'problem' : 'note',
        what: `The machine ${nodeId} is ${status}: ${list(reasons)}`,
        advice: 'It takes less work, or none, until that is over. Free what is short, or scale it down on /workers.',
      });
    }
    if (mode !== 'active') {
      found.push({
        level: 'note',
        what: `The machine ${nodeId} is ${mode}: somebody asked for it`,
        advice: `Resume it on /workers, or by "npx eko nodes resume ${shellWord(nodeId)}".`,
      });
    } else if (desiredWorkers === 0) {
      found.push({
        level: 'note',
        what: `The machine ${nodeId} is scaled to 0 workers: somebody asked for it`,
        advice: `Scale it on /workers, or by "npx eko nodes scale ${shellWord(nodeId)} default".`,
      });
    }
    return found;
  });
}

function findMissingWorkers(nodes: Facts['nodes']): Finding[] {
  return nodes.filter(isShortOfWorkers).map(({ nodeId, missingWorkers }) => ({
    level: 'problem',
    what: `The machine ${nodeId} has ${plural(missingWorkers, 'worker')} less than it should`,
    advice:
      'With AUTO_RESTART=false nobody replaces a worker that ended: restart its manager. Else see its log for why.',
  }));
}

function findSessionProblems({ sessions, workers, nodes }: Facts): Finding[] {
  const { overdue, orphaned, quarantined } = sessions;
  const { ready, oldestMs } = readyForWorkers(sessions);
  const findings: Finding[] = [];
  if (overdue.length > 0) {
    findings.push({
      level: 'problem',
      what: `Sessions run past their time limit: ${list(overdue)}`,
      advice: 'A running manager ends them half a minute after the limit. If one runs: "npx eko sessions cancel ID".',
    });
  }
  if (orphaned.length > 0) {
    findings.push({
      level: 'problem',
      what: `Sessions are stuck with workers that are gone: ${list(orphaned)}`,
      advice: 'A running manager takes them back within seconds. Start one: "npx eko worker".',
    });
  }
  if (workers.living > 0 && oldestMs > WAITING_MS) {
    findings.push({
      level: 'note',
      what: `${plural(ready, 'session')} could be claimed, the oldest for ${formatDuration(oldestMs)}`,
      advice: adviceToResume(nodes) ?? 'Add workers: "npx eko worker --workers 8", here or on another machine.',
    });
  }
  if (quarantined.length > 0) {
    findings.push({
      level: 'problem',
      what: `Sessions were set aside because their processes died three times: ${list(quarantined)}`,
      advice: 'See "npx eko sessions logs ID", mend it, then "npx eko sessions retry ID".',
    });
  }
  return findings;
}

function findVersionProblems({ workers: { versions } }: Facts): Finding[] {
  if (versions.length < 2) return [];
  const counts = versions.map(
    ({ version, workers }) => `${plural(workers, 'worker')} of ${version ?? 'an unknown version'}`,
  );
  return [
    {
      level: 'note',
      what: `Workers of different versions run: ${counts.join(', ')}`,
      advice: 'Fine during an upgrade. Else restart those machines that were left out.',
    },
  ];
}

function findClockProblems({ clockAheadMs, clockErrorMs }: Facts): Finding[] {
  if (Math.abs(clockAheadMs) - clockErrorMs < CLOCK_MS) return [];
  const direction = clockAheadMs > 0 ? 'ahead of' : 'behind';
  return [
    {
      level: 'problem',
      what: `This machine's clock is ${formatDuration(Math.abs(clockAheadMs))} ${direction} that of the database`,
      advice:
        'Leases go by the database alone, but logs and shown times are wrong: switch on time synchronisation (NTP).',
    },
  ];
}

function findConnectionProblems({ connections: { max, used, needed }, oldestTransactionMs }: Facts): Finding[] {
  const findings: Finding[] = [];
  if (Math.max(used, needed) > max) {
    findings.push({
      level: 'problem',
      what: `The database allows ${max} connections; what runs now may need ${Math.max(used, needed)}`,
      advice: 'Raise max_connections, run fewer workers with more --concurrency each, or put a pooler in between.',
    });
  } else if (used > max * 0.9) {
    findings.push({
      level: 'note',
      what: `${used} of ${max} connections to the database are in use`,
      advice: 'Raise max_connections before you add workers.',
    });
  }
  if (oldestTransactionMs !== null && oldestTransactionMs > OLD_TRANSACTION_MS) {
    findings.push({
      level: 'note',
      what: `A transaction has been open for ${formatDuration(oldestTransactionMs)}`,
      advice:
        'It keeps PostgreSQL from cleaning up. Find it in pg_stat_activity by xact_start, and end it if it is forgotten.',
    });
  }
  return findings;
}

function findHostProblems({ pausedHosts, proxies, workers }: Facts): Finding[] {
  const findings: Finding[] = [];
  if (proxies.unchecked > 0) {
    // Where no worker runs, that is told.
    if (workers.living > 0) findings.push(findingOfUnchecked(proxies.unchecked));
  } else if (proxies.total > 0 && proxies.usable === 0) {
    findings.push({
      level: proxies.testing > 0 ? 'note' : 'problem',
      what:
        proxies.testing > 0
          ? `No proxy has passed its checks yet; ${proxies.testing} of ${proxies.total} are being tested`
          : `None of ${plural(proxies.total, 'proxy', 'proxies')} works`,
      advice: '"npx eko proxies list" has their last errors; proxies elsewhere must reach EKO_ECHO_URL.',
    });
  }
  if (pausedHosts.length > 0) {
    findings.push({
      level: 'problem',
      what: `Hosts are paused: ${list(pausedHosts.map(({ hostKey, reason }) => `${hostKey} (${reason ?? 'no reason noted'})`))}`,
      advice: 'They refused or failed again and again. When the reason is gone, resume them on /workers.',
    });
  }
  return findings;
}

const findingOfUnchecked = (unchecked: number): Finding => ({
  level: 'problem',
  what: `${plural(unchecked, 'proxy waits', 'proxies wait')} for ${unchecked === 1 ? 'its' : 'their'} first check, and no worker makes it`,
  advice:
    'Workers check a proxy by the /api/echo of the dashboard: where they run, set EKO_ECHO_URL to its address, and EKO_SECRET_KEY to that of the dashboard.',
});

function findScheduleProblems({ schedulesOverdue, schedulesStopped, workers }: Facts): Finding[] {
  const findings: Finding[] = [];
  if (schedulesStopped.length > 0) {
    findings.push({
      level: 'problem',
      what: `Schedules that nobody paused have no next run: ${list(schedulesStopped)}`,
      advice:
        'No time to come fits, or a manager of an earlier release could not read their rule or time zone. Save them again.',
    });
  }
  const unreadable = schedulesOverdue.filter(({ problem }) => problem !== null);
  if (unreadable.length > 0) {
    const names = unreadable.map(({ name, lateMs, problem }) => `${name} (${formatDuration(lateMs)} late: ${problem})`);
    findings.push({
      level: 'problem',
      what: `Schedules are overdue whose rule cannot be read here: ${list(names)}`,
      advice:
        'Change the rule on their page, or run a manager of a newer release: one that cannot read it leaves it alone.',
    });
  }
  const late = schedulesOverdue.filter(({ problem }) => problem === null);
  if (late.length > 0) {
    const names = late.map(({ name, lateMs }) => `${name} (${formatDuration(lateMs)} late)`);
    findings.push({
      level: 'problem',
      what: `Schedules are overdue: ${list(names)}`,
      advice:
        workers.living === 0
          ? 'Managers start them, and none runs: "npx eko worker".'
          : 'See the log of a manager for why, such as a rule that it cannot read.',
    });
  }
  return findings;
}

function list(items: readonly (string | number)[]): string {
  const shown = items.slice(0, 5).join(', ');
  return items.length > 5 ? `${shown} and ${items.length - 5} more` : shown;
}
