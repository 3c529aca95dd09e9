// @ts-check
/** The first step of a visitor with a code: is it you, whom are you visiting, and the notice. One touch goes on. */
import { openDialog } from '../dialogs.js';
import { button, element, icon, isolated } from '../elements.js';
import { without as withoutCode } from './code.js';
import { noticeParts } from './notice.js';

/** @typedef {import('../kiosk.js').Kiosk} Kiosk */

/** So long the last word is to be read. */
const FAREWELL_MS = 4000;

/** @param {Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function arrive(kiosk) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  const isReturning = visitor.pass?.state === 'returning';
  const pictured = kiosk.visitType().photo !== 'off';

  /** @param {boolean} declined */
  const on = (declined) => {
    visitor.noPhoto = visitor.photoDeclined = declined;
    if (declined) visitor.keepPhoto(null);
    delete visitor.faults.notice_version_id;
    kiosk.next();
  };

  return {
    heading: t('arrive.heading'),
    submit: () => on(false),
    content: [
      element('p', { class: 'done-name', 'data-arrive': 'name' }, isolated(visitor.pass?.name ?? '')),
      hostLine(kiosk, isReturning),
      pictured ? photoLine(kiosk, () => on(true)) : null,
      noticeParts(kiosk),
      element(
        'div',
        { class: 'camera-choices' },
        button('not-me', t('arrive.not_me'), { kind: 'quiet', press: () => withoutCode(kiosk) }),
        isReturning ? button('forget-me', t('forget.button'), { kind: 'quiet', press: () => askToForget(kiosk) }) : null,
      ),
    ],
    actions: [button('continue', t('notice.read'), { kind: 'primary', drawing: 'check', submit: true })],
  };
}

/** Above the notice: it must be seen before anybody goes on. @param {Kiosk} kiosk @param {() => void} without */
function photoLine(kiosk, without) {
  const { t } = kiosk.i18n;
  const decline = button('without-photo', t('photo.without'), { kind: 'small', press: without });
  return element('p', { class: 'point', 'data-arrive': 'photo' }, icon('camera'), element('span', {}, t('arrive.photo')), decline);
}

/** @param {Kiosk} kiosk @param {boolean} changeable an invitation is to one host; who comes again may visit another */
function hostLine(kiosk, changeable) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  if (kiosk.visitType().fields.host === 'off' || (!visitor.host && !changeable)) return null;
  const name = visitor.host ? t('done.host', { name: visitor.host.name }) : t('check.host_unknown');
  const change = button('change', t('check.change'), {
    kind: 'small',
    name: t('check.change_what', { what: t('host.label') }),
    press: () => {
      visitor.changing = true;
      visitor.hostQuery = visitor.host?.name ?? '';
      kiosk.go('host');
    },
  });
  return element('p', { class: 'point', 'data-arrive': 'host' }, icon('person'), element('span', {}, name), changeable ? change : null);
}

/** @param {Kiosk} kiosk */
function askToForget(kiosk) {
  const { t } = kiosk.i18n;
  const text = element('p', { role: 'status' }, t('forget.text'));
  const forget = button('forget', t('forget.button'), { kind: 'primary', press: () => void send() });
  const { close } = openDialog(kiosk.root, 'forget', t('forget.heading'), (shut) => [
    text, element('div', { class: 'dialog-actions' }, button('close', t('close'), { press: shut }), forget),
  ]);
  async function send() {
    const same = kiosk.sameVisitor();
    const { status } = await kiosk.api.forget(kiosk.visitor.code.trim());
    if (!same()) return;
    text.textContent = status === 200 ? t('forget.done') : t('forget.failed');
    forget.remove();
    if (status !== 200) return;
    setTimeout(() => {
      if (!same()) return;
      close();
      kiosk.restart();
    }, FAREWELL_MS);
  }
}
