/** The text without any of `characters` at its end. Reads each of them once, where `/[…]+$/` tries again from every one. */
export function trimEndOf(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
