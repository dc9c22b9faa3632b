import { compilePattern, matchesPattern, type RobotsPattern, robotsTarget } from './robots-pattern.ts';

/** RFC 9309 section 2.5 asks for at least 500 KiB; more is cut at a line end. */
const PARSED_BYTES_MAX = 500 * 1024;

export interface RobotsVerdict {
  allowed: boolean;
  /** The deciding line, counted from 1; null if no rule decided. */
  line: number | null;
  /** The deciding line's text. */
  rule: string | null;
}

interface RobotsRule {
  allow: boolean;
  pattern: RobotsPattern;
  line: number;
  text: string;
}

interface RobotsGroup {
  agents: Set<string>;
  rules: RobotsRule[];
  crawlDelayMs: number | null;
}

/** A robots.txt that was read once; made by `parseRobots`. */
export interface RobotsRules {
  groups: readonly RobotsGroup[];
  /** Rules by product token, sorted so that the first match decides. */
  sorted: Map<string, RobotsRule[]>;
}

/** Spellings that are common enough for large crawlers to accept; each makes us stricter, none laxer. */
const RECORD_NAMES: Record<string, 'agent' | 'allow' | 'disallow' | 'delay'> = {
  'user-agent': 'agent',
  useragent: 'agent',
  'user agent': 'agent',
  allow: 'allow',
  disallow: 'disallow',
  dissallow: 'disallow',
  dissalow: 'disallow',
  disalow: 'disallow',
  diasllow: 'disallow',
  disallaw: 'disallow',
  'crawl-delay': 'delay',
  crawldelay: 'delay',
};

/**
 * Says whether robots.txt lets a product fetch a URL (RFC 9309).
 * @param productToken such as `EkoLeadBot`; of a longer User-Agent only the leading token counts.
 * @param url absolute; its path and query are compared, `/robots.txt` itself is always allowed.
 */
export function isAllowed(
  robotsTxt: string,
  productToken: string,
  url: string,
): { allowed: boolean; line: number | null } {
  const { allowed, line } = judgeUrl(parseRobots(robotsTxt), productToken, new URL(url));
  return { allowed, line };
}

/** The Crawl-delay of the product's group in ms; null when there is none or it is not a number from 0. */
export function crawlDelayMs(robotsTxt: string, productToken: string): number | null {
  return findCrawlDelayMs(parseRobots(robotsTxt), productToken);
}

/** Reads the file into groups. Never throws: lines that make no sense are skipped. */
export function parseRobots(robotsTxt: string): RobotsRules {
  const groups: RobotsGroup[] = [];
  let group: RobotsGroup | null = null;
  let hasRules = false;
  for (const [index, text] of splitLines(robotsTxt).entries()) {
    const record = parseRecord(text);
    if (record === null) continue;
    if (record.name === 'agent') {
      if (group === null || hasRules) {
        group = { agents: new Set(), rules: [], crawlDelayMs: null };
        groups.push(group);
        hasRules = false;
      }
      group.agents.add(agentToken(record.value));
    } else if (group !== null && record.name === 'delay') {
      // Not part of the RFC, so it must not end a run of agent lines.
      group.crawlDelayMs = largest(group.crawlDelayMs, parseDelayMs(record.value));
    } else if (group !== null) {
      hasRules = true;
      addRule(group, record.name === 'allow', record.value, index + 1, text);
    }
  }
  return { groups, sorted: new Map() };
}

/** The verdict of a parsed file for one URL. */
export function judgeUrl(rules: RobotsRules, productToken: string, url: URL): RobotsVerdict {
  if (url.pathname === '/robots.txt') return { allowed: true, line: null, rule: null };
  const target = robotsTarget(url);
  const decider = sortedRules(rules, agentToken(productToken)).find((rule) => matchesPattern(rule.pattern, target));
  if (decider === undefined) return { allowed: true, line: null, rule: null };
  return { allowed: decider.allow, line: decider.line, rule: decider.text };
}

/** The largest Crawl-delay of the product's groups in ms, or null. */
export function findCrawlDelayMs(rules: RobotsRules, productToken: string): number | null {
  return groupsOf(rules, agentToken(productToken)).reduce<number | null>(
    (delay, group) => largest(delay, group.crawlDelayMs),
    null,
  );
}

/** The product's own groups, merged; the `*` groups only when it has none. */
function groupsOf(rules: RobotsRules, token: string): RobotsGroup[] {
  const own = rules.groups.filter((group) => group.agents.has(token));
  return own.length > 0 ? own : rules.groups.filter((group) => group.agents.has('*'));
}

/** Longest pattern first, allow before disallow, then by line: so the first match is the verdict. */
function sortedRules(rules: RobotsRules, token: string): RobotsRule[] {
  const known = rules.sorted.get(token);
  if (known) return known;
  const sorted = groupsOf(rules, token)
    .flatMap((group) => group.rules)
    .sort((a, b) => b.pattern.length - a.pattern.length || Number(b.allow) - Number(a.allow) || a.line - b.line);
  rules.sorted.set(token, sorted);
  return sorted;
}

function addRule(group: RobotsGroup, allow: boolean, value: string, line: number, text: string): void {
  const pattern = compilePattern(value);
  if (pattern !== null) group.rules.push({ allow, pattern, line, text: text.trim().slice(0, 500) });
}

function splitLines(robotsTxt: string): string[] {
  return withinLimit(robotsTxt.replace(/^\uFEFF/, '')).split(/\r\n|\r|\n/);
}

function withinLimit(text: string): string {
  if (text.length * 3 <= PARSED_BYTES_MAX) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= PARSED_BYTES_MAX) return text;
  const cut = bytes.subarray(0, PARSED_BYTES_MAX);
  return cut.subarray(0, Math.max(cut.lastIndexOf(0x0a), cut.lastIndexOf(0x0d), 0)).toString('utf8');
}

/** `name: value` without its comment; a blank instead of the colon is forgiven. Null for every other line. */
function parseRecord(text: string): { name: 'agent' | 'allow' | 'disallow' | 'delay'; value: string } | null {
  const hash = text.indexOf('#');
  const line = (hash < 0 ? text : text.slice(0, hash)).trim();
  const colon = line.indexOf(':');
  const end = colon < 0 ? line.search(/\s/) : colon;
  if (end <= 0) return null;
  const key = line.slice(0, end).trimEnd().toLowerCase();
  const name = Object.hasOwn(RECORD_NAMES, key) ? RECORD_NAMES[key] : undefined;
  return name === undefined ? null : { name, value: line.slice(end + 1).trim() };
}

/** The leading token in lower case, `*`, or nothing: `EkoLeadBot/0.1 (+https://…)` is `ekoleadbot`. */
function agentToken(value: string): string {
  if (/^\*(?:\s|$)/.test(value)) return '*';
  return /^[\w-]+/.exec(value.trim())?.[0].toLowerCase() ?? '';
}

function parseDelayMs(value: string): number | null {
  return /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(value) ? Math.round(Number(value) * 1000) : null;
}

function largest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
