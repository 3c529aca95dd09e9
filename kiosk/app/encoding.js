// @ts-check
/** Bytes as text: hexadecimal, Base64 and Base64url. */

const CHUNK = 0x8000;

/** @param {ArrayBuffer | Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {ArrayBuffer | Uint8Array} bytes */
export function base64(bytes) {
  const view = new Uint8Array(bytes);
  let text = '';
  // In pieces, because the arguments of one call are limited.
  for (let at = 0; at < view.length; at += CHUNK) text += String.fromCharCode(...view.subarray(at, at + CHUNK));
  return btoa(text);
}

/** Without padding. @param {ArrayBuffer | Uint8Array} bytes */
export function base64url(bytes) {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
