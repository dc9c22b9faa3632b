const WORDS_MAX = 10;

/**
 * What people type, as a tsquery in which every word must occur, each as the beginning of one. All of the query language's
 * own characters are taken away, so no input is an error. A US phone number counts as one word, however it is spelt.
 * Null when nothing is left to look for.
 */
export function textQuery(text: string): string | null {
  const phone = phoneWord(text);
  const words = (phone ? [phone] : text.toLowerCase().split(/[\s'"\\:&|!()<>*,;]+/u)).filter((word) =>
    /[\p{L}\p{N}]/u.test(word),
  );
  if (words.length === 0) return null;
  return words
    .slice(0, WORDS_MAX)
    .map((word) => `'${word}':*`)
    .join(' & ');
}

/** "(404) 555-0123" → "+14045550123", as phones are stored. */
function phoneWord(text: string): string | null {
  if (!/^[\d\s().+-]+$/.test(text)) return null;
  const digits = text.replace(/\D/g, '').replace(/^1(?=\d{10}$)/, '');
  return digits.length === 10 ? `+1${digits}` : null;
}
