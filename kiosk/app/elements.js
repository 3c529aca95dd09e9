// @ts-check
/** Making elements without markup strings: every text stays text. */

/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {Child | Child[] | (Child | Child[])[]} Children */

const SVG = 'http://www.w3.org/2000/svg';

/** Stroke drawings on a 24-unit square. @type {Record<string, string>} */
const DRAWINGS = {
  forward: 'M5 12h14M13 6l6 6-6 6',
  back: 'M19 12H5M11 6l-6 6 6 6',
  check: 'M5 12.5l4.5 4.5L19 7',
  help: 'M9.2 9.2a2.9 2.9 0 1 1 4.3 2.6c-.9.5-1.5 1.1-1.5 2.2M12 17.2v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
  globe: 'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM3 12h18M12 3c2.6 2.6 3.8 5.6 3.8 9s-1.2 6.4-3.8 9c-2.600-2.600-3.800-5.600-3.800-9s1.200-6.400 3.800-9z',
  display: 'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM12 3v18M12 7h6.500M12 11h8.800M12 15h8.400M12 19h5',
  leave: 'M14 4H6v16h8M10 12h11M17 8l4 4-4 4',
  enter: 'M10 4h8v16h-8M3 12h11M10 8l4 4-4 4',
  camera: 'M4 8h3l2-3h6l2 3h3v11H4zM15.500 13a3.500 3.500 0 1 1-7 0 3.500 3.500 0 0 1 7 0z',
  retake: 'M5 12a7 7 0 1 1 2 5M5 18v-4h4',
  person: 'M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM4.500 20c.8-4 3.700-6 7.500-6s6.700 2 7.500 6',
  place: 'M12 21c4.500-5 7-8.300 7-11.500a7 7 0 0 0-14 0C5 12.700 7.500 16 12 21zM14.500 9.500a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
  clock: 'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM12 7v5l3.500 2',
  warning: 'M12 4l9 16H3zM12 10v5M12 17.500v.1',
  card: 'M3 6h18v12H3zM7.500 14.500c.3-1.500 1.200-2.200 2.500-2.200s2.200.7 2.500 2.200M11.200 9.800a1.200 1.200 0 1 1-2.400 0 1.200 1.200 0 0 1 2.400 0zM15 10h3M15 13h3',
  sound: 'M4 10v4h3.500l4.500 4V6l-4.500 4zM15.500 9.200a4 4 0 0 1 0 5.600M18 6.600a7.600 7.600 0 0 1 0 10.800',
  left: 'M19 12H5M11 6l-6 6 6 6',
  right: 'M5 12h14M13 6l6 6-6 6',
  up: 'M12 19V5M6 11l6-6 6 6',
  down: 'M12 5v14M6 13l6 6 6-6',
  search: 'M17 11a6 6 0 1 1-12 0 6 6 0 0 1 12 0zM20 20l-4.700-4.700',
};

/**
 * An element with attributes, listeners and children.
 *
 * `on` holds listeners; `value` is set as a property; true writes an empty attribute; false and null write none.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Children} children lists may stand in lists
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') {
      for (const [type, listener] of Object.entries(value)) made.addEventListener(type, listener);
    } else if (name === 'value') {
      /** @type {any} */ (made).value = value;
    } else {
      made.setAttribute(name, value === true ? '' : String(value));
    }
  }
  made.append(...present(/** @type {Child[]} */ (children.flat(2))));
  return made;
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function present(children) {
  return /** @type {(Node | string)[]} */ (children.filter((child) => child || child === ''));
}

/**
 * A drawing that says nothing to a screen reader: the text beside it does.
 * @param {string} name
 */
export function icon(name) {
  const drawing = document.createElementNS(SVG, 'svg');
  drawing.setAttribute('viewBox', '0 0 24 24');
  drawing.setAttribute('class', `icon icon-${name}`);
  drawing.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', DRAWINGS[name] ?? '');
  drawing.append(path);
  return drawing;
}

/**
 * A button with a stable `data-action`; `kind` is primary, secondary, quiet or tile.
 * @param {string} action
 * @param {string} label
 * @param {{kind?: string, drawing?: string, after?: boolean, submit?: boolean, name?: string, press?: () => void}} [options]
 */
export function button(action, label, options = {}) {
  const { kind = 'secondary', drawing, after = false, submit = false, name, press } = options;
  const text = element('span', {}, label);
  return element(
    'button',
    {
      type: submit ? 'submit' : 'button',
      class: `button button-${kind}`,
      'data-action': action,
      'aria-label': name,
      on: press ? { click: press } : {},
    },
    drawing && !after ? icon(drawing) : null,
    text,
    drawing && after ? icon(drawing) : null,
  );
}

/**
 * Text from a person or a file, kept from turning the direction of what stands around it.
 * @param {string} text
 */
export function isolated(text) {
  return element('bdi', {}, text);
}
