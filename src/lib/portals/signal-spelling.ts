import { SIGNALS, type Signal } from '../db/schema/vocabulary.ts';

const bare = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');

const BY_SPELLING = new Map<string, Signal>([
  ...SIGNALS.map((signal): [string, Signal] => [bare(signal), signal]),
  ['roof', 're-roof'],
  ['reroofing', 're-roof'],
  ['roofing', 're-roof'],
  ['pv', 'solar'],
  ['panel', 'panel-upgrade'],
  ['mainpanelupgrade', 'panel-upgrade'],
  ['ev', 'ev-charger'],
  ['evse', 'ev-charger'],
  ['evcharging', 'ev-charger'],
  ['storage', 'battery'],
  ['newhome', 'new-home'],
  ['newhouse', 'new-home'],
  ['newhomes', 'new-home'],
]);

/** "re-roof", "reroof", "Re_Roof" → "re-roof"; null for what is no signal. */
export function findSignal(text: string): Signal | null {
  return BY_SPELLING.get(bare(text)) ?? null;
}

/** True for "any", however it is written. */
export function isAnySignal(text: string): boolean {
  return bare(text) === 'any' || bare(text) === 'all';
}
