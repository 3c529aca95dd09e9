// @ts-check
/** Messages that the server left for this page: read aloud, and put away when they are done. */

/** @import { Clock } from "./types.js" */

const SHOWN_MS = 10_000;
/** Something that can be taken back is offered for as long as the server takes it back. */
const OFFERED_MS = 60_000;

/**
 * @param {Document} page
 * @param {Clock} clock
 */
export function startToasts(page, clock) {
  const region = page.querySelector("[data-toasts]");
  if (!(region instanceof HTMLElement)) return;
  region.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-toast-close]")) {
      event.target.closest(".toast")?.remove();
    }
  });
  for (const toast of [...region.querySelectorAll(".toast")]) {
    announce(region, toast, clock);
    if (toast instanceof HTMLElement && toast.matches(".toast-success, .toast-info")) retire(toast, clock);
  }
}

/**
 * A live region speaks only of what changes after the page is there, so each toast is put in again.
 *
 * @param {HTMLElement} region
 * @param {Element} toast
 * @param {Clock} clock
 */
function announce(region, toast, clock) {
  toast.remove();
  clock.setTimeout(() => region.append(toast), 100);
}

/**
 * Good news leaves by itself, but never while somebody points at it or stands in it. Errors stay.
 *
 * @param {HTMLElement} toast
 * @param {Clock} clock
 */
function retire(toast, clock) {
  clock.setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) retire(toast, clock);
    else toast.remove();
  }, toast.hasAttribute("data-toast-long") ? OFFERED_MS : SHOWN_MS);
}
