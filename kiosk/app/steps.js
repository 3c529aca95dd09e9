// @ts-check
/** Which screens one visitor sees, in which order. */

/** @typedef {import('./types.js').Config} Config */
/** @typedef {import('./types.js').VisitType} VisitType */

/**
 * Before a visit type is chosen, the longest way is announced. Whoever has a code is asked only what nobody knows yet.
 * @param {Config} config
 * @param {{visitTypeId: string, languageChosen: boolean, pass: object | null, noPhoto: boolean}} visitor
 * @returns {string[]}
 */
export function stepsOf(config, visitor) {
  const chosen = visitTypeOf(config, visitor.visitTypeId);
  const types = chosen ? [chosen] : config.visit_types;
  /** @param {(type: VisitType) => boolean} needs */
  const any = (needs) => types.some(needs);
  const pass = Boolean(visitor.pass);
  /** @type {[string, boolean][]} */
  const all = [
    ['arrive', pass],
    ['language', !pass && config.languages.length > 1 && !visitor.languageChosen],
    ['visit-type', !pass && config.visit_types.length > 1],
    ['details', !pass],
    ['host', !pass && any((type) => type.fields.host !== 'off')],
    ['notice', !pass && Object.keys(config.notices).length > 0],
    ['id-document', any((type) => type.id_step.mode !== 'none' && !(pass && type.id_step.mode === 'seen'))],
    ['photo', any((type) => type.photo !== 'off') && !visitor.noPhoto],
    ['check', true],
  ];
  return all.filter(([, shown]) => shown).map(([name]) => name);
}

/** @param {Config} config @param {string} id @returns {VisitType | undefined} */
export function visitTypeOf(config, id) {
  return config.visit_types.find((type) => type.id === id) ?? (config.visit_types.length === 1 ? config.visit_types[0] : undefined);
}

/**
 * The screen that asks for a field the server turned down.
 * @param {string} field
 */
export function stepOfField(field) {
  const first = field.split('.')[0];
  /** @type {Record<string, string>} */
  const screens = {
    name: 'details', preferred_name: 'details', pronunciation: 'details', company: 'details', email: 'details', code: 'code', host_id: 'host', visit_type_id: 'visit-type',
    notice_version_id: 'notice', notice_shown_at: 'notice', photo: 'photo', photo_declined: 'photo',
    id_document: 'id-document', language: 'language',
  };
  return screens[first] ?? 'check';
}

/**
 * The text in the visitor's language, else in the site's, else in any.
 * @template T
 * @param {Record<string, T>} texts
 * @param {string} language
 * @param {string} fallback
 * @returns {{text: T | undefined, language: string}}
 */
export function inLanguage(texts, language, fallback) {
  const found = [language, fallback, ...Object.keys(texts)].find((code) => texts[code] !== undefined) ?? fallback;
  return { text: texts[found], language: found };
}
