// @ts-check
/** Two shelves in IndexedDB: `settings` by name, `journal` by client id. */

/**
 * @typedef {object} Shelf
 * @property {(key: string) => Promise<any>} get
 * @property {() => Promise<any[]>} all
 * @property {(key: string, value: any) => Promise<void>} put
 * @property {(key: string) => Promise<void>} remove
 */
/** @typedef {{settings: Shelf, journal: Shelf}} Storage */

const SHELVES = ['settings', 'journal'];

/**
 * @param {IDBFactory} factory
 * @param {string} [name]
 * @returns {Promise<Storage>}
 */
export async function openStorage(factory, name = 'visitor-kiosk') {
  const opening = factory.open(name, 1);
  opening.onupgradeneeded = () => {
    for (const shelf of SHELVES) opening.result.createObjectStore(shelf);
  };
  const database = await answer(opening);
  return { settings: shelf(database, 'settings'), journal: shelf(database, 'journal') };
}

/** @param {IDBDatabase} database @param {string} name @returns {Shelf} */
function shelf(database, name) {
  const read = () => database.transaction(name, 'readonly').objectStore(name);
  /** @param {(store: IDBObjectStore) => void} change @returns {Promise<void>} */
  const write = (change) =>
    new Promise((resolve, reject) => {
      // Strict: a journal entry must survive the power cut that follows it.
      const transaction = database.transaction(name, 'readwrite', { durability: 'strict' });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
      change(transaction.objectStore(name));
    });
  return {
    get: (key) => answer(read().get(key)),
    all: () => answer(read().getAll()),
    put: (key, value) => write((store) => store.put(value, key)),
    remove: (key) => write((store) => store.delete(key)),
  };
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
