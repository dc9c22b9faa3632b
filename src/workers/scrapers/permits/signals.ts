import { SIGNALS, type Signal } from '#lib/db/schema/vocabulary.ts';
import type { SignalChoice } from '#lib/portals/permit-params.ts';

/** Patterns meet one line of capitals with single spaces, and repeat nothing without a bound: so they are linear in the text. */
interface SignalRule {
  /** Any of these says the signal. */
  says: RegExp[];
  /** Any of these takes it back, unless `strong` says it too. */
  not: RegExp[];
  strong?: RegExp[];
}

/** "10 kW PV", "PV 10.5 KW": a power next to the letters that alone may mean anything. */
const PV_WITH_POWER = /\bPV\b.{0,30}\d{1,9}(?:\.\d{1,9})? ?KW|\d{1,9}(?:\.\d{1,9})? ?KW(?: ?[A-Z]{1,3})?.{0,30}\bPV\b/;
/** Panels or arrays that the text ties to the sun. */
const SOLAR_WORK =
  /\bPHOTO-? ?VOLTAIC|\bPV (?:SYSTEM|MODULE|PANEL|ARRAY|INSTALL)|\bSOLAR (?:PV|PANEL|ARRAY|SYSTEM|MODULE|ENERGY|ELECTRIC|ROOF|CARPORT)/;

const SOLAR: SignalRule = {
  says: [
    /\bSOLAR\b/,
    SOLAR_WORK,
    PV_WITH_POWER,
    /\b(?:ADD\w{0,20}|MORE|ADDITIONAL)\b.{0,20}\bMODULES?\b.{0,30}\bARRAY\b/,
  ],
  not: [
    /\bSOLAR (?:WINDOW )?(?:SCREEN|SHADE|TUBE|FILM|LIGHT|FAN|ATTIC|TUBULAR|BLIND|REFLECT|GLASS)/,
    /\bSOLAR (?:WATER|HOT|POOL|THERMAL|HEAT)/,
    /\bSOLAR[- ](?:POWERED|OPERATED)\b/,
    /\b(?:REMOV|DETACH|TAKE DOWN|DEMO)\w{0,20}\b.{0,25}\bSOLAR\b/,
    /\bSOLAR\b.{0,20}\b(?:READY|CONDUIT ONLY)\b/,
    /\bREPLACE\b.{0,60}\bPANEL\b.{0,40}\bFOR\b.{0,30}\b(?:SOLAR|PV)\b/,
  ],
  strong: [],
};

const RE_ROOF: SignalRule = {
  says: [
    /\bRE-? ?ROOF/,
    /\bROOF(?:ING)?\b.{0,30}\b(?:REPLACE|REPAIR|OVERLAY|RECOVER|RE-?COVER|TEAR|SHINGLE)/,
    /\b(?:REPLAC\w{0,20}|REPAIR\w{0,20}|TEAR[- ]?OFF|OVERLAY|RECOVER\w{0,20}|NEW)\b.{0,25}\bROOF(?:ING)?\b(?! ?-? ?(?:MOUNT|TOP|DRAIN|HATCH))/,
    /\bSHINGLES?\b/,
    /^ ?ROOF(?:ING)?\b(?! ?-? ?(?:MOUNT|TOP))/,
    /\bROOFING\b/,
  ],
  not: [
    /\bROOF(?:TOP)? ?-? ?(?:MOUNT\w{0,20}|TOP)\b.{0,40}\b(?:PV|SOLAR|UNIT|RTU|HVAC|SYSTEM|EQUIPMENT|ANTENNA)/,
    /\b(?:PV|SOLAR)\b.{0,40}\bROOF\b/,
    /\bROOF\b.{0,30}\b(?:PV|SOLAR)\b/,
    /\bROOFED\b/,
  ],
  strong: [/\bRE-? ?ROOF/],
};

