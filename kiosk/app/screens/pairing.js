// @ts-check
/** A device that no server knows yet: enter the one-time code that the administrator made. */
import { button, element } from '../elements.js';
import { alertBox, textField } from '../fields.js';

/** @type {Record<number, string>} */
const FAULTS = { 404: 'pairing.unknown', 410: 'pairing.expired', 429: 'pairing.slow', 0: 'pairing.unreached' };

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function pairing(kiosk) {
  const { t } = kiosk.i18n;
  let code = '';
  const trouble = element('div', { class: 'trouble' });
  const connect = button('continue', t('pairing.connect'), { kind: 'primary', submit: true });

  async function submit() {
    if (!code.trim() || connect.disabled) return;
    connect.disabled = true;
    trouble.replaceChildren();
    const answer = await kiosk.api.pair(code.trim(), await kiosk.keys.offer());
    if (answer.status === 201) {
      await kiosk.keys.accept(answer.body.kiosk_id);
      await kiosk.begin();
      return;
    }
    connect.disabled = false;
    trouble.replaceChildren(alertBox(t(FAULTS[answer.status] ?? 'pairing.failed')));
  }

  return {
    heading: t('pairing.heading'),
    lead: t('pairing.lead'),
    bare: true,
    submit: () => void submit(),
    content: [
      trouble,
      textField({ name: 'code', label: t('pairing.code'), value: '', capitals: 'characters', most: 40, change: (value) => { code = value; } }),
    ],
    actions: [connect],
  };
}
