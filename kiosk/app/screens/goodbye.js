// @ts-check
/** Signed out. Nothing about the visitor stands here: whoever looks next learns nothing. */
import { button, element } from '../elements.js';
import { emblem } from '../frame.js';

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function goodbye(kiosk) {
  const { t } = kiosk.i18n;
  const waits = kiosk.visitor.outcome?.state === 'waiting';
  return {
    heading: t('bye.heading'),
    lead: waits ? t('bye.waiting') : t('bye.lead'),
    bare: true,
    submit: () => kiosk.restart(),
    content: [
      emblem('check', 'good'),
      element('p', { class: 'where' }, t('bye.badge')),
      element('p', { class: 'where' }, kiosk.reception()),
      element('div', { class: 'returning', 'aria-hidden': 'true' }, element('span', {})),
    ],
    actions: [button('finish', t('done.finish'), { kind: 'primary', submit: true })],
  };
}
