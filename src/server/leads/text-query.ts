const WORDS_MAX = 10;

/**
 * What people type, as a tsquery in which every word must occur, each as the beginning of one. All of the query language's
 * own characters are taken away, so no input is an error. Null when nothing is left to look for.
 */
export function textQuery(text: string): string | null {
  const words = text
    .split(/\s+/u)
    .map((word) => word.replace(/['"\\:&|!()<>*]+/gu, ''))
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  if (words.length === 0) return null;
  return words
    .slice(0, WORDS_MAX)
    .map((word) => `'${word}':*`)
    .join(' & ');
}
