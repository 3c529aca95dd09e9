// @ts-check
/** The attract screen: the site's name, the languages most used there, and the two ways on. */
import { languageChoices, languageDialog } from '../dialogs.js';
import { button, element, icon, isolated } from '../elements.js';
import { isPass } from '../qr.js';
import { listenForScanner } from '../scan.js';
import { stepsOf } from '../steps.js';

/** One row; the others are one touch away. */
const MOST_LANGUAGES = 5;

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function welcome(kiosk) {
  const { t, language } = kiosk.i18n;
  const { site, languages } = kiosk.config();
  let deaf = () => {};

  /** @param {string} code */
  function speak(code) {
    kiosk.visitor.languageChosen = true;
    void kiosk.useLanguage(code);
  }

  /** The first ones of the site, and the one in use if it is another. */
  function shown() {
    if (languages.length <= MOST_LANGUAGES + 1) return languages;
    const first = languages.slice(0, MOST_LANGUAGES);
    const current = languages.find((each) => each.code === language());
    return current && !first.includes(current) ? [current, ...first.slice(0, -1)] : first;
  }

  function languageRow() {
    const few = shown();
    const choices = languageChoices(kiosk, language(), speak, few);
    if (few.length < languages.length) {
      const more = button('more-languages', t('welcome.languages'), { kind: 'quiet', drawing: 'globe', press: () => languageDialog(kiosk.root, kiosk, speak) });
      choices.append(element('li', {}, more));
    }
    return choices;
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
    shown: () => {
      deaf = listenForScanner(isPass, (text) => {
        kiosk.visitor.code = text;
        kiosk.go('code');
      });
    },
    leave: () => deaf(),
    content: [
      site.logo ? element('img', { class: 'welcome-logo', src: site.logo, alt: '' }) : null,
      element('p', { class: 'welcome-site' }, isolated(site.name)),
      languages.length > 1 ? languageRow() : null,
      element(
        'div',
        { class: 'ways' },
        way('sign-in', 'enter', 'main', () => kiosk.go(stepsOf(kiosk.config(), kiosk.visitor)[0])),
        way('sign-out', 'leave', 'other', () => kiosk.go('sign-out')),
      ),
      button('code', t('welcome.code'), { kind: 'secondary', drawing: 'card', press: () => kiosk.go('code') }),
      element('p', { class: 'where' }, icon('place'), element('span', {}, kiosk.reception())),
    ],
  };
}
