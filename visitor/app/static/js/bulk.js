// @ts-check
/** The bar over ticked rows: how many there are, choosing a whole stretch with Shift, and choosing nobody. */

/** @param {Document} page */
export function startBulk(page) {
  for (const bar of page.querySelectorAll("[data-bulk]")) {
    if (bar instanceof HTMLElement) follow(page, bar);
  }
}

/**
 * @param {Document} page
 * @param {HTMLElement} bar
 */
function follow(page, bar) {
  const selector = bar.dataset.bulk || "";
  /** @type {HTMLInputElement | undefined} */
  let last;
  const boxes = () => [...page.querySelectorAll(selector)].filter((box) => box instanceof HTMLInputElement);
  const count = () => say(bar, boxes().filter((box) => box.checked).length);
  page.addEventListener("click", (event) => {
    if (!(event.target instanceof HTMLInputElement) || !event.target.matches(selector)) return;
    if (event.shiftKey && last) stretch(boxes(), last, event.target);
    last = event.target;
    count();
  });
  page.addEventListener("change", count);
  page.addEventListener("live:updated", count);
  bar.querySelector("[data-bulk-clear]")?.addEventListener("click", () => {
    for (const box of boxes()) box.checked = false;
    count();
  });
  count();
}

/**
 * Gives every box between two the state of the second.
 *
 * @param {HTMLInputElement[]} boxes
 * @param {HTMLInputElement} from
 * @param {HTMLInputElement} to
 */
function stretch(boxes, from, to) {
  const [first, second] = [boxes.indexOf(from), boxes.indexOf(to)].sort((a, b) => a - b);
  for (const box of boxes.slice(Math.max(first, 0), second + 1)) {
    if (!box.closest("[hidden]")) box.checked = to.checked;
  }
}

/**
 * @param {HTMLElement} bar
 * @param {number} count
 */
function say(bar, count) {
  const place = bar.querySelector(".bulk-count");
  if (!(place instanceof HTMLElement)) return;
  const pattern = (count === 1 ? place.dataset.textOne : place.dataset.text) || "";
  const words = count ? pattern.replace("{count}", String(count)) : "";
  if (place.textContent !== words) place.textContent = words;
}
