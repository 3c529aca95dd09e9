// @ts-check
/// <reference lib="webworker" />
/** Keeps the app's own files, so that a reload works without the server. Answers of the API are never kept. */

const SHELF = 'visitor-kiosk-shell';
const PATIENCE_MS = 3000;
/** A test compares this list with the folder. */
const FILES = [
  '/kiosk/',
  '/kiosk/app/api.js',
  '/kiosk/app/base.css',
  '/kiosk/app/camera.js',
  '/kiosk/app/clock.js',
  '/kiosk/app/countries.js',
  '/kiosk/app/dialogs.js',
  '/kiosk/app/elements.js',
  '/kiosk/app/encoding.js',
  '/kiosk/app/fields.js',
  '/kiosk/app/frame.js',
  '/kiosk/app/i18n.js',
  '/kiosk/app/icon.svg',
  '/kiosk/app/idle.js',
  '/kiosk/app/journal.js',
  '/kiosk/app/keys.js',
  '/kiosk/app/kiosk.js',
  '/kiosk/app/main.js',
  '/kiosk/app/manifest.webmanifest',
  '/kiosk/app/messages/ar.js',
  '/kiosk/app/messages/de.js',
  '/kiosk/app/messages/en.js',
  '/kiosk/app/messages/es.js',
  '/kiosk/app/messages/fr.js',
  '/kiosk/app/messages/it.js',
  '/kiosk/app/messages/ja.js',
  '/kiosk/app/messages/nl.js',
  '/kiosk/app/messages/pl.js',
  '/kiosk/app/messages/pt.js',
  '/kiosk/app/messages/th.js',
  '/kiosk/app/messages/zh-Hans.js',
  '/kiosk/app/qr.js',
  '/kiosk/app/screens.css',
  '/kiosk/app/screens/check.js',
  '/kiosk/app/screens/details.js',
  '/kiosk/app/screens/done.js',
  '/kiosk/app/screens/faults.js',
  '/kiosk/app/screens/goodbye.js',
  '/kiosk/app/screens/host.js',
  '/kiosk/app/screens/id-document.js',
  '/kiosk/app/screens/index.js',
  '/kiosk/app/screens/language.js',
  '/kiosk/app/screens/notice.js',
  '/kiosk/app/screens/pairing.js',
  '/kiosk/app/screens/photo.js',
  '/kiosk/app/screens/sign-out.js',
  '/kiosk/app/screens/unavailable.js',
  '/kiosk/app/screens/visit-type.js',
  '/kiosk/app/screens/welcome.js',
  '/kiosk/app/state.js',
  '/kiosk/app/steps.js',
  '/kiosk/app/storage.js',
  '/kiosk/app/taps.js',
  '/kiosk/app/tokens.css',
  '/kiosk/app/validation.js',
];
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(SHELF).then((shelf) => shelf.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })))),
  );
  void worker.skipWaiting();
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const ours = url.origin === location.origin && event.request.method === 'GET';
  if (ours && FILES.includes(url.pathname)) event.respondWith(newestOrKept(event.request, url.pathname));
});

/** @param {Request} request @param {string} path */
async function newestOrKept(request, path) {
  const shelf = await caches.open(SHELF);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.ok) {
      await shelf.put(path, response.clone());
      return response;
    }
    return (await shelf.match(path)) ?? response;
  } catch {
    return (await shelf.match(path)) ?? Response.error();
  }
}
