import clsx from 'clsx';
import classes from './state-label.module.css';
import type { StateWord } from './state-words.ts';

export function StateLabel({ state, strong = false }: { state: StateWord; strong?: boolean }) {
  const Icon = state.icon;
  return (
    <span className={clsx(classes.root, strong && classes.strong)}>
      <Icon size={16} stroke={2} aria-hidden className={clsx(classes[state.tone], state.spins && classes.spins)} />
      {state.word}
    </span>
  );
}
