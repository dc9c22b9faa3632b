/** Verdicts of requests that went as they should; every other one is a problem worth showing. */
export const SMOOTH_VERDICTS: readonly string[] = ['done', 'not-modified', 'redirect'];
