import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { check } from 'recheck';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Portal } from '#lib/portals/portal.ts';
import { type FoundExpression, listRegularExpressions, repeatsWithoutBound } from './list-regular-expressions.ts';

/**
 * No regular expression of the product takes more than linear time, whatever text it meets. Those of tests meet only what
 * tests write.
 */
const ROOT = path.resolve(import.meta.dirname, '../..');
const FILES = globSync('{src,scripts}/**/*.{ts,tsx,mjs}', { cwd: ROOT }).filter(
  (file) => !/\.test\.tsx?$|^src\/test\/|\/node_modules\//.test(file),
);

/**
 * What makes each file that builds expressions from text build them. Modules are loaded here and not above, so that those
 * built while loading are seen too.
 */
const BUILDERS: Record<string, () => Promise<unknown>> = {
  'src/lib/leads/extract-phones.ts': () => import('#lib/leads/extract-phones.ts'),
  'src/lib/leads/html-text.ts': async () => (await import('#lib/leads/html-text.ts')).htmlToText('<script>1</script>'),
  'src/workers/scrapers/permits/contacts.ts': async () => {
    const { readContacts } = await import('#workers/scrapers/permits/contacts.ts');
    const portal = { fields: { contacts: [] } } as unknown as Portal;
    return readContacts({}, portal, { text: 'Call (912) 555-0142 today', rule: 'description' });
  },
  'src/workers/scrapers/permits/signals.ts': async () =>
    (await import('#workers/scrapers/permits/signals.ts')).findSignals('Solar shades and 24 solar panels'),
  'src/app/scraping/[sessionId]/snapshots/[signature]/_components/find-in-text.ts': async () =>
    (await import('#app/scraping/[sessionId]/snapshots/[signature]/_components/find-in-text.ts')).findInText(
      'a+b+',
      'A+b+',
    ),
};

const OriginalRegExp = globalThis.RegExp;
const builtBy = new Map<string, FoundExpression[]>();
let fileInHand = '';

/** Notes the expressions that the file in hand builds itself, not those of the libraries that it calls. */
function noteBuilt(given: unknown[]): RegExp {
  const [pattern, flags] = given as [string | RegExp, string | undefined];
  const expression = new OriginalRegExp(pattern, flags);
  const caller = new Error().stack?.split('\n')[3] ?? '';
  if (caller.includes(fileInHand)) {
    builtBy.get(fileInHand)?.push({ pattern: expression.source, flags: expression.flags });
  }
  return expression;
}

beforeAll(async () => {
  globalThis.RegExp = new Proxy(OriginalRegExp, {
    construct: (_target, given) => noteBuilt(given),
    apply: (_target, _this, given) => noteBuilt(given),
  });
  for (const [file, build] of Object.entries(BUILDERS)) {
    fileInHand = file;
    builtBy.set(file, []);
    await build();
  }
  globalThis.RegExp = OriginalRegExp;
});

/** What recheck found, for a person to read; null for an expression that is linear. */
async function faultOf({ pattern, flags }: FoundExpression): Promise<string | null> {
  if (!repeatsWithoutBound(pattern)) return null;
  const exact = await check(pattern, flags, { checker: 'automaton', timeout: 20_000 });
  if (exact.status === 'safe') return null;
  if (exact.status === 'vulnerable') return `${exact.complexity.summary}, such as ${exact.attack.pattern}`;
  if (exact.error.kind !== 'unsupported') return `cannot be judged (${exact.error.kind}); make it simpler`;
  // Looking around is beyond the exact method; what is left is trying.
  const tried = await check(pattern, flags, { checker: 'fuzz', timeout: 20_000 });
  if (tried.status === 'safe') return null;
  return tried.status === 'vulnerable' ? tried.complexity.summary : `cannot be judged (${tried.error.kind})`;
}

describe('every regular expression of the product', () => {
  it('is linear in the text that it meets', async () => {
    const byText = new Map<string, { expression: FoundExpression; file: string }>();
    for (const file of FILES) {
      const { literals } = listRegularExpressions(readFileSync(path.join(ROOT, file), 'utf8'), file);
      for (const expression of [...literals, ...(builtBy.get(file) ?? [])]) {
        byText.set(`/${expression.pattern}/${expression.flags}`, { expression, file });
      }
    }
    expect(byText.size).toBeGreaterThan(200);
    const faults: string[] = [];
    for (const [text, { expression, file }] of byText) {
      const fault = await faultOf(expression);
      if (fault !== null) faults.push(`${file}: ${text}: ${fault}`);
    }
    expect(faults).toEqual([]);
  });

  it('is known here where a file builds it from text', () => {
    const builders = FILES.filter(
      (file) => listRegularExpressions(readFileSync(path.join(ROOT, file), 'utf8'), file).built > 0,
    );
    expect(builders.sort()).toEqual(Object.keys(BUILDERS).sort());
    for (const [file, built] of builtBy) expect(built, file).not.toEqual([]);
  });
});

describe('the search for regular expressions', () => {
  it('finds literals and none of what only looks like one', () => {
    const code = `const a = b / c / d; // /x+/\nconst s = '/y+/'; const r = /z+[/]/gu; f(\`\${/in+er/.source}\`); new RegExp(s); RegExp(s)`;
    expect(listRegularExpressions(code, 'example.ts')).toEqual({
      literals: expect.arrayContaining([
        { pattern: 'z+[/]', flags: 'gu' },
        { pattern: 'in+er', flags: '' },
      ]),
      built: 2,
    });
    expect(listRegularExpressions(code, 'example.ts').literals).toHaveLength(2);
  });

  it.each([
    ['a{0,30}b?[*+]\\+', false],
    ['a*', true],
    ['[a]+', true],
    ['a{2,}', true],
    ['[\\]+*]', false],
  ])('%s repeats without a bound: %s', (pattern, answer) => {
    expect(repeatsWithoutBound(pattern)).toBe(answer);
  });

  it('would notice one that is not linear', async () => {
    expect(await faultOf({ pattern: '^(a+)+$', flags: '' })).toContain('exponential');
    expect(await faultOf({ pattern: '-+$', flags: '' })).toContain('2nd degree');
  });
});
