// @ts-check
/** The key that leads to the search box, from anywhere but another field. */

/** @param {Document} page */
export function startSearchKey(page) {
  const box = page.querySelector("input[data-search-key]");
  if (!(box instanceof HTMLInputElement)) return;
  page.addEventListener("keydown", (event) => {
    if (event.key !== box.dataset.searchKey || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest("input, select, textarea, [contenteditable], dialog[open]")) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
}
