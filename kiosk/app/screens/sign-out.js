// @ts-check
/** Leaving: show the badge to the camera, or type its number. */
import { button } from '../elements.js';
import { textField } from '../fields.js';
import { isBadge } from '../qr.js';
import { codeReader } from './code-reader.js';
import { faultText, focusFault, keepFaults } from './faults.js';

/** @typedef {import('../kiosk.js').Kiosk} Kiosk */

/** @param {Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function signOut(kiosk) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  let busy = visitor.sending;
  const trouble = faultText(kiosk, 'sign_out');
  const send = button('submit', t('out.send'), { kind: 'primary', drawing: 'leave', submit: true });
  send.disabled = visitor.sending;

  function wait() {
    busy = true;
    send.disabled = true;
    reader.say(t('check.sending'));
  }

  const reader = codeReader(kiosk, {
    show: t('out.show'),
    trouble,
    isOurs: (text) => isBadge(text) && !busy,
    found: (token) => {
      wait();
      void leave(kiosk, { token });
    },
    other: () => {
      if (!busy) reader.say(t('out.other_code'));
    },
    missing: () => {
      reader.say(t('out.no_camera'));
    },
  });

  function submit() {
    const number = visitor.badgeNumber.trim();
    delete visitor.faults.sign_out;
    if (!keepFaults(visitor, ['badge_number'], { badge_number: number ? null : 'badge_missing' })) {
      focusFault(kiosk, ['badge_number']);
    } else if (!busy) {
      wait();
      void leave(kiosk, { badge_number: number });
    }
  }

  return {
    heading: t('out.heading'),
    lead: t('out.lead'),
    submit,
    shown: reader.watch,
    leave: reader.stop,
    content: reader.content(
      textField({
        name: 'badge_number', label: t('out.number'), help: t('out.number_help'), value: visitor.badgeNumber, most: 40,
        capitals: 'characters', fault: faultText(kiosk, 'badge_number'), change: (value) => {
          visitor.badgeNumber = value;
          delete visitor.faults.badge_number;
        },
      }),
      { label: t('out.again'), press: () => again(kiosk) },
    ),
    actions: [send],
  };
}

/** @param {Kiosk} kiosk */
function again(kiosk) {
  delete kiosk.visitor.faults.sign_out;
  kiosk.render();
}

/** @param {Kiosk} kiosk @param {{token: string} | {badge_number: string}} badge */
async function leave(kiosk, badge) {
  const { visitor } = kiosk;
  const same = kiosk.sameVisitor();
  visitor.sending = true;
  const body = { client_id: kiosk.uuid(), happened_at: kiosk.clock.instant(), ...badge };
  const outcome = await kiosk.journal.submit('sign-out', body).catch(() => null);
  if (!same()) return;
  visitor.sending = false;
  const fine = outcome && (outcome.state === 'waiting' || outcome.status < 300 || outcome.status === 409);
  if (fine) {
    visitor.outcome = outcome;
    kiosk.go('goodbye');
    return;
  }
  visitor.faults.sign_out = { key: { 404: 'badge_unknown', 429: 'too_many' }[outcome?.status ?? 0] ?? 'not_accepted' };
  kiosk.go('sign-out');
}
