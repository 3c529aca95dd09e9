// @ts-check
/**
 * The journal: each sign-in and sign-out is sealed here before it is sent, and stays until the server has answered.
 *
 * Entries go out in the order they happened. A repetition is harmless: the server knows the client id.
 */

/** @typedef {'sign-in' | 'sign-out' | 'refusal'} Kind a refusal tells the desk who could not be recorded afterwards */
/** @typedef {{client_id: string, happened_at: string} & Record<string, any>} Body */
/** @typedef {{state: 'answered' | 'waiting', status: number, body: any}} Outcome */
/**
 * @typedef {object} Entry
 * @property {string} client_id
 * @property {Kind} kind
 * @property {number} sequence
 * @property {number} written_at unix milliseconds
 * @property {Uint8Array<ArrayBuffer>} nonce
 * @property {ArrayBuffer} sealed
 */
/**
 * @typedef {object} Outside
 * @property {import('./storage.js').Shelf} shelf
 * @property {() => Promise<CryptoKey>} key
 * @property {Crypto} crypto
 * @property {import('./clock.js').Clock} clock
 * @property {(kind: Kind, body: Body) => Promise<import('./api.js').Answer>} send
 * @property {(work: () => void, milliseconds: number) => any} later
 */
/** @typedef {ReturnType<typeof createJournal>} Journal */

export const MOST_ENTRIES = 500;
export const LONGEST_MS = 24 * 60 * 60 * 1000;
const ANSWER_MS = 8_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/** The journal takes no more; the visitor must go to the reception. */
export class JournalFull extends Error {}

/**
 * What an answer means for the entry: settled, try this one again later, or stop sending for now.
 * @param {Kind} kind
 * @param {number} status
 * @returns {'settled' | 'later' | 'stop'}
 */
export function verdict(kind, status) {
  if (status === 0 || status === 401 || status === 408 || (status >= 502 && status <= 504)) return 'stop';
  if (status === 429) return kind === 'sign-out' ? 'settled' : 'stop';
  return status >= 500 ? 'later' : 'settled';
}

/** @param {Outside} outside */
export function createJournal(outside) {
  const { shelf, crypto, clock } = outside;
  /** @type {Map<string, (outcome: Outcome) => void>} */
  const waiting = new Map();
  let pauses = 0;
  let sending = false;
  let again = false;
  /** @type {any} */
  let alarm = null;

  /** @param {Kind} kind @param {string} clientId */
  const binding = (kind, clientId) => new TextEncoder().encode(`${kind}\n${clientId}`);

  /** @param {Kind} kind @param {Body} body @param {number} [sequence] */
  async function write(kind, body, sequence) {
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(body));
    const additionalData = binding(kind, body.client_id);
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData }, await outside.key(), plain);
    const written_at = clock.now();
    await shelf.put(body.client_id, {
      client_id: body.client_id, kind, sequence: sequence ?? written_at, written_at, nonce, sealed,
    });
  }

  /** @param {Entry} entry @returns {Promise<Body | null>} */
  async function open(entry) {
    try {
      const additionalData = binding(entry.kind, entry.client_id);
      const plain = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: entry.nonce, additionalData }, await outside.key(), entry.sealed,
      );
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return null;
    }
  }

  /** Oldest first; what has waited too long is dropped. @returns {Promise<Entry[]>} */
  async function entries() {
    /** @type {Entry[]} */
    const found = await shelf.all();
    const oldest = clock.now() - LONGEST_MS;
    for (const entry of found) if (entry.written_at < oldest) await shelf.remove(entry.client_id);
    return found.filter((entry) => entry.written_at >= oldest).sort((one, other) => one.sequence - other.sequence);
  }

  /** @param {string} clientId @param {Outcome} outcome @returns {boolean} whether somebody was waiting */
  function tell(clientId, outcome) {
    const waiter = waiting.get(clientId);
    waiting.delete(clientId);
    waiter?.(outcome);
    return Boolean(waiter);
  }

  /** @param {Entry} entry @param {Body} body @param {import('./api.js').Answer} answer */
  async function settle(entry, body, answer) {
    const someoneWaits = tell(entry.client_id, { state: 'answered', ...answer });
    if (someoneWaits || answer.status < 400 || answer.status === 409 || entry.kind === 'refusal') {
      await shelf.remove(entry.client_id);
      return;
    }
    const faults = Object.keys(answer.body?.error?.fields ?? {});
    if (answer.status === 422 && body.photo && faults.length === 1 && faults[0] === 'photo') {
      // The visitor is already inside: the visit counts more than its picture.
      await write(entry.kind, { ...body, photo: null, photo_declined: true }, entry.sequence);
      return;
    }
    // The visitor is gone and nothing of it is recorded: the desk must know. It takes the entry's place at once.
    const { client_id, happened_at, language = 'en', name = null } = body;
    await write('refusal', { client_id, happened_at, language, name, step: `${entry.kind}-refused` }, entry.sequence);
  }

  /** @returns {Promise<boolean>} whether all that could be sent has been sent */
  async function pass() {
    /** @type {Set<string>} */
    const putOff = new Set();
    for (;;) {
      const entry = (await entries()).find((candidate) => !putOff.has(candidate.client_id));
      if (!entry) return putOff.size === 0;
      const body = await open(entry);
      if (!body) {
        await shelf.remove(entry.client_id);
        continue;
      }
      const answer = await outside.send(entry.kind, body);
      const meaning = verdict(entry.kind, answer.status);
      if (meaning === 'settled') await settle(entry, body, answer);
      if (meaning === 'later') {
        putOff.add(entry.client_id);
        tell(entry.client_id, { state: 'waiting', ...answer });
      }
      if (meaning === 'stop') {
        for (const clientId of [...waiting.keys()]) tell(clientId, { state: 'waiting', ...answer });
        return false;
      }
    }
  }

  /** Send what waits; on failure try again after a growing pause. */
  async function flush() {
    again = true;
    if (sending) return;
    sending = true;
    clearTimeout(alarm);
    let clean = true;
    while (again) {
      again = false;
      clean = await pass().catch(() => false);
    }
    sending = false;
    pauses = clean ? 0 : pauses + 1;
    if (!clean) {
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (pauses - 1), LONGEST_PAUSE_MS);
      alarm = outside.later(() => void flush(), pause * (0.8 + 0.4 * Math.random()));
    }
  }

  return {
    flush,
    /** @returns {Promise<number>} how many entries wait */
    size: async () => (await entries()).length,
    /**
     * Write, then send; answers once the server has, or after eight seconds with `waiting`.
     * @param {Kind} kind
     * @param {Body} body
     * @returns {Promise<Outcome>}
     * @throws {JournalFull}
     */
    submit: async (kind, body) => {
      if ((await entries()).length >= MOST_ENTRIES) throw new JournalFull();
      await write(kind, body);
      /** @type {Promise<Outcome>} */
      const outcome = new Promise((resolve) => {
        waiting.set(body.client_id, resolve);
        outside.later(() => {
          // A second try of the same entry has its own patience.
          if (waiting.get(body.client_id) === resolve) tell(body.client_id, { state: 'waiting', status: 0, body: null });
        }, ANSWER_MS);
      });
      void flush();
      return outcome;
    },
  };
}
