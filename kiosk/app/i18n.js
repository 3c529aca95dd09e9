// @ts-check
/** The visitor's language: texts from a catalogue, names of countries and times from the browser. */

export const CATALOGUES = ['en', 'nl', 'de', 'fr', 'es', 'it', 'pl', 'pt', 'ar', 'th', 'ja', 'zh-Hans'];
const FALLBACK = 'en';

/** @typedef {Record<string, string>} Messages */
/** @typedef {ReturnType<typeof createI18n>} I18n */

/** @param {(language: string) => Promise<Messages>} load */
export function createI18n(load) {
  /** @type {Map<string, Messages>} */
  const kept = new Map();
  let language = FALLBACK;

  /** @param {string} code */
  const catalogueOf = (code) => CATALOGUES.find((known) => known === code || known === code.split('-')[0]) ?? FALLBACK;
  /** @param {string} key */
  const find = (key) => kept.get(catalogueOf(language))?.[key] ?? kept.get(FALLBACK)?.[key];

  /** @param {string} key @param {Record<string, string | number>} [values] */
  function t(key, values = {}) {
    return (find(key) ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
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
    /** Keeps the language in use when the catalogue cannot be loaded. @param {string} code */
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
