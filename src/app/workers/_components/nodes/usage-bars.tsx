import { Fragment } from 'react';
import type { ApiNode } from '#lib/api/node.ts';
import classes from './usage-bars.module.css';

type Use = Pick<ApiNode, 'cpuPercent' | 'memoryPercent' | 'diskPercent' | 'cpuCount' | 'memoryLimitMb'>;

/** How much of a machine is in use: in figures, which the bars only repeat. */
export function UsageBars({ node }: { node: Use }) {
  const uses = [
    {
      name: 'CPU',
      percent: node.cpuPercent,
      of: node.cpuCount === null ? null : `of ${round(node.cpuCount)} processors`,
    },
    {
      name: 'Memory',
      percent: node.memoryPercent,
      of: node.memoryLimitMb === null ? null : `of ${round(node.memoryLimitMb / 1_024)} GB`,
    },
    { name: 'Disk', percent: node.diskPercent, of: 'of the disk that holds the data folder' },
  ];
  return (
    <div className={classes.root}>
      {uses.map(({ name, percent, of }) => (
        <Fragment key={name}>
          <span className={classes.name}>{name}</span>
          <div className={classes.track} aria-hidden>
            <div className={classes.fill} data-level={levelOf(percent)} style={{ width: `${percent ?? 0}%` }} />
          </div>
          <span className={classes.value} title={of ?? undefined}>
            {percent === null ? '–' : `${Math.round(percent)} %`}
          </span>
        </Fragment>
      ))}
    </div>
  );
}

/** The thresholds of src/workers/nodes/node-health.ts, roughly: here they only color. */
function levelOf(percent: number | null): 'short' | 'out' | undefined {
  if (percent === null || percent < 90) return undefined;
  return percent < 97 ? 'short' : 'out';
}

const round = (value: number) => Math.round(value * 10) / 10;
