import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconDoorExit,
  IconPlayerPause,
  IconPlugX,
} from '@tabler/icons-react';
import type { StateWord } from '#components/state-words.ts';
import type { ApiNode } from '#lib/api/node.ts';
import type { NodeMode, NodeStatus } from '#lib/db/schema/vocabulary.ts';

export const NODE_WORDS: Record<NodeStatus, StateWord> = {
  healthy: { word: 'Healthy', icon: IconCircleCheck, tone: 'good' },
  degraded: { word: 'Degraded', icon: IconAlertTriangle, tone: 'warn' },
  unhealthy: { word: 'Unhealthy', icon: IconCircleX, tone: 'bad' },
  gone: { word: 'Gone', icon: IconPlugX, tone: 'quiet' },
};

/** Null for the mode that needs no word. */
export const MODE_WORDS: Record<NodeMode, StateWord | null> = {
  active: null,
  paused: { word: 'Paused', icon: IconPlayerPause, tone: 'warn' },
  draining: { word: 'Drained', icon: IconDoorExit, tone: 'warn' },
};

/** What its state means for the work, in a few words; null where it simply works. */
export function effectOf({
  status,
  mode,
  activeWorkers,
}: Pick<ApiNode, 'status' | 'mode' | 'activeWorkers'>): string | null {
  if (status === 'gone') return null;
  if (mode === 'draining') return activeWorkers > 0 ? 'its workers finish and leave' : 'has no workers';
  if (mode === 'paused' || status === 'unhealthy') return 'claims nothing new';
  return status === 'degraded' ? 'takes half as much' : null;
}
