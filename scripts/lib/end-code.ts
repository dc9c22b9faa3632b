/** PM2 takes an end by SIGKILL for an exit with 0, so an end that it has to let stand needs a code of its own. */
const ENDED_UNDER_PM2 = 10;

/**
 * The exit code of a manager that has ended as it was asked to. ecosystem.config.js names it in `stop_exit_codes`.
 * @param env PM2 sets `pm_id` in the environment of what it starts.
 */
export function endCode(env: Record<string, string | undefined>): number {
  return env.pm_id === undefined ? 0 : ENDED_UNDER_PM2;
}
