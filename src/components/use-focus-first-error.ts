import type { UseFormReturnType } from '@mantine/form';
import { useEffect } from 'react';

/**
 * Leads to the first field that the server refused, where a screen reader reads what is wrong with it. The button that was pressed cannot
 * keep the focus: it is disabled while the answer is on its way.
 * @param refusal What the server said last; null while nothing is wrong.
 */
export function useFocusFirstError<Values>(
  { errors, getInputNode }: Pick<UseFormReturnType<Values>, 'errors' | 'getInputNode'>,
  refusal: Error | null,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: once per refusal, not with each field that is mended
  useEffect(() => {
    const first = Object.keys(errors).at(0);
    if (refusal !== null && first !== undefined) getInputNode(first as never)?.focus();
  }, [refusal]);
}
