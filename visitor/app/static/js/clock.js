// @ts-check
/** `<time data-clock>` shows the time of day and follows it. */

/** @import { Clock } from "./types.js" */

const MINUTE_MS = 60_000;

/**
 * @param {Document} page
 * @param {Clock} clock
 */
export function startClocks(page, clock) {
  const faces = [...page.querySelectorAll("time[data-clock]")];
  if (faces.length === 0) return;
  const tick = () => {
    const now = new Date(clock.now());
    for (const face of faces) show(/** @type {HTMLTimeElement} */ (face), now);
    clock.setTimeout(tick, MINUTE_MS - (clock.now() % MINUTE_MS) + 50);
  };
  tick();
}

/**
 * @param {HTMLTimeElement} face
 * @param {Date} now
 */
function show(face, now) {
  const language = face.closest("[lang]")?.getAttribute("lang") || undefined;
  const zone = face.dataset.clock || undefined;
  face.dateTime = now.toISOString();
  face.textContent = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(now);
}
