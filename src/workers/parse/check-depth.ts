import { limitError } from './markup-guard.ts';
import type { ParseLimits } from './parse-limits.ts';

interface TreeNode {
  type: string;
  children?: readonly TreeNode[];
}

/** html and body, which parse5 puts around everything. */
const LEVELS_ADDED = 2;

/**
 * Looks how deep a tree has become: parse5 nests in places where the scan before it saw none (optgroup outside of select), and
 * whoever reads the text of a deep tree overflows the stack.
 * @throws ParseLimitError
 */
export function checkDepth(root: TreeNode | undefined, limits: ParseLimits): void {
  let level = 0;
  for (let nodes = root ? [root] : []; nodes.length > 0; nodes = nodes.flatMap(({ children }) => children ?? [])) {
    level += 1;
    if (level - 1 - LEVELS_ADDED > limits.depthMax) throw limitError('depthMax', level - 1 - LEVELS_ADDED, limits);
  }
}
