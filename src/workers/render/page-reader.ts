import type { CDPSession } from 'playwright-core';

/** What can be read of a page at this moment. */
export interface PageReading {
  /** The whole document; null where it is longer than `textMaxChars`. */
  text: string | null;
  url: string;
}

/** The getters come from the prototypes: an element that is named "documentElement" would hide the document's own. */
const GET = `const get = (prototype, name, of) => Object.getOwnPropertyDescriptor(prototype, name).get.call(of);`;

const IS_LOADED = `(() => { ${GET} return get(Document.prototype, 'readyState', document) === 'complete'; })()`;

const read = (textMaxChars: number) => `(() => {
  ${GET}
  const root = get(Document.prototype, 'documentElement', document);
  const type = get(Document.prototype, 'doctype', document);
  const text = (type ? new XMLSerializer().serializeToString(type) : '') + (root ? get(Element.prototype, 'outerHTML', root) : '');
  return { text: text.length > ${textMaxChars} ? null : text, url: location.href };
})()`;

/**
 * Reads a page in a world of its own, where its scripts have changed nothing and its rules against foreign scripts do not hold.
 * Rejects while the page is on its way to another one.
 */
export class PageReader {
  readonly #session: CDPSession;

  constructor(session: CDPSession) {
    this.#session = session;
  }

  /** Whether the page and all parts that it is built with are there. */
  async isLoaded(): Promise<boolean> {
    return (await this.#evaluate(IS_LOADED)) === true;
  }

  async read(textMaxChars: number): Promise<PageReading> {
    return (await this.#evaluate(read(textMaxChars))) as PageReading;
  }

  async #evaluate(expression: string): Promise<unknown> {
    const { frameTree } = await this.#session.send('Page.getFrameTree');
    const frameId = frameTree.frame.id;
    const { executionContextId } = await this.#session.send('Page.createIsolatedWorld', { frameId, worldName: 'eko' });
    const { result, exceptionDetails } = await this.#session.send('Runtime.evaluate', {
      expression,
      contextId: executionContextId,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(`The page could not be read: ${exceptionDetails.text}`);
    return result.value;
  }
}
