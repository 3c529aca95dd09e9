// @ts-check
/// <reference lib="webworker" />
/**
 * Keeps the app's own files as one set, so that a start takes no network and never mixes two versions.
 * Answers of the API are never kept. The server fills in the two constants from the folder's content.
 */

const VERSION = 'unversioned';
const FILES = ['/kiosk/'];
const SHELF = `visitor-kiosk-${VERSION}`;
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(SHELF).then((shelf) => shelf.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })))),
  );
  void worker.skipWaiting();
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(tidy().then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const ours = url.origin === location.origin && event.request.method === 'GET';
  if (ours && FILES.includes(url.pathname)) event.respondWith(keptOrFetched(event.request, url.pathname));
});

async function tidy() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== SHELF).map((name) => caches.delete(name)));
}

/** @param {Request} request @param {string} path */
async function keptOrFetched(request, path) {
  const shelf = await caches.open(SHELF);
  return (await shelf.match(path)) ?? fetch(request);
}
