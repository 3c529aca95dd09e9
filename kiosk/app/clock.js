// @ts-check
/** The device's clock, put right by what the server says. */

/**
 * @typedef {object} Clock
 * @property {() => number} now corrected unix milliseconds
 * @property {() => string} instant corrected ISO 8601 in UTC
 * @property {(serverMilliseconds: number) => void} adjust
 */

/**
 * @param {() => number} read the device's own unix milliseconds
 * @returns {Clock}
 */
export function createClock(read) {
  let offset = 0;
  const now = () => read() + offset;
  return {
    now,
    instant: () => new Date(now()).toISOString(),
    adjust: (serverMilliseconds) => {
      if (Number.isFinite(serverMilliseconds)) offset = serverMilliseconds - read();
    },
  };
}
