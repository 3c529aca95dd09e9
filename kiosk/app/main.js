// @ts-check
/** Puts the kiosk together from the browser's parts. The only module that reaches for globals. */
import { createApi } from './api.js';
import { openCamera } from './camera.js';
import { createClock } from './clock.js';
import { createFrame } from './frame.js';
import { createI18n } from './i18n.js';
import { createJournal } from './journal.js';
import { createKeys } from './keys.js';
import { createKiosk } from './kiosk.js';
import { createVisitor } from './state.js';
import { openStorage } from './storage.js';
import { ignoreSecondTaps } from './taps.js';

/** @type {import('./kiosk.js').Kiosk | null} */
let kiosk = null;

async function start() {
  const root = /** @type {HTMLElement} */ (document.getElementById('kiosk'));
  const storage = await openStorage(indexedDB);
  const keys = createKeys(storage.settings, crypto.subtle);
  const clock = createClock(() => Date.now());
  const i18n = createI18n(async (language) => (await import(`./messages/${language}.js`)).messages);
  await i18n.use('en');
  await i18n.use(navigator.language);
  const api = createApi({
    fetch: window.fetch.bind(window), keys, clock, subtle: crypto.subtle, unpaired: () => void kiosk?.unpaired(),
  });
  const journal = createJournal({
    shelf: storage.journal,
    key: keys.journalKey,
    crypto,
    clock,
    send: (kind, body) => (kind === 'sign-in' ? api.signIn(body) : api.signOut(body)),
    later: (work, milliseconds) => setTimeout(work, milliseconds),
    refused: (kind) => void api.help({ client_id: crypto.randomUUID(), step: `${kind}-refused`, language: i18n.language() }),
  });
  const made = createKiosk({
    root, frame: createFrame(root), api, keys, journal, i18n, settings: storage.settings, clock, visitor: createVisitor(),
    elapsed: () => performance.now(),
    uuid: () => crypto.randomUUID(),
    openCamera: () => openCamera(navigator.mediaDevices),
    BarcodeDetector: /** @type {any} */ (window).BarcodeDetector,
  });
  kiosk = made;
  ignoreSecondTaps(root, () => performance.now());
  listen(made, journal);
  await made.begin();
}

/**
 * @param {import('./kiosk.js').Kiosk} made
 * @param {import('./journal.js').Journal} journal
 */
function listen(made, journal) {
  for (const type of ['pointerdown', 'keydown', 'input', 'touchmove', 'wheel']) {
    document.addEventListener(type, () => made.idle.touch(), { passive: true, capture: true });
  }
  setInterval(() => made.idle.second(), 1000);
  addEventListener('online', () => void journal.flush());
  // Neither the back button nor a page kept by the browser may bring an earlier visitor back.
  history.replaceState(null, '', location.pathname);
  addEventListener('pagehide', () => made.visitor.wipe());
  addEventListener('pageshow', (event) => {
    if (event.persisted) made.restart();
  });
  document.addEventListener('contextmenu', (event) => event.preventDefault());
}

if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/kiosk/sw.js', { scope: '/kiosk/' });
void start();
