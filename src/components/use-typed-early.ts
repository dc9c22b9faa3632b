import { useEffect } from 'react';

/**
 * Takes over what was typed into a field before the page had come alive. React knows nothing of it, and would put its own value back.
 * @param find The field, once it is there.
 * @param value What React takes for its value.
 */
export function useTypedEarly(find: () => HTMLInputElement | null, value: string, take: (typed: string) => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: only once, as the page comes alive
  useEffect(() => {
    const typed = find()?.value;
    if (typed !== undefined && typed !== value) take(typed);
  }, []);
}
