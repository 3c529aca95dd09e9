// @ts-check
/** A code held before the camera, with a field beside it for whoever would rather type it. */
import { button, element } from '../elements.js';
import { alertBox } from '../fields.js';
import { createScanner } from '../scan.js';

/**
 * @param {import('../kiosk.js').Kiosk} kiosk
 * @param {object} wanted
 * @param {string} wanted.show what to do
 * @param {string | null} wanted.trouble why the last one was turned down: then the camera rests
 * @param {(text: string) => boolean} wanted.isOurs
 * @param {(text: string) => void} wanted.found called once
 * @param {() => void} wanted.other another code is in the picture
 * @param {() => void} wanted.missing there is no camera
 */
export function codeReader(kiosk, wanted) {
  const { trouble } = wanted;
  const advice = element('p', { class: 'advice', 'aria-live': 'polite', 'data-advice': '' }, wanted.show);
  const scanner = createScanner(kiosk, wanted);

  return {
    /** Say it beside the camera, and aloud. @param {string} text */
    say: (text) => {
      if (advice.textContent === text) return;
      advice.textContent = text;
      kiosk.speech.say([text], { after: true });
    },
    watch: () => {
      if (!trouble) void scanner.watch();
    },
    stop: scanner.stop,
    /**
     * @param {HTMLElement} field to type the code into
     * @param {{label: string, press: () => void}} again begins anew with the camera
     * @param {...HTMLElement} more
     */
    content: (field, again, ...more) => [
      trouble ? alertBox(trouble, kiosk.reception()) : null,
      element(
        'div',
        { class: trouble ? 'photo-side' : 'photo photo-out' },
        trouble ? null : scanner.view,
        element(
          'div',
          { class: 'photo-side' },
          trouble ? null : advice,
          field,
          trouble ? button('scan-again', again.label, { drawing: 'camera', press: again.press }) : null,
          ...more,
        ),
      ),
    ],
  };
}
