import { Tokenizer } from 'htmlparser2';
import type { Place } from './signature.ts';

/** What signatures are compared with. Lower case throughout. */
export interface PageMarks {
  places: Record<Exclude<Place, 'path'>, readonly string[]>;
  /** There is little to read on it. */
  isShort: boolean;
  /** Characters that a reader sees in the part that was looked at, white space collapsed. */
  wordsLength: number;
  hasPasswordField: boolean;
}

/** A block page is small, and a large page is known by its beginning. */
const LOOKED_AT_CHARS = 256 * 1024;
const SHORT_WORDS_MAX = 2_000;
const SHORT_JSON_MAX = 4_000;
const TITLE_MAX_CHARS = 300;
/** Of an attribute; longer ones are data: URLs and the like. */
const VALUE_MAX_CHARS = 4_000;

/** Reads the first 256 KiB of a page once from start to end, however broken it is. */
export function readPageMarks(text: string): PageMarks {
  if (isJson(text)) {
    const isShort = text.length <= SHORT_JSON_MAX;
    return { places: { ...NOWHERE, json: isShort ? [text.toLowerCase()] : [] }, isShort, ...NOTHING_TO_READ };
  }
  return new MarkReader(text.slice(0, LOOKED_AT_CHARS).toLowerCase()).read();
}

const NOWHERE = { title: [], id: [], source: [], script: [], words: [], json: [] } as const;
const NOTHING_TO_READ = { wordsLength: 0, hasPasswordField: false } as const;

/** Whether a body is JSON by its look. */
export function isJson(text: string): boolean {
  return /^[{[]/.test(beginningOf(text));
}

export function isMarkup(text: string): boolean {
  return beginningOf(text).startsWith('<');
}

function beginningOf(text: string): string {
  return text.slice(0, 1_000).trimStart();
}

/** Collects marks while the tokenizer, which builds no tree, walks over the page. */
class MarkReader {
  readonly #page: string;
  readonly #ids: string[] = [];
  readonly #sources: string[] = [];
  readonly #words: string[] = [];
  #script = '';
  #title = '';
  #hasTitle = false;
  #hasPasswordField = false;
  #element = '';
  #attributes = new Map<string, string>();
  #attribute = '';
  #value = '';

  constructor(page: string) {
    this.#page = page;
  }

  read(): PageMarks {
    const tokenizer = new Tokenizer({ decodeEntities: true }, this.#callbacks());
    tokenizer.write(this.#page);
    tokenizer.end();
    const words = collapse(this.#words.join('')).trim();
    return {
      places: {
        title: this.#hasTitle ? [collapse(this.#title).trim()] : [],
        id: this.#ids,
        source: this.#sources,
        script: [this.#script],
        words: [words],
        json: [],
      },
      isShort: words.length <= SHORT_WORDS_MAX,
      wordsLength: words.length,
      hasPasswordField: this.#hasPasswordField,
    };
  }

  #callbacks(): ConstructorParameters<typeof Tokenizer>[1] {
    const ignore = () => {};
    return {
      onopentagname: (start, end) => this.#open(this.#page.slice(start, end)),
      onattribname: (start, end) => {
        this.#attribute = this.#page.slice(start, end);
        this.#value = '';
      },
      onattribdata: (start, end) => this.#addToValue(this.#page.slice(start, end)),
      onattribentity: (codepoint) => this.#addToValue(String.fromCodePoint(codepoint).toLowerCase()),
      onattribend: () => this.#attributes.set(this.#attribute, this.#value.slice(0, VALUE_MAX_CHARS).trim()),
      onopentagend: () => this.#note(),
      onselfclosingtag: () => {
        this.#note();
        this.#element = '';
      },
      onclosetag: () => this.#close(),
      ontext: (start, end) => this.#read(this.#page.slice(start, end)),
      ontextentity: (codepoint) => this.#read(String.fromCodePoint(codepoint).toLowerCase()),
      oncdata: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onprocessinginstruction: ignore,
      onend: ignore,
    };
  }

  #open(name: string): void {
    this.#element = name;
    this.#attributes = new Map();
    this.#words.push(' ');
  }

  #close(): void {
    if (this.#element === 'title') this.#hasTitle = true;
    this.#element = '';
    this.#words.push(' ');
  }

  #addToValue(text: string): void {
    if (this.#value.length < VALUE_MAX_CHARS) this.#value += text;
  }

  /** Looks at an element whose attributes are complete. */
  #note(): void {
    const attributes = this.#attributes;
    const id = attributes.get('id');
    if (id !== undefined) this.#ids.push(id);
    if (this.#element === 'input' && attributes.get('type') === 'password') this.#hasPasswordField = true;
    const source = sourceOf(this.#element, attributes);
    if (source !== undefined) this.#sources.push(source);
  }

  #read(text: string): void {
    if (this.#element === 'script') this.#script += text;
    else if (this.#element === 'title') this.#readTitle(text);
    else if (this.#element !== 'style') this.#words.push(text);
  }

  /** The first title counts: drawings have titles too. */
  #readTitle(text: string): void {
    if (!this.#hasTitle && this.#title.length < TITLE_MAX_CHARS) this.#title += text.slice(0, TITLE_MAX_CHARS);
  }
}

/** What an element loads or leads to by itself; links are not followed by themselves. */
function sourceOf(element: string, attributes: ReadonlyMap<string, string>): string | undefined {
  if (element === 'form') return attributes.get('action');
  if (element === 'meta') return attributes.get('http-equiv') === 'refresh' ? attributes.get('content') : undefined;
  return attributes.get('src');
}

function collapse(text: string): string {
  return text.replace(/\s+/g, ' ');
}
