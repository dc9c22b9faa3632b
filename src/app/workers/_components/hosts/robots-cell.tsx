import { Text } from '@mantine/core';
import { RelativeTime } from '#components/relative-time.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { ROBOTS_WORDS } from '#components/state-words.ts';
import type { ApiHostRobots } from '#lib/api/host.ts';
import type { RobotsOutcome } from '#lib/db/schema/vocabulary.ts';

/** The verdict of a host's robots.txt and its age; of several, the one that matters most. */
export function RobotsCell({ robots }: { robots: readonly ApiHostRobots[] }) {
  const worst = [...robots].sort((a, b) => severity(b) - severity(a))[0];
  if (worst === undefined) return <Text size="sm">not read yet</Text>;
  return (
    <>
      <StateLabel state={ROBOTS_WORDS[worst.outcome]} />
      <Text size="xs" c="dimmed" component="div">
        <RelativeTime at={worst.fetchedAt} />
        {robots.length > 1 && `, ${robots.length} files`}
      </Text>
    </>
  );
}

/** "unreachable" holds its pages up, "rules" may forbid some, "none" allows all. */
const BY_SEVERITY: readonly RobotsOutcome[] = ['none', 'rules', 'unreachable'];
const severity = ({ outcome }: ApiHostRobots) => BY_SEVERITY.indexOf(outcome);
