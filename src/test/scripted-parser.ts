import { LayoutChangedError, PageGoneError } from '#lib/errors.ts';
import { definePageParser } from '#lib/scrapers/page-parser.ts';

/** What the parser of tests does with a page. */
export type ParserScript =
  /** Counts elements and characters, and says which link is the last. */
  | { do: 'outline' }
  /** The text of the first title, to be held while the page is forgotten. */
  | { do: 'title' }
  | { do: 'wait'; ms: number }
  | { do: 'loop' }
  /** Takes memory in small pieces until there is none. */
  | { do: 'hoard' }
  | { do: 'throw'; message: string }
  | { do: 'throw-nothing' }
  | { do: 'layout-changed' }
  | { do: 'page-gone' }
  | { do: 'return-function' }
  | { do: 'return-much'; characters: number }
  | { do: 'recurse' }
  | { do: 'exit' }
  | { do: 'reject-later' }
  | { do: 'settings' };

export interface Outline {
  title: string;
  elements: number;
  characters: number;
  lastLink: string | null;
}

export const scriptedParser = definePageParser({
  name: 'test-scripted',
  module: import.meta.url,
  parse({ $, finalUrl }, script: ParserScript): unknown {
    switch (script.do) {
      case 'outline':
        return {
          title: $('title').first().text(),
          elements: $('*').length,
          characters: $.root().text().length,
          lastLink: absolute($('a[href]').last().attr('href'), finalUrl),
        } satisfies Outline;
      case 'title':
        return $('title').first().text();
      case 'layout-changed':
        throw new LayoutChangedError('There is no list on this page', { context: { looked: 'ul.results' } });
      case 'page-gone':
        throw new PageGoneError('The page says that it is not there');
      case 'return-function':
        return () => 1;
      case 'return-much':
        return 'x'.repeat(script.characters);
      default:
        return misbehave(script);
    }
  },
});

/** A parser of the same module that nobody lists. */
export const titleParser = definePageParser({
  name: 'test-title',
  module: import.meta.url,
  parse: ({ $ }) => $('title').text(),
});

function absolute(href: string | undefined, base: string): string | null {
  if (href === undefined || !URL.canParse(href, base)) return null;
  return new URL(href, base).href;
}

function misbehave(script: ParserScript): unknown {
  switch (script.do) {
    case 'wait':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, script.ms);
      return 'waited';
    case 'loop':
      for (;;) Math.random();
    case 'hoard':
      return hoard();
    case 'throw':
      throw new TypeError(script.message);
    case 'throw-nothing':
      throw undefined;
    case 'recurse':
      return recurse(0);
    case 'exit':
      return process.exit(7);
    case 'reject-later':
      void Promise.reject(new Error('nobody catches this'));
      return 'fine so far';
    case 'settings':
      return { ...process.env };
    default:
      return null;
  }
}

function hoard(): number {
  const kept: object[] = [];
  for (;;) kept.push({ number: kept.length, text: `piece ${kept.length}` });
}

function recurse(depth: number): number {
  return recurse(depth + 1) + 1;
}
