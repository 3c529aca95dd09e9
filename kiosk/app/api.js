// @ts-check
/** The server's kiosk API. Network, signature and clock are handed in; no call throws for what a network can do. */
import { hex } from './encoding.js';

/**
 * @typedef {object} Answer
 * @property {number} status 0 when the server was not reached
 * @property {any} body parsed JSON, a Blob for pictures, or null
 */
/**
 * @typedef {object} Outside
 * @property {typeof fetch} fetch
 * @property {import('./keys.js').Keys} keys
 * @property {import('./clock.js').Clock} clock
 * @property {SubtleCrypto} subtle
 * @property {() => void} unpaired called when the server no longer knows this device
 */
/** @typedef {ReturnType<typeof createApi>} Api */

const ROOT = '/kiosk/api';
const PATIENCE_MS = 10_000;
/** @type {Answer} */
const UNREACHED = { status: 0, body: null };

/** @param {Outside} outside */
export function createApi(outside) {
  const { keys, clock, subtle } = outside;

  /** @param {string} method @param {string} path @param {Uint8Array<ArrayBuffer>} bytes */
  async function headers(method, path, bytes) {
    const kiosk = await keys.kioskId();
    if (!kiosk) return null;
    const time = String(Math.round(clock.now()));
    const digest = hex(await subtle.digest('SHA-256', bytes));
    const signature = await keys.sign(`VK1\n${method}\n${path}\n${time}\n${digest}`);
    return { 'Visitor-Kiosk': kiosk, 'Visitor-Time': time, 'Visitor-Signature': signature };
  }

  /** @param {string} method @param {string} path @param {Uint8Array<ArrayBuffer>} bytes @param {Record<string, string>} more */
  async function ask(method, path, bytes, more) {
    try {
      const response = await outside.fetch(path, {
        method,
        headers: more,
        body: method === 'GET' ? undefined : bytes,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      return { status: response.status, body: await content(response) };
    } catch {
      return UNREACHED;
    }
  }

  /**
   * One signed request; a wrong clock is put right and the request repeated once.
   * @param {string} method
   * @param {string} path
   * @param {{bytes?: Uint8Array<ArrayBuffer>, type?: string}} [payload]
   * @returns {Promise<Answer>}
   */
  async function signed(method, path, payload = {}) {
    const bytes = payload.bytes ?? new Uint8Array();
    /** @type {Record<string, string>} */
    const type = payload.type ? { 'Content-Type': payload.type } : {};
    for (const last of [false, true]) {
      const proof = await headers(method, path, bytes);
      if (!proof) return { status: 401, body: null };
      const answer = await ask(method, path, bytes, { ...type, ...proof });
      const code = answer.status === 401 ? answer.body?.error?.code : null;
      if (code === 'clock_skew' && !last) {
        clock.adjust(Number(answer.body.error.server_time ?? answer.body.server_time));
        continue;
      }
      if (code === 'not_paired') outside.unpaired();
      return answer;
    }
    return UNREACHED;
  }

  /** @param {string} path @param {unknown} body */
  const post = (path, body) => signed('POST', path, { bytes: json(body), type: 'application/json' });
  /** @param {string} path @param {Blob} picture */
  const picture = async (path, picture) =>
    signed('POST', path, { bytes: new Uint8Array(await picture.arrayBuffer()), type: 'image/jpeg' });

  /** What the journal sends, by its kind. @type {Record<string, (body: any) => Promise<Answer>>} */
  const sendings = {
    'sign-in': (body) => post(`${ROOT}/${body.code ? 'pass-sign-ins' : 'sign-ins'}`, body),
    'sign-out': (body) => post(`${ROOT}/sign-outs`, body),
    refusal: (body) => post(`${ROOT}/help-requests`, body),
  };

  return {
    /** @param {import('./journal.js').Kind} kind @param {unknown} body */
    send: (kind, body) => sendings[kind](body),
    /** @param {string} code */
    pass: (code) => post(`${ROOT}/passes`, { code }),
    /** @param {string} code */
    forget: (code) => post(`${ROOT}/forgettings`, { code }),
    /** @param {string} code @param {string} publicKey @returns {Promise<Answer>} */
    pair: (code, publicKey) =>
      ask('POST', `${ROOT}/pairings`, json({ code, public_key: publicKey }), { 'Content-Type': 'application/json' }),
    config: () => signed('GET', `${ROOT}/config`),
    /** @param {string} start */
    hosts: (start) => signed('GET', `${ROOT}/hosts?q=${encodeURIComponent(start)}`),
    /** @param {Blob} jpeg */
    checkPhoto: (jpeg) => picture(`${ROOT}/photo-checks`, jpeg),
    /** @param {Blob} jpeg */
    readQr: (jpeg) => picture(`${ROOT}/qr-readings`, jpeg),
    /** @param {string} visitId */
    printing: (visitId) => signed('GET', `${ROOT}/sign-ins/${encodeURIComponent(visitId)}/printing`),
    /** @param {unknown} body */
    help: (body) => post(`${ROOT}/help-requests`, body),
    /** @param {string} address on this server; anything else is not asked for */
    badgePicture: async (address) => {
      const url = new URL(address, location.href);
      return url.origin === location.origin ? signed('GET', url.pathname + url.search) : UNREACHED;
    },
  };
}

/** @param {unknown} body @returns {Uint8Array<ArrayBuffer>} */
function json(body) {
  return new TextEncoder().encode(JSON.stringify(body));
}

/** @param {Response} response */
async function content(response) {
  const type = response.headers.get('Content-Type') ?? '';
  if (type.startsWith('image/')) return response.blob();
  if (!type.includes('json')) return null;
  return response.json().catch(() => null);
}
