import { List, Title } from '@mantine/core';
import { FactList } from '#components/fact-list.tsx';
import { formatCount, formatMs } from '#components/format.ts';
import { RelativeTime, UpcomingTime } from '#components/relative-time.tsx';
import { ExternalLink } from '#components/safe-link.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { ROBOTS_WORDS } from '#components/state-words.ts';
import type { ApiHostRobots } from '#lib/api/host.ts';

/** What one robots.txt said, when, and for how long that holds. */
export function RobotsFacts({ robots }: { robots: ApiHostRobots }) {
  const { origin, outcome, httpStatus, reason, fetchedAt, expiresAt, crawlDelayMs } = robots;
  return (
    <section aria-label={`robots.txt of ${origin}`}>
      <Title order={3} fz="sm" mb={6} style={{ overflowWrap: 'anywhere' }}>
        <ExternalLink href={`${origin}/robots.txt`} inherit>
          {origin}/robots.txt
        </ExternalLink>
      </Title>
      <FactList
        labelWidth="130px"
        facts={[
          { label: 'Verdict', value: <StateLabel state={ROBOTS_WORDS[outcome]} /> },
          { label: 'Answer', value: httpStatus === null ? null : `status ${httpStatus}` },
          { label: 'Why', value: reason },
          { label: 'Read', value: <RelativeTime at={fetchedAt} /> },
          {
            label: outcome === 'unreachable' ? 'Tried again' : 'Read again',
            value: <UpcomingTime at={expiresAt} past="before the next page" />,
          },
          { label: 'Crawl-delay', value: crawlDelayMs === null ? null : formatMs(crawlDelayMs) },
          { label: 'Sitemaps', value: robots.sitemapCount > 0 && <Sitemaps robots={robots} /> },
        ]}
      />
    </section>
  );
}

function Sitemaps({ robots: { sitemaps, sitemapCount } }: { robots: ApiHostRobots }) {
  return (
    <List size="sm" listStyleType="none" spacing={2}>
      {sitemaps.map((address) => (
        <List.Item key={address} style={{ overflowWrap: 'anywhere' }}>
          <ExternalLink href={address} size="sm">
            {address}
          </ExternalLink>
        </List.Item>
      ))}
      {sitemapCount > sitemaps.length && (
        <List.Item c="dimmed" fz="xs">
          and {formatCount(sitemapCount - sitemaps.length)} more
        </List.Item>
      )}
    </List>
  );
}
