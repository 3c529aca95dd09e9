// @ts-check
/**
 * Makes a piece of the page equal to a fresh copy while keeping every node that did not change,
 * so focus, scrolling, open details and half-pressed buttons survive.
 */

/** State that belongs to the person at the screen, not to the server's copy. */
const KEPT = new Set(["open", "hidden"]);

/**
 * @param {Node} node
 * @returns {string} the node's name among its siblings, or "" when it has none
 */
function keyOf(node) {
  if (!(node instanceof Element)) return "";
  return node.getAttribute("data-live-key") || node.id;
}

/**
 * @param {Element} current
 * @param {Element} fresh
 */
function copyAttributes(current, fresh) {
  for (const { name } of [...current.attributes]) {
    if (!fresh.hasAttribute(name) && !KEPT.has(name)) current.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (current.getAttribute(name) !== value && !KEPT.has(name)) current.setAttribute(name, value);
  }
}

/**
 * @param {Node} candidate
 * @param {Node} fresh
 * @returns {boolean} whether the one may be turned into the other
 */
function alike(candidate, fresh) {
  return candidate.nodeType === fresh.nodeType && candidate.nodeName === fresh.nodeName && keyOf(candidate) === keyOf(fresh);
}

/**
 * @param {Node} node
 * @returns {boolean} whether it is only the white space between two elements
 */
function isBlank(node) {
  return node.nodeType === Node.TEXT_NODE && !node.nodeValue?.trim();
}

/**
 * @param {Element} parent
 * @param {Node} node
 * @param {Node | null} before
 */
function place(parent, node, before) {
  if (node === before) return;
  // `moveBefore` keeps focus in a node that moves; browsers without it lose focus on that row only.
  if (node.parentNode === parent && "moveBefore" in parent) {
    /** @type {any} */ (parent).moveBefore(node, before); // newer than the type library
  } else {
    parent.insertBefore(node, before);
  }
}

/**
 * @param {Node} current
 * @param {Node} fresh
 */
function update(current, fresh) {
  if (current.isEqualNode(fresh)) return;
  if (current instanceof Element && fresh instanceof Element) {
    morph(current, fresh);
  } else if (current.nodeValue !== fresh.nodeValue) {
    current.nodeValue = fresh.nodeValue;
  }
}

/**
 * Makes `current` and all below it equal to `fresh`.
 *
 * @param {Element} current stays in the page
 * @param {Element} fresh is only read
 */
export function morph(current, fresh) {
  copyAttributes(current, fresh);
  /** @type {Map<string, Node>} */
  const keyed = new Map();
  for (const child of current.childNodes) {
    const key = keyOf(child);
    if (key) keyed.set(key, child);
  }
  let cursor = current.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    // The parser drops blanks at the start of a fragment; a blank must not shift all that follows it.
    while (cursor && isBlank(cursor) && !isBlank(wanted)) {
      const next = cursor.nextSibling;
      current.removeChild(cursor);
      cursor = next;
    }
    const key = keyOf(wanted);
    const known = key ? keyed.get(key) : cursor;
    if (known && alike(known, wanted)) {
      place(current, known, cursor);
      if (known === cursor) cursor = cursor.nextSibling;
      update(known, wanted);
    } else {
      current.insertBefore(document.importNode(wanted, true), cursor);
    }
  }
  while (cursor) {
    const next = cursor.nextSibling;
    current.removeChild(cursor);
    cursor = next;
  }
}
