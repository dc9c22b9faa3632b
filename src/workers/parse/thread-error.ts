import {
  AppError,
  LayoutChangedError,
  PageGoneError,
  PageParseError,
  ParseLimitError,
  UnusableBodyError,
} from '#lib/errors.ts';
import type { ParseRequest, ThreadError } from './parse-message.ts';

/** What a parser may rightly say of a page. Whatever else it throws is its own fault. */
const EXPECTED = {
  parse_limit: ParseLimitError,
  layout_changed: LayoutChangedError,
  page_gone: PageGoneError,
  unusable_body: UnusableBodyError,
} as const;

const TEXT_MAX = 4_000;

/** An error as it leaves its thread: bounded, and surely clonable. */
export function toThreadError(error: unknown): ThreadError {
  const { name, message, stack } = error instanceof Error ? error : new Error(`thrown: ${String(error)}`);
  return {
    code: error instanceof AppError ? error.code : null,
    name,
    message: message.slice(0, TEXT_MAX),
    stack: stack?.slice(0, TEXT_MAX),
    context: error instanceof AppError ? plainCopy(error.context) : {},
  };
}

/** The error of this side for one that came out of a thread; it names the page and the parser. */
export function fromThreadError(error: ThreadError, request: ParseRequest): AppError {
  const { url } = request.page;
  const context = { ...error.context, url, parser: request.parser.name };
  const Expected = isExpected(error.code) ? EXPECTED[error.code] : null;
  if (Expected === ParseLimitError) return new ParseLimitError(`"${url}" is not parsed: ${error.message}`, { context });
  if (Expected) return new Expected(error.message, { context });
  return parserFailed(request, { name: error.name, message: error.message, stack: error.stack });
}

/** A parser that threw, gave something that cannot be cloned, or took its thread down. */
export function parserFailed(
  request: ParseRequest,
  fault: { name: string; message: string; stack?: string | undefined },
): PageParseError {
  const { name } = request.parser;
  const { url } = request.page;
  const cause = new Error(fault.message);
  cause.name = fault.name;
  if (fault.stack !== undefined) cause.stack = fault.stack;
  return new PageParseError(`The parser "${name}" failed at "${url}": ${fault.message}`, {
    context: { url, parser: name, stack: fault.stack },
    cause,
  });
}

function isExpected(code: string | null): code is keyof typeof EXPECTED {
  return code !== null && Object.hasOwn(EXPECTED, code);
}

/** Context is for people; what JSON cannot hold is not worth failing for. */
function plainCopy(context: Record<string, unknown>): Record<string, unknown> {
  try {
    const text = JSON.stringify(context);
    return text.length <= TEXT_MAX ? (JSON.parse(text) as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
