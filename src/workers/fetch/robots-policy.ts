import { compilePattern, matchesPattern, type RobotsPattern, robotsTarget } from './robots-pattern.ts';

/** Sitemaps of one file that are kept, and the longest address of one. */
const SITEMAPS_MAX = 100;
const SITEMAP_CHARS_MAX = 2_000;

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
  /** By agent. A delay belongs to the agents named before it in its group, not to one that comes after it. */
  crawlDelaysMs: Map<string, number>;
}

/** A robots.txt that was read once; made by `parseRobots`. */
export interface RobotsRules {
  groups: readonly RobotsGroup[];
  /** Addresses of Sitemap lines, which belong to no group; at most 100, each once. */
  sitemaps: readonly string[];
  /** Rules by product token, sorted so that the first match decides. */
  sorted: Map<string, RobotsRule[]>;
}

type RecordName = 'agent' | 'allow' | 'disallow' | 'delay' | 'sitemap';

interface RobotsRecord {
  name: RecordName;
  value: string;
}

/** Spellings that are common enough for large crawlers to accept; each makes us stricter, none laxer. */
const RECORD_NAMES: Record<string, RecordName> = {
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
  sitemap: 'sitemap',
  'site-map': 'sitemap',
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
  const groups = new GroupReader();
  const sitemaps = new Set<string>();
  for (const [index, text] of splitLines(robotsTxt).entries()) {
    const record = parseRecord(text);
    if (record === null) continue;
    if (record.name === 'sitemap') addSitemap(sitemaps, record.value);
    else groups.read(record, index + 1, text);
  }
  return { groups: groups.groups, sitemaps: [...sitemaps], sorted: new Map() };
}

/** Puts records into groups: agents in a row share one, and the first agent after a rule begins another. */
class GroupReader {
  readonly groups: RobotsGroup[] = [];
  #group: RobotsGroup | null = null;
  #hasRules = false;

  read({ name, value }: RobotsRecord, line: number, text: string): void {
    if (name === 'agent') {
      this.#addAgent(agentToken(value));
    } else if (this.#group !== null && name === 'delay') {
      // Not part of the RFC, so it must not end a run of agent lines.
      addDelay(this.#group, parseDelayMs(value));
    } else if (this.#group !== null) {
      this.#hasRules = true;
      addRule(this.#group, name === 'allow', value, line, text);
    }
  }

  #addAgent(token: string): void {
    if (this.#group === null || this.#hasRules) {
      this.#group = { agents: new Set(), rules: [], crawlDelaysMs: new Map() };
      this.groups.push(this.#group);
      this.#hasRules = false;
    }
    this.#group.agents.add(token);
  }
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
  const { groups, agent } = groupsOf(rules, agentToken(productToken));
  const delays = groups.map((group) => group.crawlDelaysMs.get(agent)).filter((delay) => delay !== undefined);
  return delays.length > 0 ? Math.max(...delays) : null;
}

/** The product's own groups, merged; the `*` groups only when it has none. */
function groupsOf(rules: RobotsRules, token: string): { groups: RobotsGroup[]; agent: string } {
  const own = rules.groups.filter((group) => group.agents.has(token));
  if (own.length > 0) return { groups: own, agent: token };
  return { groups: rules.groups.filter((group) => group.agents.has('*')), agent: '*' };
}

/** Longest pattern first, allow before disallow, then by line: so the first match is the verdict. */
function sortedRules(rules: RobotsRules, token: string): RobotsRule[] {
  const known = rules.sorted.get(token);
  if (known) return known;
  const sorted = groupsOf(rules, token)
    .groups.flatMap((group) => group.rules)
    .sort((a, b) => b.pattern.length - a.pattern.length || Number(b.allow) - Number(a.allow) || a.line - b.line);
  rules.sorted.set(token, sorted);
  return sorted;
}

function addRule(group: RobotsGroup, allow: boolean, value: string, line: number, text: string): void {
  const pattern = compilePattern(value);
  if (pattern !== null) group.rules.push({ allow, pattern, line, text: text.trim().slice(0, 500) });
}

function addDelay(group: RobotsGroup, delayMs: number | null): void {
  if (delayMs === null) return;
  for (const agent of group.agents)
    group.crawlDelaysMs.set(agent, Math.max(delayMs, group.crawlDelaysMs.get(agent) ?? 0));
}

/** Only a whole address of the web says where to look; a path is not one (sitemaps.org). */
function addSitemap(sitemaps: Set<string>, value: string): void {
  if (sitemaps.size >= SITEMAPS_MAX || value.length > SITEMAP_CHARS_MAX || !/^https?:\/\//i.test(value)) return;
  const url = URL.parse(value);
  if (url !== null && url.href.length <= SITEMAP_CHARS_MAX) sitemaps.add(url.href);
}

function splitLines(robotsTxt: string): string[] {
  return withinParsedLimit(robotsTxt.replace(/^\uFEFF/, '')).split(/\r\n|\r|\n/);
}

/** What of a file is read: its first 500 KiB, up to the end of a line. */
export function withinParsedLimit(text: string): string {
  if (text.length * 3 <= PARSED_BYTES_MAX) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= PARSED_BYTES_MAX) return text;
  const cut = bytes.subarray(0, PARSED_BYTES_MAX);
  return cut.subarray(0, Math.max(cut.lastIndexOf(0x0a), cut.lastIndexOf(0x0d), 0)).toString('utf8');
}

/** `name: value` without its comment; a blank instead of the colon is forgiven. Null for every other line. */
function parseRecord(text: string): RobotsRecord | null {
  const hash = text.indexOf('#');
  const line = (hash < 0 ? text : text.slice(0, hash)).trim();
  return splitRecord(line, line.indexOf(':')) ?? splitRecord(line, line.search(/\s/));
}

function splitRecord(line: string, end: number): RobotsRecord | null {
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

/** What an integer column holds, some 24 days; whoever asks for more wants to be left alone just as well. */
const DELAY_MAX_MS = 2_147_483_647;

function parseDelayMs(value: string): number | null {
  if (!/^(?:\d+(?:\.\d*)?|\.\d+)$/.test(value)) return null;
  return Math.min(Math.round(Number(value) * 1000), DELAY_MAX_MS);
}
