// @ts-check
/** Leaving: show the badge to the camera, or type its number. */
import { button, element } from '../elements.js';
import { alertBox, textField } from '../fields.js';
import { createQrReader, isBadge } from '../qr.js';
import { faultText, focusFault, keepFaults } from './faults.js';

const PAUSE_MS = 300;
const LONG_PAUSE_MS = 3000;

/** @typedef {import('../kiosk.js').Kiosk} Kiosk */

/** @param {Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function signOut(kiosk) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  const here = { gone: false, busy: visitor.sending };
  /** @type {import('../camera.js').Camera | null} */
  let camera = null;
  const view = element('div', { class: 'camera camera-wide', 'data-camera': 'starting' });
  const advice = element('p', { class: 'advice', 'aria-live': 'polite', 'data-advice': '' }, t('out.show'));
  const trouble = faultText(kiosk, 'sign_out');
  const send = button('submit', t('out.send'), { kind: 'primary', drawing: 'leave', submit: true });
  send.disabled = visitor.sending;

  /** @param {string} text */
  function say(text) {
    if (advice.textContent === text) return;
    advice.textContent = text;
    kiosk.speech.say([text], { after: true });
  }

  function wait() {
    here.busy = true;
    send.disabled = true;
    say(t('check.sending'));
  }

  async function watch() {
    try {
      camera = await kiosk.openCamera();
    } catch {
      view.dataset.camera = 'missing';
      say(t('out.no_camera'));
      return;
    }
    if (here.gone) {
      camera.close();
      return;
    }
    view.dataset.camera = 'live';
    view.replaceChildren(camera.video, element('div', { class: 'aim', 'aria-hidden': 'true' }));
    void camera.video.play().catch(() => undefined);
    const read = await createQrReader(kiosk.BarcodeDetector, kiosk.api);
    while (!here.gone) {
      const { text, reached } = await read(camera);
      if (here.gone) return;
      if (text && isBadge(text) && !here.busy) {
        wait();
        await leave(kiosk, { token: text });
        return;
      }
      if (text && !isBadge(text)) say(t('out.other_code'));
      await new Promise((resolve) => setTimeout(resolve, reached ? PAUSE_MS : LONG_PAUSE_MS));
    }
  }

  function submit() {
    const number = visitor.badgeNumber.trim();
    delete visitor.faults.sign_out;
    if (!keepFaults(visitor, ['badge_number'], { badge_number: number ? null : 'badge_missing' })) {
      focusFault(kiosk, ['badge_number']);
    } else if (!here.busy) {
      wait();
      void leave(kiosk, { badge_number: number });
    }
  }

  return {
    heading: t('out.heading'),
    lead: t('out.lead'),
    submit,
    shown: () => {
      if (!trouble) void watch();
      else view.dataset.camera = 'paused';
    },
    leave: () => {
      here.gone = true;
      camera?.close();
    },
    content: [
      trouble ? alertBox(trouble, kiosk.reception()) : null,
      element(
        'div',
        { class: trouble ? 'photo-side' : 'photo photo-out' },
        trouble ? null : view,
        element(
          'div',
          { class: 'photo-side' },
          trouble ? null : advice,
          textField({
            name: 'badge_number', label: t('out.number'), help: t('out.number_help'), value: visitor.badgeNumber, most: 40,
            capitals: 'characters', fault: faultText(kiosk, 'badge_number'), change: (value) => {
              visitor.badgeNumber = value;
              delete visitor.faults.badge_number;
            },
          }),
          trouble ? button('scan-again', t('out.again'), { drawing: 'camera', press: () => again(kiosk) }) : null,
        ),
      ),
    ],
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
