// @ts-check
/** Nervous hands: the second tap of a double tap must not answer the question that comes next. */

const DOUBLE_TAP_MS = 350;
const SAME_PLACE_PX = 40;
const PLACES = 'dialog, .screen, .header';

/**
 * Swallows taps that follow another at once and fall on a screen or dialog that was not there for the first.
 * Some tablets do not count taps; there the time between two tells. Keyboards have no part in it.
 * @param {HTMLElement} root
 * @param {() => number} elapsed monotonic milliseconds
 */
export function ignoreSecondTaps(root, elapsed) {
  /** @type {Element | null} */
  let place = null;
  let before = { at: -Infinity, x: 0, y: 0 };
  root.addEventListener('click', (event) => {
    const here = event.target instanceof Element ? event.target.closest(PLACES) : null;
    const now = { at: elapsed(), x: event.clientX, y: event.clientY };
    const touched = event instanceof PointerEvent && event.pointerType === 'touch';
    const near = Math.hypot(now.x - before.x, now.y - before.y) < SAME_PLACE_PX;
    const second = event.detail > 1 || (touched && near && now.at - before.at < DOUBLE_TAP_MS);
    if (second && here !== place) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    place = here;
    before = now;
  }, { capture: true });
}
