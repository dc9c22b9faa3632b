import type { ApiSession } from '#lib/api/session.ts';
import { StateLabel } from './state-label.tsx';
import { CANCELLING, SESSION_WORDS, SLEEPING, type StateWord } from './state-words.ts';

export function SessionState({ session, strong }: { session: ApiSession; strong?: boolean }) {
  return <StateLabel state={stateWord(session)} strong={strong ?? false} />;
}

function stateWord({ status, cancelRequested, wakeAt, inLineFor }: ApiSession): StateWord {
  if (status === 'running' && cancelRequested) return CANCELLING;
  if (status === 'pending' && (wakeAt !== null || inLineFor !== null)) return SLEEPING;
  return SESSION_WORDS[status];
}
