import { IconArrowForwardUp, IconCircleCheck, IconCircleX, IconClockX } from '@tabler/icons-react';
import type { StateWord } from '#components/state-words.ts';
import type { CatchUpPolicy, ScheduleRunOutcome } from '#lib/db/schema/vocabulary.ts';

export const RUN_WORDS: Record<ScheduleRunOutcome, StateWord> = {
  started: { word: 'Started', icon: IconCircleCheck, tone: 'good' },
  overlapped: { word: 'Passed over', icon: IconArrowForwardUp, tone: 'warn' },
  missed: { word: 'Missed', icon: IconClockX, tone: 'warn' },
  refused: { word: 'Refused', icon: IconCircleX, tone: 'bad' },
};

export const CATCH_UP_WORDS: Record<CatchUpPolicy, string> = {
  latest: 'Start the latest late run',
  skip: 'Skip late runs',
  all: 'Start all late runs, one after the other',
};
