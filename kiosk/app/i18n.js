// @ts-check
/** The visitor's language: texts from a catalogue, names of countries and times from the browser. */

export const CATALOGUES = ['en', 'nl', 'de', 'fr', 'es', 'it', 'pl', 'pt', 'ar', 'th', 'ja', 'zh-Hans'];
const FALLBACK = 'en';
const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur']);
/** @param {string} code */
const baseOf = (code) => code.split('-')[0];

/** @typedef {Record<string, string>} Messages */
/** @typedef {ReturnType<typeof createI18n>} I18n */

/** @param {(language: string) => Promise<Messages>} load */
export function createI18n(load) {
  /** @type {Map<string, Messages>} */
  const kept = new Map();
  let language = FALLBACK;

  /** `nl-BE` reads the Dutch texts, `zh-CN` those that are written with the same script. @param {string} code */
  const catalogueOf = (code) => CATALOGUES.find((known) => known === code) ?? CATALOGUES.find((known) => baseOf(known) === baseOf(code)) ?? FALLBACK;
  /** @param {string} key */
  const find = (key) => kept.get(catalogueOf(language))?.[key] ?? kept.get(FALLBACK)?.[key];

  /** @param {string} key @param {Record<string, string | number>} [values] */
  function t(key, values = {}) {
    return (find(key) ?? key).replace(/\{(\w+)\}/g, (whole, name) => written(values[name] ?? whole));
  }

  /** Numbers in the digits of the language, as in its times; other words kept from turning the direction of the sentence. @param {string | number} value */
  function written(value) {
    if (typeof value === 'number') return new Intl.NumberFormat(language, { useGrouping: false }).format(value);
    return RIGHT_TO_LEFT.has(baseOf(language)) ? `\u2068${value}\u2069` : value;
  }

  return {
    t,
    /** @param {string} key */
    has: (key) => find(key) !== undefined,
    /** @param {string} key @param {number} count */
    plural: (key, count) => {
      const form = `${key}.${new Intl.PluralRules(language).select(count)}`;
      return t(find(form) ? form : `${key}.other`, { count });
    },
    language: () => language,
    /** Whether a text stands in the catalogue as it is, with nothing of a visitor filled in. @param {string} text */
    isPlain: (text) => [...kept.values()].some((texts) => Object.values(texts).includes(text)),
    /** Loads only these texts. Keeps the language in use when they cannot be loaded. @param {string} code */
    use: async (code) => {
      const name = catalogueOf(code);
      if (!kept.has(name)) kept.set(name, await load(name));
      language = code;
    },
    /** @param {string} instant @param {{timezone: string, territory: string}} site */
    moment: (instant, { timezone, territory }) => {
      const at = new Date(instant);
      if (Number.isNaN(at.getTime())) return '';
      return new Intl.DateTimeFormat([`${language}-${territory}`, language], {
        weekday: 'long', hour: 'numeric', minute: '2-digit', timeZone: timezone,
      }).format(at);
    },
    /** @param {string} code */
    country: (code) => new Intl.DisplayNames([language], { type: 'region' }).of(code) ?? code,
    collator: () => new Intl.Collator(language),
  };
}
