// @ts-check
/**
 * What modules are handed instead of reaching for it themselves.
 *
 * @typedef {object} Network
 * @property {typeof window.fetch} fetch
 * @property {typeof window.EventSource} EventSource
 */

/**
 * @typedef {object} Clock
 * @property {() => number} now milliseconds since 1970
 * @property {(run: () => void, delay_ms: number) => number} setTimeout
 * @property {(id: number | undefined) => void} clearTimeout
 */

export {};
