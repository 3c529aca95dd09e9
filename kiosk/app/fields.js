// @ts-check
/** Form fields: label, help and fault tied together for eyes and for screen readers. */
import { element, icon } from './elements.js';

/**
 * @typedef {object} TextField
 * @property {string} name
 * @property {string} label
 * @property {string} value
 * @property {(value: string) => void} change
 * @property {string} [help]
 * @property {string} [fault]
 * @property {string} [optional] the word for "optional"; without it the field is required
 * @property {string} [type]
 * @property {string} [inputmode]
 * @property {string} [capitals]
 * @property {string} [size] short, or nothing
 * @property {number} [most] characters
 */

/** @param {TextField} field */
export function textField(field) {
  const { name, help, fault } = field;
  const input = element('input', {
    id: `field-${name}`,
    name,
    type: field.type ?? 'text',
    inputmode: field.inputmode,
    value: field.value,
    class: 'input',
    dir: 'auto',
    autocomplete: 'off',
    autocapitalize: field.capitals ?? 'off',
    autocorrect: 'off',
    spellcheck: 'false',
    maxlength: field.most,
    'aria-required': field.optional ? null : 'true',
    'aria-invalid': fault ? 'true' : null,
    'aria-describedby': describedBy(name, help, fault),
    on: {
      input: () => {
        field.change(input.value);
        mended(input, name);
      },
    },
  });
  return element(
    'div',
    { class: `field ${field.size ? `field-${field.size}` : ''}`, 'data-field': name },
    label(name, field.label, field.optional),
    help ? element('p', { id: `help-${name}`, class: 'field-help' }, help) : null,
    input,
    faultLine(name, fault),
  );
}

/**
 * @param {{name: string, label: string, value: string, choices: {value: string, label: string}[], empty: string,
 *   fault?: string, change: (value: string) => void}} field
 */
export function selectField(field) {
  const { name, fault } = field;
  const select = element(
    'select',
    {
      id: `field-${name}`,
      name,
      class: 'input',
      autocomplete: 'off',
      'aria-required': 'true',
      'aria-invalid': fault ? 'true' : null,
      'aria-describedby': describedBy(name, undefined, fault),
      on: {
        change: () => {
          field.change(select.value);
          mended(select, name);
        },
      },
    },
    element('option', { value: '' }, field.empty),
    field.choices.map((choice) => element('option', { value: choice.value }, choice.label)),
  );
  select.value = field.value;
  return element(
    'div', { class: 'field', 'data-field': name }, label(name, field.label), select, faultLine(name, fault),
  );
}

/**
 * A fault is said until its field is touched, and judged again at "continue".
 * @param {HTMLElement} input
 * @param {string} name
 */
export function mended(input, name) {
  input.removeAttribute('aria-invalid');
  document.getElementById(`fault-${name}`)?.replaceChildren();
}

/** @param {string} name @param {string} text @param {string} [optional] */
function label(name, text, optional) {
  return element(
    'label',
    { for: `field-${name}`, class: 'field-label' },
    text,
    optional ? element('span', { class: 'field-optional' }, ` (${optional})`) : null,
  );
}

/** @param {string} name @param {string} [fault] */
export function faultLine(name, fault) {
  if (!fault) return null;
  return element('p', { id: `fault-${name}`, class: 'field-fault' }, icon('warning'), element('span', {}, fault));
}

/** @param {string} name @param {string} [help] @param {string} [fault] */
function describedBy(name, help, fault) {
  const ids = [help ? `help-${name}` : '', fault ? `fault-${name}` : ''].filter(Boolean);
  return ids.length ? ids.join(' ') : null;
}

/**
 * A message across the screen: what happened, and where a person helps.
 * @param {string} text
 * @param {string} [reception]
 */
export function alertBox(text, reception) {
  return element(
    'div',
    { class: 'alert', role: 'alert', 'data-alert': true },
    icon('warning'),
    element('div', {}, element('p', {}, text), reception ? element('p', { class: 'alert-where' }, reception) : null),
  );
}