const PANEL_UPGRADE: SignalRule = {
  says: [
    /\b(?:MAIN|ELECTRIC\w{0,20}|SERVICE|BREAKER|METER) (?:SERVICE )?PANEL\b.{0,40}\b(?:UPGRAD|REPLAC|CHANGE|SWAP|INSTALL|NEW)/,
    /\b(?:UPGRAD\w{0,20}|REPLAC\w{0,20}|CHANGE\w{0,20}|SWAP\w{0,20}|NEW|INSTALL\w{0,20})\b.{0,40}\b(?:MAIN|ELECTRIC\w{0,20}|SERVICE|BREAKER|METER|SUB-?) ?PANEL\b/,
    /\bPANEL (?:UPGRADE|CHANGE|REPLACE|SWAP)/,
    /\bSERVICE (?:UPGRADE|CHANGE)\b/,
    /\bMSP\b|\bMPU\b/,
    /\b(?:100|125|150|200|225|320|400) ?-? ?AMPS?\b.{0,30}\b(?:PANEL|SERVICE|UPGRADE)/,
    /\b(?:UPGRADE|UPGRADING)\b.{0,30}\b(?:100|125|150|200|225|320|400) ?-? ?AMPS?\b/,
    /\b(?:UPGRAD\w{0,20}|REPLAC\w{0,20}) (?:(?:THE|EXISTING|OLD|AN?) ){0,3}PANEL\b(?!S)/,
  ],
  not: [/\b(?:FIRE|ALARM|WALL|WOOD|GYPSUM|FENCE|CEILING|GLASS|CONTROL) (?:ALARM )?PANEL/, /\bCUSTOMER SERVICE\b/],
};

const EV_CHARGER: SignalRule = {
  says: [
    /\bEVSE\b|\bEVCS\b/,
    /\bE\.?V\.? ?-? ?(?:CAR )?CHARG/,
    /\b(?:ELECTRIC (?:VEHICLE|CAR|AUTO)|VEHICLE|CAR)\b.{0,15}\bCHARG/,
    /\b(?:TESLA|LEVEL ?(?:2|II))\b.{0,15}\b(?:WALL CONNECTOR|CHARG)/,
    /\bCHARGING STATION/,
  ],
  not: [/\bEV ?-? ?(?:READY|CAPABLE)\b/, /\b(?:FORKLIFT|PHONE|BATTERY) CHARG/],
  strong: [/\bEVSE\b/],
};

const BATTERY: SignalRule = {
  says: [
    /\bPOWERWALL/,
    /\b(?:BATTER(?:Y|IES)|ENERGY) (?:ENERGY )?(?:STORAGE|BACK-? ?UP|SYSTEM|BANK)/,
    /\bESS\b|\bBESS\b/,
    /\b(?:ENPHASE|ENCHARGE|LG ?CHEM|FRANKLIN|IQ)\b.{0,20}\b(?:BATTER|STORAGE|\d{1,9}[TP])/,
    /\b(?:HOME|BACK-?UP|SOLAR|ADD\w{0,20}|INSTALL\w{0,20}|WITH|AND|&|\+) (?:\w{1,30} ){0,2}BATTER(?:Y|IES)\b/,
    /\bBATTER(?:Y|IES)\b.{0,25}\b(?:INSTALL|KWH|INVERTER|SOLAR|PV)/,
  ],
  not: [
    /\b(?:SMOKE|ALARM|DETECTOR|EMERGENCY LIGHT|EXIT SIGN|FIRE ALARM|FORKLIFT|UPS)\b.{0,30}\bBATTER/,
    /\bBATTER(?:Y|IES) (?:POWERED|OPERATED|SMOKE|PARK)/,
  ],
};

