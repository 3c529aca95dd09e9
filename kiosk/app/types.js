// @ts-check
/** Shapes the server sends. Types only. */

/** @typedef {'off' | 'optional' | 'required'} Need */
/** @typedef {{code: string, name: string, dir: 'ltr' | 'rtl'}} Language */
/** @typedef {{mode: 'none' | 'seen' | 'last4' | 'full', document_types?: string[], life_hours?: number}} IdStep */
/**
 * @typedef {object} VisitType
 * @property {string} id
 * @property {Record<string, string>} names
 * @property {Record<string, string>} descriptions
 * @property {string} colour
 * @property {{company: Need, email: Need, host: Need}} fields
 * @property {'off' | 'optional'} photo
 * @property {IdStep} id_step
 */
/** @typedef {{version_id: string, version: string, title: string, summary: string[], body: string, sha256: string}} Notice */
/** @typedef {{reception: string, way: {arrow: '' | 'left' | 'right' | 'up' | 'down', text: string}[]}} Guidance */
/**
 * @typedef {object} Config
 * @property {{id: string, name: string}} kiosk
 * @property {{id: string, name: string, reception_hint: string, guidance: Record<string, Guidance>, timezone: string,
 *   territory: string, accent: Record<string, string> | null, logo: string | null}} site colours as pairs of light and dark
 * @property {Language[]} languages
 * @property {string} default_language
 * @property {VisitType[]} visit_types
 * @property {Record<string, Notice>} notices
 * @property {number | null} minor_age
 * @property {number} remember_days 0: nobody is asked
 * @property {number} idle_seconds
 * @property {number} warning_seconds
 * @property {number} server_time
 */
/**
 * What the holder of a good code is shown; `state` alone when it is not good.
 * @typedef {object} Pass
 * @property {'invited' | 'returning'} state
 * @property {string} name
 * @property {string} visit_type_id
 * @property {string} language
 * @property {{id: string, name: string} | null} host
 */
/**
 * @typedef {object} Badge
 * @property {string} number
 * @property {string} name
 * @property {string | null} host_name
 * @property {string} visit_type_name
 * @property {string} colour
 * @property {string} valid_until
 * @property {string} picture_url
 */

export {};
