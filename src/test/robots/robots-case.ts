/** What a robots.txt says about a path on https://example.com for EkoLeadBot. */
export interface RobotsCase {
  says: string;
  robots: string;
  path: string;
  allowed: boolean;
  /** The line that decides, counted from 1. */
  line: number | null;
}

/** A file with these rules for everybody; they start at line 2. */
export const rules = (...lines: string[]) => ['User-agent: *', ...lines].join('\n');
