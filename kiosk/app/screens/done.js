// @ts-check
/** Signed in: the badge, the host, the way, and what the printer does. */
import { button, element, icon, isolated } from '../elements.js';
import { directions, emblem } from '../frame.js';

const PAUSE_MS = 1500;
const LONG_NAME = 40;

/** @typedef {import('../kiosk.js').Kiosk} Kiosk */

/** @param {Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function done(kiosk) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  const answer = visitor.outcome?.state === 'answered' ? visitor.outcome.body : null;
  /** @type {import('../types.js').Badge | null} */
  const badge = answer?.badge ?? null;
  const here = { gone: false };
  const print = element('p', { class: 'print', role: 'status' });
  sayPrint(kiosk, print, answer ? answer.printing : 'offline');
  return {
    heading: t('done.heading'),
    mark: badge ? emblem('check', 'good') : undefined,
    bare: true,
    submit: () => kiosk.restart(),
    leave: () => {
      here.gone = true;
    },
    shown: () => {
      if (answer?.printing === 'queued') void follow(kiosk, answer.visit_id, print, here);
    },
    content: [
      element(
        'div',
        { class: `done ${badge ? '' : 'done-plain'}`, 'data-outcome': answer ? 'answered' : 'waiting' },
        badge ? badgePicture(kiosk, badge, here) : emblem('check', 'good'),
        element(
          'div',
          { class: 'done-words' },
          badge ? element('p', { class: nameClass(badge.name), 'data-done': 'name' }, isolated(badge.name)) : null,
          print,
          answer?.id_check_needed ? point('card', t('done.show_id'), 'id') : null,
          badge?.host_name ? point('person', t('done.host', { name: badge.host_name }), 'host', true) : null,
          badge ? point('clock', t('done.valid', { until: kiosk.i18n.moment(badge.valid_until, kiosk.config().site) }), 'valid') : null,
          point('place', kiosk.reception(), 'way'),
          badge ? point('leave', t('done.remember', { number: badge.number }), 'number', true) : null,
        ),
        wayOn(kiosk),
      ),
      element('div', { class: 'returning', 'aria-hidden': 'true' }, element('span', {})),
    ],
    actions: [button('finish', t('done.finish'), { kind: 'primary', submit: true })],
  };
}

/** @param {string} name */
function nameClass(name) {
  return [...name].length > LONG_NAME ? 'done-name done-name-long' : 'done-name';
}

/** From the kiosk to the host, as the site wrote it. @param {Kiosk} kiosk */
function wayOn(kiosk) {
  const { text, language } = kiosk.guidance();
  return directions(text?.way ?? [], kiosk.i18n.t('done.directions'), language);
}

/** @param {string} drawing @param {string} text @param {string} what @param {boolean} [isPrivate] never said aloud */
function point(drawing, text, what, isPrivate = false) {
  return element('p', { class: 'point', 'data-done': what, 'data-private': isPrivate }, icon(drawing), element('span', {}, text));
}

/** @param {Kiosk} kiosk @param {import('../types.js').Badge} badge @param {{gone: boolean}} here */
function badgePicture(kiosk, badge, here) {
  const { visitor } = kiosk;
  const frame = element('div', { class: 'done-badge', 'data-badge': 'loading' });
  const show = () => {
    frame.dataset.badge = 'shown';
    frame.replaceChildren(element('img', { src: visitor.badgeUrl, alt: kiosk.i18n.t('done.badge', { name: badge.name }) }));
  };
  if (visitor.badgeUrl) show();
  else {
    void kiosk.api.badgePicture(badge.picture_url).then((answer) => {
      if (here.gone) return;
      if (answer.status === 200 && answer.body instanceof Blob) {
        visitor.badgeUrl = URL.createObjectURL(answer.body);
        show();
      } else {
        frame.dataset.badge = 'missing';
        frame.replaceChildren(emblem('check', 'good'));
      }
    });
  }
  return frame;
}

/** @param {Kiosk} kiosk @param {HTMLElement} print @param {string} state */
function sayPrint(kiosk, print, state) {
  const { t } = kiosk.i18n;
  /** @type {Record<string, [string, string]>} */
  const texts = {
    offline: ['place', t('done.offline')],
    none: ['place', t('done.print_none')],
    queued: ['print', t('done.printing')],
    printing: ['print', t('done.printing')],
    printed: ['check', t('done.printed')],
    failed: ['warning', t('done.print_failed')],
  };
  const [drawing, text] = texts[state] ?? texts.none;
  if (print.dataset.print === state) return;
  print.dataset.print = state;
  print.replaceChildren(icon(drawing), element('span', {}, text));
}

/** @param {Kiosk} kiosk @param {string} visitId @param {HTMLElement} print @param {{gone: boolean}} here */
async function follow(kiosk, visitId, print, here) {
  while (!here.gone) {
    const answer = await kiosk.api.printing(visitId);
    if (here.gone) return;
    if (answer.status === 200) sayPrint(kiosk, print, answer.body.state);
    if (['printed', 'failed', 'none'].includes(answer.body?.state)) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
