// @ts-check
/** The site's privacy notice: the summary first, the whole text on request. */
import { button, element, icon } from '../elements.js';
import { alertBox } from '../fields.js';
import { inLanguage } from '../steps.js';
import { faultText } from './faults.js';

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function notice(kiosk) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;

  function submit() {
    delete visitor.faults.notice_version_id;
    kiosk.next();
  }

  return {
    heading: t('notice.heading'),
    submit,
    content: noticeParts(kiosk),
    actions: [button('continue', t('notice.read'), { kind: 'primary', drawing: 'check', submit: true })],
  };
}

/**
 * The notice as it stands on a screen; from then on it counts as shown.
 * @param {import('../kiosk.js').Kiosk} kiosk
 */
export function noticeParts(kiosk) {
  const { visitor, clock } = kiosk;
  const { t, language } = kiosk.i18n;
  const { notices, default_language: fallback, minor_age: minorAge } = kiosk.config();
  const { text: shown, language: written } = inLanguage(notices, language(), fallback);
  const fault = faultText(kiosk, 'notice_version_id');
  if (!shown) return [];
  if (visitor.noticeVersionId !== shown.version_id) {
    visitor.noticeVersionId = shown.version_id;
    visitor.noticeShownAt = clock.instant();
  }
  return [
    fault ? alertBox(fault, kiosk.reception()) : null,
    element(
      'div',
      { class: 'notice', lang: written, dir: 'auto', 'data-notice': shown.version_id },
      element('h2', { class: 'notice-title' }, shown.title),
      element('ul', { class: 'notice-summary' }, shown.summary.map((line) => element('li', {}, icon('check'), element('span', {}, line)))),
    ),
    minorAge ? element('p', { class: 'aside' }, t('notice.minor', { age: minorAge })) : null,
    element(
      'details',
      { class: 'notice-full' },
      element('summary', { 'data-action': 'full-notice' }, t('notice.full')),
      element('div', { class: 'notice-body', lang: written, dir: 'auto', tabindex: '0', role: 'region', 'aria-label': t('notice.full') }, paragraphs(shown.body)),
    ),
  ];
}

/** Blank lines part paragraphs, `#` opens a heading, `-` an item. @param {string} body */
function paragraphs(body) {
  return body.split(/\n\s*\n/).filter((block) => block.trim()).map((block) => {
    const lines = block.trim().split('\n');
    if (lines[0].startsWith('#')) {
      const rest = lines.slice(1).join(' ').trim();
      return element('div', {}, element('h3', {}, lines[0].replace(/^#+\s*/, '')), rest ? element('p', {}, rest) : null);
    }
    if (lines.every((line) => /^[-*]\s/.test(line))) {
      return element('ul', {}, lines.map((line) => element('li', {}, line.slice(2))));
    }
    return element('p', {}, lines.join(' '));
  });
}
