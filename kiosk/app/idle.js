// @ts-check
/** Time without a touch: a warning first, then the end. Pure counting; the caller shows and wipes. */

export const MOST_EXTENSIONS = 10;

/**
 * @typedef {object} Idle
 * @property {() => void} touch somebody is there
 * @property {() => boolean} extend the visitor asked for more time; false when all extensions are used
 * @property {() => void} second to be called once a second
 * @property {(limits: {idle: number, warning: number}) => void} start with fresh extensions
 * @property {() => void} stop
 * @property {() => number} extensionsLeft
 */

/**
 * @param {() => number} elapsed monotonic milliseconds
 * @param {{warn: (secondsLeft: number) => void, end: () => void}} report `warn` comes every second of the warning
 * @returns {Idle}
 */
export function createIdle(elapsed, report) {
  let limits = { idle: 60, warning: 20 };
  let since = elapsed();
  let running = false;
  let warned = false;
  let left = MOST_EXTENSIONS;
  return {
    start: (given) => {
      limits = given;
      since = elapsed();
      running = true;
      warned = false;
      left = MOST_EXTENSIONS;
    },
    stop: () => {
      running = false;
      warned = false;
    },
    touch: () => {
      // While the warning stands, only its own buttons count: a sleeve is not an answer.
      if (!warned) since = elapsed();
    },
    extend: () => {
      if (left === 0) return false;
      left -= 1;
      warned = false;
      since = elapsed();
      return true;
    },
    extensionsLeft: () => left,
    second: () => {
      if (!running) return;
      const over = (elapsed() - since) / 1000 - limits.idle;
      if (over < 0) return;
      warned = true;
      const remaining = Math.ceil(limits.warning - over);
      if (remaining > 0) {
        report.warn(remaining);
        return;
      }
      running = false;
      report.end();
    },
  };
}
