// @ts-check
/** The attract screen: the site's name, its languages, and the two ways on. */
import { languageChoices } from '../dialogs.js';
import { element, icon, isolated } from '../elements.js';
import { stepsOf } from '../steps.js';

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function welcome(kiosk) {
  const { t, language } = kiosk.i18n;
  const { site, languages } = kiosk.config();

  /** @param {string} code */
  function speak(code) {
    kiosk.visitor.languageChosen = true;
    void kiosk.useLanguage(code);
  }

  /** @param {string} action @param {string} drawing @param {string} kind @param {() => void} press */
  const way = (action, drawing, kind, press) => {
    const title = action === 'sign-in' ? t('welcome.sign_in') : t('welcome.sign_out');
    const text = action === 'sign-in' ? t('welcome.sign_in_text') : t('welcome.sign_out_text');
    return element(
      'button',
      { type: 'button', class: `way way-${kind}`, 'data-action': action, on: { click: press } },
      element('span', { class: 'way-emblem' }, icon(drawing)),
      element(
        'span', { class: 'way-words' },
        element('span', { class: 'way-title' }, title), element('span', { class: 'way-text' }, text),
      ),
      icon('forward'),
    );
  };

  return {
    heading: t('welcome.heading'),
    bare: true,
    content: [
      element('p', { class: 'welcome-site' }, isolated(site.name)),
      element(
        'div',
        { class: 'ways' },
        way('sign-in', 'enter', 'main', () => kiosk.go(stepsOf(kiosk.config(), kiosk.visitor)[0])),
        way('sign-out', 'leave', 'other', () => kiosk.go('sign-out')),
      ),
      languages.length > 1 ? languageChoices(kiosk, language(), speak) : null,
      element('p', { class: 'where' }, icon('place'), element('span', {}, kiosk.reception())),
    ],
  };
}
