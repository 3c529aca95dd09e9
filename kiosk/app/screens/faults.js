// @ts-check
/** Faults of fields: kept by key, so that they follow the visitor's language. */

/**
 * @param {import('../kiosk.js').Kiosk} kiosk
 * @param {string} field
 * @returns {string | undefined}
 */
export function faultText(kiosk, field) {
  const fault = kiosk.visitor.faults[field];
  if (!fault) return undefined;
  const { has, t } = kiosk.i18n;
  // A photo that the server turned down carries the same words as the live advice.
  const key = fault.key.replace(/^photo_/, '');
  if (has(`error.${key}`)) return t(`error.${key}`, fault.values);
  if (has(`advice.${key}`)) return t(`advice.${key}`);
  if (field === 'photo') return t('error.not_a_picture');
  return fault.message || t('error.invalid');
}

/**
 * Replaces the faults of these fields.
 * @param {import('../state.js').Visitor} visitor
 * @param {string[]} fields
 * @param {Record<string, string | null>} found
 * @returns {boolean} whether nothing is wrong
 */
export function keepFaults(visitor, fields, found) {
  for (const field of fields) {
    const key = found[field];
    if (key) visitor.faults[field] = { key };
    else delete visitor.faults[field];
  }
  return fields.every((field) => !visitor.faults[field]);
}

/**
 * Draws the screen again with its faults and goes to the first.
 * @param {import('../kiosk.js').Kiosk} kiosk
 * @param {string[]} fields
 */
export function focusFault(kiosk, fields) {
  kiosk.render();
  const first = fields.find((field) => kiosk.visitor.faults[field]);
  if (!first) return;
  document.getElementById(`field-${first}`)?.focus();
  kiosk.announce(faultText(kiosk, first) ?? '', { now: true });
}
