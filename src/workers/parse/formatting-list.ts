/** Elements that parse5 opens again in every later block while they are not closed, as the HTML standard says. */
const FORMATTING = new Set('a b big code em font i nobr s small strike strong tt u'.split(' '));

/** Elements at whose border that stops. */
const MARKERS = new Set('applet caption marquee object td template th'.split(' '));

/** Of one sort (name and attributes) only the last three are opened again. */
const SAME_SORT_MAX = 3;

interface Entry {
  name: string;
  /** Name and attributes; null for a marker. */
  sort: string | null;
}

/**
 * The list of open formatting elements of the HTML standard, as far as it says how many copies a page makes parse5 build:
 * sixty `<font>` left open and 20,000 paragraphs become 1.2 million elements.
 */
export class FormattingList {
  #entries: Entry[] = [];
  #sinceMarker = 0;

  /** How many elements are opened again with the next block, at most. */
  get openCount(): number {
    return this.#sinceMarker;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (MARKERS.has(name)) {
      this.#entries.push({ name, sort: null });
      this.#sinceMarker = 0;
    } else if (FORMATTING.has(name)) this.#openFormatting(name, attributes);
  }

  /** @param isImplied closed by the end of an element around it: then formatting stays open, and comes again after that. */
  close(name: string, isImplied: boolean): void {
    if (MARKERS.has(name)) this.#leaveMarker(name);
    else if (FORMATTING.has(name) && !isImplied) this.#closeFormatting(name);
  }

  #openFormatting(name: string, attributes: Readonly<Record<string, string>>): void {
    // A link inside a link closes the outer one, and so does nobr.
    if (name === 'a' || name === 'nobr') this.#closeFormatting(name);
    const sort = JSON.stringify([name, Object.entries(attributes).sort()]);
    const same = this.#recent().filter((entry) => entry.sort === sort);
    const [oldest] = same;
    if (oldest && same.length >= SAME_SORT_MAX) this.#remove(this.#entries.indexOf(oldest));
    this.#entries.push({ name, sort });
    this.#sinceMarker += 1;
  }

  #closeFormatting(name: string): void {
    const index = this.#entries.findLastIndex((entry) => entry.name === name);
    if (index >= this.#entries.length - this.#sinceMarker) this.#remove(index);
  }

  #leaveMarker(name: string): void {
    const index = this.#entries.findLastIndex((entry) => entry.name === name && entry.sort === null);
    if (index === -1) return;
    this.#entries.length = index;
    const marker = this.#entries.findLastIndex((entry) => entry.sort === null);
    this.#sinceMarker = this.#entries.length - marker - 1;
  }

  #recent(): Entry[] {
    return this.#entries.slice(this.#entries.length - this.#sinceMarker);
  }

  #remove(index: number): void {
    if (index < 0) return;
    this.#entries.splice(index, 1);
    this.#sinceMarker -= 1;
  }
}
