import { FactList } from '#components/fact-list.tsx';
import { plural } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import { useSourceLabel } from '#components/use-source-label.ts';
import type { ApiPageSnapshot } from '#lib/api/session.ts';

export function SnapshotFacts({ snapshot }: { snapshot: ApiPageSnapshot }) {
  const labelOf = useSourceLabel();
  const { status, source, takenAt, seenCount, lastSeenAt, expiresAt } = snapshot;
  return (
    <Panel title="When">
      <FactList
        facts={[
          { label: 'Status', value: String(status) },
          { label: 'Source', value: labelOf(source) },
          { label: 'Received', value: <RelativeTime at={takenAt} /> },
          { label: 'Seen', value: plural(seenCount, 'time') },
          { label: 'Last', value: seenCount > 1 && <RelativeTime at={lastSeenAt} /> },
          { label: 'Kept until', value: <RelativeTime at={expiresAt} /> },
        ]}
      />
    </Panel>
  );
}
