// @ts-check
/** The ID step, where the site's rules ask for one: shown, last four characters, or details. Never a copy. */
import { COUNTRIES } from '../countries.js';
import { button, element } from '../elements.js';
import { alertBox, faultLine, selectField, textField } from '../fields.js';
import { emblem } from '../frame.js';
import { dayOf, last4Fault, numberFault } from '../validation.js';
import { faultText, focusFault, keepFaults } from './faults.js';

const FULL = ['id_type', 'id_number', 'id_country', 'id_expires_on'];

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function idDocument(kiosk) {
  const { t } = kiosk.i18n;
  const { mode } = kiosk.visitType().id_step;
  const refused = faultText(kiosk, 'id_document');
  const go = button('continue', t('continue'), { kind: 'primary', drawing: 'forward', after: true, submit: true });
  const around = {
    heading: t('id.heading'),
    actions: [go],
  };
  const alert = refused ? alertBox(refused, kiosk.reception()) : null;
  if (mode === 'last4') return { ...around, lead: t('id.last4_lead'), ...last4(kiosk, alert) };
  if (mode === 'full') return { ...around, lead: t('id.full_lead'), ...full(kiosk, alert) };
  return {
    ...around,
    lead: t('id.seen_lead'),
    submit: () => kiosk.next(),
    content: [emblem('card', 'calm'), element('p', { class: 'where' }, kiosk.reception())],
  };
}

/** @param {import('../kiosk.js').Kiosk} kiosk @param {Node | null} alert */
function last4(kiosk, alert) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  return {
    submit: () => {
      delete visitor.faults.id_document;
      if (keepFaults(visitor, ['last4'], { last4: last4Fault(visitor.id.last4) })) kiosk.next();
      else focusFault(kiosk, ['last4']);
    },
    content: [
      alert,
      textField({
        name: 'last4', label: t('id.last4'), value: visitor.id.last4, fault: faultText(kiosk, 'last4'), most: 4, size: 'short',
        capitals: 'characters', help: t('id.last4_help'), change: (value) => {
          visitor.id.last4 = value;
          delete visitor.faults.last4;
        },
      }),
    ],
  };
}

/** @param {import('../kiosk.js').Kiosk} kiosk @param {Node | null} alert */
function full(kiosk, alert) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  const { id } = visitor;
  /** @param {'type' | 'number' | 'country'} part */
  const keep = (part) => (/** @type {string} */ value) => {
    id[part] = value;
    delete visitor.faults[`id_${part}`];
  };
  return {
    submit: () => {
      delete visitor.faults.id_document;
      const clean = keepFaults(visitor, FULL, {
        id_type: id.type ? null : 'choice_missing',
        id_number: numberFault(id.number),
        id_country: id.country ? null : 'choice_missing',
        id_expires_on: dayOf(id.day, id.month, id.year) ? null : 'day_wrong',
      });
      if (clean) kiosk.next();
      else focusFault(kiosk, FULL);
    },
    content: [
      alert,
      element('div', { class: 'grid' },
        selectField({
          name: 'id_type', label: t('id.type'), value: id.type, empty: t('choose'), fault: faultText(kiosk, 'id_type'),
          choices: typesOf(kiosk), change: keep('type'),
        }),
        textField({
          name: 'id_number', label: t('id.number'), value: id.number, fault: faultText(kiosk, 'id_number'), most: 40,
          capitals: 'characters', change: keep('number'),
        }),
        selectField({
          name: 'id_country', label: t('id.country'), value: id.country, empty: t('choose'), fault: faultText(kiosk, 'id_country'),
          choices: countriesOf(kiosk), change: keep('country'),
        }),
        expiry(kiosk)),
    ],
  };
}

/** @param {import('../kiosk.js').Kiosk} kiosk */
function expiry(kiosk) {
  const { t } = kiosk.i18n;
  const { id } = kiosk.visitor;
  const fault = faultText(kiosk, 'id_expires_on');
  /** @param {'day' | 'month' | 'year'} name @param {string} label @param {number} most */
  const part = (name, label, most) => {
    const made = textField({
      name: `id_${name}`, label, value: id[name], most, inputmode: 'numeric',
      change: (value) => {
        id[name] = value;
        delete kiosk.visitor.faults.id_expires_on;
      },
    });
    if (name === 'day') made.querySelector('input')?.setAttribute('id', 'field-id_expires_on');
    if (name === 'day') made.querySelector('label')?.setAttribute('for', 'field-id_expires_on');
    if (fault) made.querySelector('input')?.setAttribute('aria-describedby', 'fault-id_expires_on');
    return made;
  };
  return element(
    'fieldset',
    { class: 'field date' },
    element('legend', { class: 'field-label' }, t('id.expires')),
    element('div', { class: 'date-parts' }, part('day', t('day'), 2), part('month', t('month'), 2), part('year', t('year'), 4)),
    faultLine('id_expires_on', fault),
  );
}

/** @param {import('../kiosk.js').Kiosk} kiosk */
export function documentName(kiosk, /** @type {string} */ type) {
  return kiosk.i18n.has(`document.${type}`) ? kiosk.i18n.t(`document.${type}`) : type.replaceAll('_', ' ');
}

/** @param {import('../kiosk.js').Kiosk} kiosk */
function typesOf(kiosk) {
  return (kiosk.visitType().id_step.document_types ?? []).map((type) => ({ value: type, label: documentName(kiosk, type) }));
}

/** @param {import('../kiosk.js').Kiosk} kiosk */
function countriesOf(kiosk) {
  const { compare } = kiosk.i18n.collator();
  return COUNTRIES.map((code) => ({ value: code, label: kiosk.i18n.country(code) }))
    .sort((one, other) => compare(one.label, other.label));
}
