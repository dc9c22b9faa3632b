import type { Random } from './random.ts';

type Texts = readonly [string, ...string[]];

/** What people build, with how often: the six signals, work that only looks like them, and everything else. */
const KINDS: readonly (readonly [weight: number, Texts])[] = [
  [
    14,
    [
      'INSTALL 7.2 KW ROOF MOUNTED PV SYSTEM, 18 MODULES',
      'Residential photovoltaic, 24 panels',
      'SOLAR PV 9.8 KW',
      'ADDING MODULES TO EXISTING ARRAY',
    ],
  ],
  [
    14,
    ['Re-roof, tear off and replace asphalt shingles', 'REROOF 28 SQUARES ARCHITECTURAL SHINGLES', 'Roof replacement'],
  ],
  [9, ['Main panel upgrade 100A to 200A', 'ELECTRICAL SERVICE UPGRADE 200 AMP PANEL']],
  [7, ['Install EV charger in garage, 50A circuit', 'LEVEL 2 ELECTRIC VEHICLE CHARGER']],
  [5, ['Battery energy storage system, 13.5 kWh', 'ENERGY STORAGE SYSTEM (ESS) GARAGE WALL']],
  [9, ['New single family dwelling, 2,400 sq ft', 'NEW CONSTRUCTION SINGLE FAMILY RESIDENCE']],
  [
    22,
    [
      'Replace water heater',
      'Interior remodel of kitchen',
      'Fence, 6 ft wood',
      'HVAC change-out 3 ton',
      'Build deck 12x16',
      'Replace siding, 3 windows',
      'Demolish detached garage',
    ],
  ],
  [
    6,
    [
      'Install solar screens on 6 windows',
      'SOLAR WATER HEATER REPLACEMENT',
      'Solar powered school zone beacon',
      'Solar tube skylight in hall bath',
      'REPLACE PANEL AND METER FOR NEW PV SOLAR UNDER SEPARATE PERMIT',
      'Replace smoke detectors, battery backup',
    ],
  ],
];
const TOTAL_WEIGHT = KINDS.reduce((sum, [weight]) => sum + weight, 0);

export function makeDescription(random: Random): string {
  let left = random.next() * TOTAL_WEIGHT;
  for (const [weight, texts] of KINDS) {
    left -= weight;
    if (left < 0) return random.pick(texts);
  }
  return 'Replace water heater';
}
