/**
 * Gives the focus back to a button that was disabled while it had it, as soon as it can be pressed again. Browsers drop the focus of what is
 * disabled, so that whoever uses a keyboard would have to look for the place anew after each press.
 * @returns a function that stops it.
 */
export function keepFocus(): () => void {
  let last: Element | null = null;
  const remember = ({ target }: FocusEvent) => {
    last = target instanceof Element ? target : null;
  };
  // Pressed elsewhere: the focus was left on purpose.
  const forget = ({ target }: PointerEvent) => {
    if (!(target instanceof Node) || last?.contains(target) !== true) last = null;
  };
  const observer = new MutationObserver((changes) => {
    const isBack = changes.some(({ target }) => target === last && !last.hasAttribute('disabled'));
    if (isBack && document.activeElement === document.body && last instanceof HTMLElement) {
      last.focus({ preventScroll: true });
    }
  });
  document.addEventListener('focusin', remember);
  document.addEventListener('pointerdown', forget);
  observer.observe(document.body, { subtree: true, attributeFilter: ['disabled'] });
  return () => {
    document.removeEventListener('focusin', remember);
    document.removeEventListener('pointerdown', forget);
    observer.disconnect();
  };
}
