// @ts-check
/** Which language the visitor reads. */
import { languageChoices } from '../dialogs.js';

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function language(kiosk) {
  const { t, language: current } = kiosk.i18n;
  let chosen = false;

  /** @param {string} code */
  async function choose(code) {
    // A second tap while the texts are loading must not skip the next screen.
    if (chosen) return;
    chosen = true;
    const same = kiosk.sameVisitor();
    await kiosk.speak(code);
    if (same()) kiosk.next();
  }

  return {
    heading: t('language.heading'),
    lead: t('language.lead'),
    content: [languageChoices(kiosk, current(), (code) => void choose(code))],
  };
}
