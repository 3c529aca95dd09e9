// @ts-check
/** Codes held before the camera, or sent by a scanner that types. */
import { element } from './elements.js';
import { createQrReader } from './qr.js';

const PAUSE_MS = 300;
const LONG_PAUSE_MS = 3000;
/** Scanners type a whole code within a moment; people do not. */
const TYPING_PAUSE_MS = 200;

/**
 * A camera that looks for one sort of code.
 * @param {import('./kiosk.js').Kiosk} kiosk
 * @param {object} wanted
 * @param {(text: string) => boolean} wanted.isOurs
 * @param {(text: string) => void} wanted.found called once
 * @param {() => unknown} wanted.other another code is in the picture
 * @param {() => void} wanted.missing there is no camera
 */
export function createScanner(kiosk, wanted) {
  const view = element('div', { class: 'camera camera-wide', 'data-camera': 'starting' });
  /** @type {import('./camera.js').Camera | null} */
  let camera = null;
  let gone = false;

  async function watch() {
    try {
      camera = await kiosk.openCamera();
    } catch {
      view.dataset.camera = 'missing';
      wanted.missing();
      return;
    }
    if (gone) {
      camera.close();
      return;
    }
    view.dataset.camera = 'live';
    view.replaceChildren(camera.video, element('div', { class: 'aim', 'aria-hidden': 'true' }));
    void camera.video.play().catch(() => undefined);
    const read = await createQrReader(kiosk.BarcodeDetector, kiosk.api);
    while (!gone) {
      const { text, reached } = await read(camera);
      if (gone) return;
      if (text && wanted.isOurs(text)) {
        wanted.found(text);
        return;
      }
      if (text) wanted.other();
      await new Promise((resolve) => setTimeout(resolve, reached ? PAUSE_MS : LONG_PAUSE_MS));
    }
  }

  return {
    view,
    watch,
    stop: () => {
      gone = true;
      camera?.close();
    },
  };
}

/**
 * Listens for a scanner that types; answers how to stop. What is typed into a field is the field's.
 * @param {(text: string) => boolean} isOurs
 * @param {(text: string) => void} found
 */
export function listenForScanner(isOurs, found) {
  let typed = '';
  let last = 0;
  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.timeStamp - last > TYPING_PAUSE_MS) typed = '';
    last = event.timeStamp;
    if (event.key.length === 1) typed += event.key.toUpperCase();
    if (event.key !== 'Enter' || !isOurs(typed)) return;
    event.preventDefault();
    event.stopPropagation();
    found(typed);
  }
  addEventListener('keydown', pressed, { capture: true });
  return () => removeEventListener('keydown', pressed, { capture: true });
}
