// @ts-check
/** Reading a badge's QR code: by the browser where it can, by the server where it cannot. */

const FRAME = { longest: 1024, quality: 0.85 };
const PREFIX = 'VB1:';
const PASS_PREFIX = 'VP1:';

/**
 * @param {any} BarcodeDetector the browser's class, or undefined
 * @param {import('./api.js').Api} api
 * @returns {Promise<(camera: import('./camera.js').Camera) => Promise<{text: string | null, reached: boolean}>>}
 */
export async function createQrReader(BarcodeDetector, api) {
  const formats = (await BarcodeDetector?.getSupportedFormats?.().catch(() => [])) ?? [];
  if (formats.includes('qr_code')) {
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    return async (camera) => {
      const codes = await detector.detect(camera.video).catch(() => []);
      return { text: codes[0]?.rawValue ?? null, reached: true };
    };
  }
  return async (camera) => {
    const frame = await camera.still(FRAME);
    if (!frame) return { text: null, reached: true };
    const answer = await api.readQr(frame);
    return { text: answer.body?.text ?? null, reached: answer.status !== 0 };
  };
}

/** @param {string} text */
export function isBadge(text) {
  return text.startsWith(PREFIX);
}

/** A visitor's code: of an invitation, or the personal one. @param {string} text */
export function isPass(text) {
  return text.startsWith(PASS_PREFIX);
}
