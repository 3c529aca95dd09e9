// @ts-check
/** One visitor's answers. They live in memory only, and `wipe` leaves nothing of them. */

/** @typedef {{type: string, number: string, country: string, day: string, month: string, year: string, last4: string}} IdAnswers */
/** @typedef {{key: string, message?: string, values?: Record<string, string>}} Fault `key` names a text, `message` is the server's own */

function empty() {
  return {
    clientId: '',
    languageChosen: false,
    visitTypeId: '',
    name: '',
    preferredName: '',
    pronunciation: '',
    company: '',
    email: '',
    hostQuery: '',
    /** @type {{id: string, name: string} | null} */
    host: null,
    hostUnlisted: false,
    /** A code that was scanned or typed, and what the server says of its holder. */
    code: '',
    /** @type {import('./types.js').Pass | null} */
    pass: null,
    /** The holder of a code goes on without a photo. */
    noPhoto: false,
    remember: false,
    rememberEmail: '',
    noticeVersionId: '',
    noticeShownAt: '',
    /** @type {IdAnswers} */
    id: { type: '', number: '', country: '', day: '', month: '', year: '', last4: '' },
    /** @type {Blob | null} */
    photo: null,
    photoUrl: '',
    photoDeclined: false,
    badgeNumber: '',
    /** @type {Record<string, Fault>} by field */
    faults: {},
    /** The visitor came from the check screen and goes back there. */
    changing: false,
    /** Sent, and not yet answered. */
    sending: false,
    /** @type {import('./journal.js').Outcome | null} */
    outcome: null,
    badgeUrl: '',
  };
}

/** @typedef {ReturnType<typeof empty> & {wipe: () => void, keepPhoto: (photo: Blob | null) => void}} Visitor */

/** @returns {Visitor} */
export function createVisitor() {
  const visitor = /** @type {Visitor} */ (empty());
  visitor.wipe = () => {
    for (const url of [visitor.photoUrl, visitor.badgeUrl]) if (url) URL.revokeObjectURL(url);
    Object.assign(visitor, empty());
  };
  visitor.keepPhoto = (photo) => {
    if (visitor.photoUrl) URL.revokeObjectURL(visitor.photoUrl);
    visitor.photo = photo;
    visitor.photoUrl = photo ? URL.createObjectURL(photo) : '';
  };
  return visitor;
}
