// @ts-check
/** Why the visitor is here: one touch. */
import { element, icon } from '../elements.js';
import { alertBox } from '../fields.js';
import { inLanguage } from '../steps.js';
import { faultText } from './faults.js';

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function visitType(kiosk) {
  const { i18n, visitor } = kiosk;
  const { visit_types: types, default_language: fallback } = kiosk.config();

  const fault = faultText(kiosk, 'visit_type_id');

  /** @param {import('../types.js').VisitType} type */
  function choice(type) {
    const title = inLanguage(type.names, i18n.language(), fallback);
    const text = inLanguage(type.descriptions ?? {}, i18n.language(), fallback);
    const mark = element('span', { class: 'choice-mark', 'aria-hidden': 'true' });
    mark.style.setProperty('--mark', type.colour);
    return element(
      'li',
      {},
      element(
        'button',
        {
          type: 'button', class: 'choice choice-type', 'data-action': 'visit-type', 'data-visit-type': type.id,
          'aria-current': type.id === visitor.visitTypeId ? 'true' : null,
          on: {
            click: () => {
              visitor.visitTypeId = type.id;
              delete visitor.faults.visit_type_id;
              kiosk.next();
            },
          },
        },
        mark,
        element(
          'span', { class: 'choice-words' },
          element('span', { class: 'choice-title', lang: title.language }, title.text),
          text.text ? element('span', { class: 'choice-text', lang: text.language }, text.text) : null,
        ),
        icon('forward'),
      ),
    );
  }

  return {
    heading: i18n.t('type.heading'),
    lead: i18n.t('type.lead'),
    content: [fault ? alertBox(fault) : null, element('ul', { class: 'choices choices-types' }, types.map(choice))],
  };
}
