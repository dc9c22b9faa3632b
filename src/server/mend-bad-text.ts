/**
 * Takes out of a parsed body, in place, what PostgreSQL cannot store: NUL characters, and halves of surrogate pairs, which become
 * U+FFFD. Names of fields stay as they are. Walks with a list of its own, so depth cannot overflow the stack.
 */
export function mendBadText(value: object): void {
  const open: object[] = [value];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const [name, inner] of Object.entries(next)) {
      if (typeof inner === 'object' && inner !== null) open.push(inner);
      if (typeof inner !== 'string') continue;
      const mended = inner.replaceAll('\u0000', '').toWellFormed();
      // Not by assignment, which a field called "__proto__" would turn into something else.
      if (mended !== inner) Object.defineProperty(next, name, { value: mended });
    }
  }
}
