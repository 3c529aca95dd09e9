// @ts-check
/**
 * Dialogs. Buttons inside the page use the browser's own `command` where it has one; this adds
 * links that open a dialog (`data-opens-dialog`), dialogs filled from the link that opened them,
 * and the question before a grave act (`data-confirm`).
 */

/** @param {Document} page */
export function startDialogs(page) {
  page.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const opener = event.target.closest("[data-opens-dialog]");
    if (opener instanceof HTMLElement && !isModified(event)) openFrom(page, opener, event);
    if (event.target instanceof HTMLDialogElement && event.target.matches("[data-light]")) event.target.close();
    if (!("commandForElement" in HTMLButtonElement.prototype)) runCommand(page, event.target);
  });
  page.addEventListener("submit", (event) => askFirst(page, event));
}

/**
 * @param {MouseEvent} event
 * @returns {boolean} whether the person wants a new tab
 */
function isModified(event) {
  return event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
}

/**
 * @param {Document} page
 * @param {HTMLElement} opener
 * @param {Event} event
 */
function openFrom(page, opener, event) {
  const dialog = page.getElementById(opener.dataset.opensDialog || "");
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  fill(dialog, opener.dataset);
  if (!dialog.open) dialog.showModal();
}

/**
 * Puts what the opener carries into the dialog's marked places.
 *
 * @param {HTMLDialogElement} dialog
 * @param {DOMStringMap} carried
 */
function fill(dialog, carried) {
  for (const place of dialog.querySelectorAll("[data-dialog-subject]")) {
    if (carried.dialogSubject) place.textContent = carried.dialogSubject;
  }
  const form = dialog.querySelector("form[data-dialog-form]");
  if (form instanceof HTMLFormElement && carried.dialogAction) form.action = carried.dialogAction;
  const picture = dialog.querySelector("img[data-dialog-picture]");
  if (picture instanceof HTMLImageElement && carried.dialogPicture) {
    picture.src = carried.dialogPicture;
    picture.alt = carried.dialogSubject || "";
  }
  const link = dialog.querySelector("a[data-dialog-link]");
  if (link instanceof HTMLAnchorElement) {
    link.hidden = !carried.dialogLink;
    if (carried.dialogLink) link.href = carried.dialogLink;
  }
}

/**
 * Does what `command` would do, for browsers that do not know it yet.
 *
 * @param {Document} page
 * @param {Element} target
 */
function runCommand(page, target) {
  const button = target.closest("button[commandfor]");
  const dialog = page.getElementById(button?.getAttribute("commandfor") || "");
  if (!(dialog instanceof HTMLDialogElement)) return;
  if (button?.getAttribute("command") === "close") dialog.close();
  else if (!dialog.open) dialog.showModal();
}

/**
 * @param {Document} page
 * @param {SubmitEvent} event
 */
function askFirst(page, event) {
  const button = event.submitter;
  const form = event.target;
  const question = button?.dataset.confirm;
  const dialog = page.getElementById("confirm-dialog");
  if (!question || !button || !(form instanceof HTMLFormElement) || !(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  fill(dialog, { dialogSubject: question });
  const yes = dialog.querySelector("[data-dialog-yes]");
  if (yes && button.dataset.confirmLabel) yes.textContent = button.dataset.confirmLabel;
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && submitAnyway(form, button), { once: true });
  dialog.returnValue = "";
  dialog.showModal();
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} button
 */
function submitAnyway(form, button) {
  const question = button.dataset.confirm;
  delete button.dataset.confirm;
  form.requestSubmit(button);
  button.dataset.confirm = question;
}
