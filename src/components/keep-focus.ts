/** So many places are remembered: a button, and the dialogs that it opens one after the other. */
const PLACES_MAX = 8;

/**
 * Gives the focus back to a button that was disabled while it had it, as soon as it can be pressed again. Browsers drop the focus of what is
 * disabled, so that whoever uses a keyboard would have to look for the place anew after each press. A dialog that has closed by then gives
 * back what it took.
 * @returns a function that stops it.
 */
export function keepFocus(): () => void {
  let places: Element[] = [];
  const remember = ({ target }: FocusEvent) => {
    if (target instanceof Element) places = [...places, target].slice(-PLACES_MAX);
  };
  // Pressed elsewhere: the focus was left on purpose.
  const forget = ({ target }: PointerEvent) => {
    if (!(target instanceof Node) || places.at(-1)?.contains(target) !== true) places = [];
  };
  const observer = new MutationObserver((changes) => {
    const last = places.findLast((place) => place.isConnected);
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
