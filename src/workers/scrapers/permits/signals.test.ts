import { describe, expect, it } from 'vitest';
import { findSignals, judgeSignal } from './signals.ts';

describe('what a permit says', () => {
  it.each([
    ['Install 8.4 kW roof mounted PV system', ['solar']],
    ['ROOF MOUNTED PV', []],
    ['Roof mounted solar photovoltaic, 24 modules', ['solar']],
    ['PV 10.5 KW', ['solar']],
    ['SOLAR', ['solar']],
    ['ADDING MODULES TO EXISTING ARRAY', ['solar']],
    ['Install solar screens on 4 windows', []],
    ['Solar shade structure', []],
    ['Solar tube skylight', []],
    ['Solar window film', []],
    ['Solar water heater replacement', []],
    ['Solar hot water', []],
    ['Solar powered beacon at crosswalk', []],
    ['REPLACE PANEL 200A FOR NEW PV SOLAR', ['panel-upgrade']],
    ['Remove existing solar panels', []],
    ['Solar shades and 24 solar panels', ['solar']],
    ['RE-ROOF 25 SQ ASPHALT SHINGLES', ['re-roof']],
    ['Reroof', ['re-roof']],
    ['Tear off and replace roof', ['re-roof']],
    ['Roof replacement', ['re-roof']],
    ['Replace rooftop unit', []],
    ['Roof mounted HVAC equipment', []],
    ['Re-roof and install solar panels', ['solar', 're-roof']],
    ['Main panel upgrade to 200 amp', ['panel-upgrade']],
    ['Upgrade electrical panel', ['panel-upgrade']],
    ['200 AMP SERVICE UPGRADE', ['panel-upgrade']],
    ['MPU 125A to 200A', ['panel-upgrade']],
    ['Replace fire alarm panel', []],
    ['Replace wall panels in lobby', []],
    ['Install EV charger in garage', ['ev-charger']],
    ['(1) EVSE level 2', ['ev-charger']],
    ['Tesla wall connector', ['ev-charger']],
    ['Electric vehicle charging station', ['ev-charger']],
    ['Garage to be EV ready', []],
    ['Forklift charger', []],
    ['Install Tesla Powerwall 2', ['battery']],
    ['Energy storage system 13.5 kWh', ['battery']],
    ['ESS, 2 units', ['battery']],
    ['Replace battery operated smoke detectors', []],
    ['Smoke alarms with battery backup', []],
    ['Solar PV with battery storage', ['solar', 'battery']],
    ['New single family residence', ['new-home']],
    ['SFR - NEW', ['new-home']],
    ['Construct new two story house', ['new-home']],
    ['NEW TOWNHOME', ['new-home']],
    ['New roof on existing house', ['re-roof']],
    ['Addition to single family residence, new kitchen', []],
    ['New windows for residence', []],
    ['New dog house', []],
    ['Kitchen remodel', []],
    ['', []],
  ])('"%s" → %j', (text, signals) => {
    expect(findSignals(text)).toEqual(signals);
  });
});

describe('whether a row is wanted', () => {
  it('every row for "any", labelled with the first signal found or none', () => {
    expect(judgeSignal('Re-roof with battery storage', 'any', null)).toEqual({ wanted: true, signal: 're-roof' });
    expect(judgeSignal('Fence', 'any', null)).toEqual({ wanted: true, signal: null });
  });

  it('only rows with a signal of the list, labelled with that', () => {
    expect(judgeSignal('Re-roof with battery storage', ['battery'], null)).toEqual({ wanted: true, signal: 'battery' });
    expect(judgeSignal('Fence', ['battery'], null)).toEqual({ wanted: false, signal: null });
  });

  it('by the preset of the portal before the words', () => {
    expect(judgeSignal('Fence', ['solar'], 'solar')).toEqual({ wanted: true, signal: 'solar' });
    expect(judgeSignal('Re-roof', ['re-roof'], 'solar')).toEqual({ wanted: false, signal: null });
  });
});
