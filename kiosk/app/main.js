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
import { createSpeech } from './speech.js';
import { createVisitor } from './state.js';
import { openStorage } from './storage.js';
import { ignoreSecondTaps } from './taps.js';

/** @type {import('./kiosk.js').Kiosk | null} */
let kiosk = null;
const LOOK_FOR_NEWER_MS = 60 * 60 * 1000;

async function start() {
  const root = /** @type {HTMLElement} */ (document.getElementById('kiosk'));
  const storage = await openStorage(indexedDB);
  const keys = createKeys(storage.settings, crypto.subtle);
  const clock = createClock(() => Date.now());
  const i18n = createI18n(async (language) => (await import(`./messages/${language}.js`)).messages);
  const visitor = createVisitor();
  const speech = createSpeech(
    window.speechSynthesis, (text) => new SpeechSynthesisUtterance(text), i18n.language, () => answersOf(visitor),
  );
  const api = createApi({
    fetch: window.fetch.bind(window), keys, clock, subtle: crypto.subtle, unpaired: () => void kiosk?.unpaired(),
  });
  const journal = createJournal({
    shelf: storage.journal,
    key: keys.journalKey,
    crypto,
    clock,
    send: api.send,
    later: (work, milliseconds) => setTimeout(work, milliseconds),
  });
  const made = createKiosk({
    root, frame: createFrame(root), api, keys, journal, i18n, settings: storage.settings, clock, speech, visitor,
    browserLanguage: navigator.language,
    reload: () => location.reload(),
    elapsed: () => performance.now(),
    uuid: () => crypto.randomUUID(),
    openCamera: () => openCamera(navigator.mediaDevices),
    BarcodeDetector: /** @type {any} */ (window).BarcodeDetector,
  });
  kiosk = made;
  ignoreSecondTaps(root, () => performance.now());
  listen(made, journal);
  root.addEventListener('opened', (event) => speech.read(/** @type {Element} */ (event.target)));
  root.addEventListener('focusin', (event) => speech.focused(event.target));
  window.speechSynthesis?.addEventListener?.('voiceschanged', () => made.changeTools());
  await made.begin();
}

/** What is not to be said in a room with others. @param {import('./state.js').Visitor} visitor */
function answersOf(visitor) {
  const { name, preferredName, pronunciation, company, email, rememberEmail, host, code, pass, badgeNumber, id } = visitor;
  const given = [name, preferredName, pronunciation, company, email, rememberEmail, code, badgeNumber, id.number, id.last4];
  return [...given, host?.name ?? '', pass?.name ?? '', pass?.host?.name ?? ''];
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

/** Kiosks stay open for months: newer files are looked for, and used when nobody is at the screen. */
async function keepFiles() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  if (workers.controller) workers.addEventListener('controllerchange', () => kiosk?.outdated());
  const kept = await workers.register('/kiosk/sw.js', { scope: '/kiosk/' });
  setInterval(() => void kept.update().catch(() => undefined), LOOK_FOR_NEWER_MS);
}

void start();
// After the first screen: keeping the files must not slow it.
addEventListener('load', () => void keepFiles().catch(() => undefined));
