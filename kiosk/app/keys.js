// @ts-check
/** The device's keys. Neither private key can leave this browser: both are made non-extractable. */
import { base64url } from './encoding.js';

/**
 * @typedef {object} Keys
 * @property {() => Promise<string | null>} kioskId null while the device is not paired
 * @property {() => Promise<string>} offer makes a fresh pair and returns its public key (SPKI, Base64url)
 * @property {(kioskId: string) => Promise<void>} accept the server knows the offered key
 * @property {() => Promise<void>} forget
 * @property {(text: string) => Promise<string>} sign ECDSA P-256 with SHA-256, raw r||s, Base64url
 * @property {() => Promise<CryptoKey>} journalKey AES-GCM, made at first use
 */

/**
 * @param {import('./storage.js').Shelf} settings
 * @param {SubtleCrypto} subtle
 * @returns {Keys}
 */
export function createKeys(settings, subtle) {
  /** @type {CryptoKeyPair | null} */
  let offered = null;
  /** @type {{kiosk_id: string, pair: CryptoKeyPair} | null | undefined} */
  let known;

  async function pairing() {
    if (known === undefined) known = (await settings.get('pairing')) ?? null;
    return known;
  }

  return {
    kioskId: async () => (await pairing())?.kiosk_id ?? null,
    offer: async () => {
      offered = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
      return base64url(await subtle.exportKey('spki', offered.publicKey));
    },
    accept: async (kioskId) => {
      if (!offered) throw new Error('no key was offered');
      known = { kiosk_id: kioskId, pair: offered };
      await settings.put('pairing', known);
    },
    forget: async () => {
      known = null;
      await settings.remove('pairing');
    },
    sign: async (text) => {
      const pair = (await pairing())?.pair;
      if (!pair) throw new Error('not paired');
      const bytes = new TextEncoder().encode(text);
      return base64url(await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, bytes));
    },
    journalKey: async () => {
      const kept = await settings.get('journal-key');
      if (kept) return kept;
      const made = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
      await settings.put('journal-key', made);
      return made;
    },
  };
}
