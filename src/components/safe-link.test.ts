import { describe, expect, it } from 'vitest';
import { safeHref } from './safe-link.tsx';

describe('safeHref', () => {
  it.each(['https://example.com/a?b=c', 'http://127.0.0.1:8080/', 'mailto:ann@example.com', 'tel:+14045550123'])(
    'follows %s',
    (address) => {
      expect(safeHref(address)).toBe(address);
    },
  );

  it.each(['javascript:alert(1)', ' JavaScript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '/relative', ''])(
    'does not follow "%s"',
    (address) => {
      expect(safeHref(address)).toBeNull();
    },
  );
});
