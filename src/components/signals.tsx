import {
  IconBattery3,
  IconChargingPile,
  IconHomeDown,
  IconHomePlus,
  IconPlugConnected,
  IconSolarPanel2,
} from '@tabler/icons-react';
import { SIGNALS, type Signal } from '#lib/db/schema/vocabulary.ts';
import classes from './signals.module.css';

export const SIGNAL_WORDS: Record<Signal, { word: string; icon: typeof IconBattery3 }> = {
  solar: { word: 'Solar', icon: IconSolarPanel2 },
  're-roof': { word: 'Re-roof', icon: IconHomeDown },
  'panel-upgrade': { word: 'Panel upgrade', icon: IconPlugConnected },
  'ev-charger': { word: 'EV charger', icon: IconChargingPile },
  battery: { word: 'Battery', icon: IconBattery3 },
  'new-home': { word: 'New home', icon: IconHomePlus },
};

export const SIGNAL_OPTIONS = SIGNALS.map((value) => ({ value, label: SIGNAL_WORDS[value].word }));

export function isSignal(word: unknown): word is Signal {
  return SIGNALS.some((signal) => signal === word);
}

/** What a permit says about a household's next purchase, as a small chip. */
export function SignalChip({ signal }: { signal: Signal }) {
  const { word, icon: Icon } = SIGNAL_WORDS[signal];
  return (
    <span className={classes.chip}>
      <Icon size={14} stroke={1.8} aria-hidden />
      {word}
    </span>
  );
}
