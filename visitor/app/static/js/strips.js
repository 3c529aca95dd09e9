// @ts-check
/** Navigation that is wider than the screen is scrolled to where the reader stands. */

/** @param {Document} page */
export function showCurrent(page) {
  for (const strip of page.querySelectorAll(".topbar-nav, .tabs")) {
    const current = strip.querySelector("[aria-current]");
    if (!(current instanceof HTMLElement) || strip.scrollWidth <= strip.clientWidth) continue;
    const place = current.getBoundingClientRect();
    const frame = strip.getBoundingClientRect();
    strip.scrollLeft += place.left + place.width / 2 - (frame.left + frame.width / 2);
  }
}
