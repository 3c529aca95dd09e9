// @ts-check
/** The device is paired but has never reached its server: keeps trying. */
import { button, element } from '../elements.js';
import { emblem } from '../frame.js';

const PAUSE_MS = 5000;

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function unavailable(kiosk) {
  const { t } = kiosk.i18n;
  const alarm = setTimeout(() => void kiosk.begin(), PAUSE_MS);
  return {
    heading: t('unavailable.heading'),
    lead: t('unavailable.lead'),
    bare: true,
    content: [emblem('warning', 'warn'), element('p', { class: 'where' }, kiosk.reception())],
    submit: () => void kiosk.begin(),
    actions: [button('retry', t('unavailable.retry'), { kind: 'primary', submit: true })],
    leave: () => clearTimeout(alarm),
  };
}