const NEW_HOME: SignalRule = {
  says: [
    /\bNEW\b.{0,35}\b(?:SINGLE[- ]FAMILY|SFR|SFD|SF (?:RESIDEN|DWELL|DETACH)|HOME|HOUSE|RESIDENCE|DWELLING|TOWN ?-?HO(?:ME|USE)|DUPLEX)/,
    /\b(?:SINGLE[- ]FAMILY|SFR|SFD|TOWN ?-?HO(?:ME|USE)|RESIDENTIAL|RESIDENCE|DWELLING|ONE FAMILY|1 FAMILY)S?\b.{0,30}(?:\(|-|:|,| ) ?NEW\b(?! (?:ROOF|PANEL|HVAC|WINDOW|DECK|POOL|WATER|GARAGE|SERVICE|KITCHEN|BATH|SOLAR|PV|FENCE|ELECTRIC|FURNACE|PORCH))/,
    /\b(?:BUILD|CONSTRUCT|ERECT)\w{0,20}\b.{0,25}\b(?:SINGLE[- ]FAMILY|SFR|SFD|HOME|HOUSE|RESIDENCE|DWELLING)/,
  ],
  not: [
    /\bNEW\b.{0,40}\b(?:ROOF\w{0,20}|PANEL|HVAC|FURNACE|WINDOWS?|DECK|POOL|WATER HEATER|FENCE|PORCH|DRIVEWAY|SOLAR|PV)\b.{0,25}\b(?:HOME|HOUSE|RESIDENCE|DWELLING|SINGLE|SFR|SFD)/,
    /\b(?:ADDITION|REMODEL|ALTERATION|RENOVAT\w{0,20}|REPAIR|DEMOL\w{0,20}|ATTACHED TO|EXISTING)\b/,
    /\b(?:DOG|BIRD|PUMP|GREEN|TREE|POOL|CLUB|WARE|GUEST|PLAY)[- ]?HOUSE\b/,
    /\b(?:NURSING|FUNERAL|MOBILE|MOTOR) HOME\b/,
  ],
};

const RULES: Record<Signal, SignalRule> = {
  solar: SOLAR,
  're-roof': RE_ROOF,
  'panel-upgrade': PANEL_UPGRADE,
  'ev-charger': EV_CHARGER,
  battery: BATTERY,
  'new-home': NEW_HOME,
};

/** No permit says in more characters what is done. */
const WORDS_MAX = 5_000;

/** What a permit's words say, in the order of SIGNALS. Pure; see the tests for the false finds that are kept out. */
export function findSignals(text: string): Signal[] {
  const words = text.slice(0, WORDS_MAX).toUpperCase().replace(/\s+/g, ' ');
  return SIGNALS.filter((signal) => says(RULES[signal], words, signal));
}

function says(rule: SignalRule, words: string, signal: Signal): boolean {
  if (!rule.says.some((pattern) => pattern.test(words))) return false;
  if (rule.strong?.some((pattern) => pattern.test(words))) return true;
  if (signal === 'solar') return saysSolar(words);
  return !rule.not.some((pattern) => pattern.test(words));
}

/** "Solar shades and 24 solar panels" is solar: the false friends are cut out, and what is left is asked again. */
function saysSolar(words: string): boolean {
  const rest = SOLAR.not.reduce((left, pattern) => left.replace(new RegExp(pattern, 'g'), ' '), words);
  const closedUp = rest.replace(/ +/g, ' ');
  return SOLAR.says.some((pattern) => pattern.test(closedUp));
}

export type SignalVerdict = { wanted: boolean; signal: Signal | null };

/**
 * Whether a row is wanted and how it is labelled. A portal whose rows all mean the same has a preset, which wins; "any"
 * keeps every row and labels it with the first signal found; a list keeps rows with one of its signals.
 */
export function judgeSignal(text: string, choice: SignalChoice, preset: Signal | null): SignalVerdict {
  const found = preset === null ? findSignals(text) : [preset];
  if (choice === 'any') return { wanted: true, signal: found[0] ?? null };
  const signal = found.find((candidate) => choice.includes(candidate)) ?? null;
  return { wanted: signal !== null, signal };
}
