// @ts-check
/**
 * An input with `data-filters="selector"` hides the matching rows that do not hold its words, at once;
 * sending its form still asks the server. Ctrl+K (or Cmd+K) goes to it.
 */

/** @param {Document} page */
export function startListFilters(page) {
  for (const input of page.querySelectorAll("input[data-filters]")) {
    if (input instanceof HTMLInputElement) follow(page, input);
  }
}

/**
 * @param {Document} page
 * @param {HTMLInputElement} input
 */
function follow(page, input) {
  const apply = () => filter(page, input);
  input.addEventListener("input", apply);
  page.addEventListener("live:updated", apply);
  page.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
  if (input.value) apply();
}

/**
 * @param {string} text
 * @returns {string} the text without case and accents
 */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * @param {Document} page
 * @param {HTMLInputElement} input
 */
function filter(page, input) {
  const words = plain(input.value).split(/\s+/).filter(Boolean);
  const rows = page.querySelectorAll(input.dataset.filters || "");
  let shown = 0;
  for (const row of rows) {
    const text = plain(row.getAttribute("data-filter-text") || row.textContent || "");
    const match = words.every((word) => text.includes(word));
    row.toggleAttribute("hidden", !match);
    if (match) shown += 1;
  }
  const status = page.getElementById(input.getAttribute("data-filter-status") || "");
  const pattern = status?.getAttribute("data-text") || "";
  if (status) status.textContent = words.length ? pattern.replace("{shown}", String(shown)).replace("{all}", String(rows.length)) : "";
}
