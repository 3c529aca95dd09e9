// @ts-check
/**
 * Reading aloud, for who asks for it. What a visitor typed or showed is never said: others may stand in the room. Only texts
 * of the catalogue and of the site are taken from the page; answers, names and numbers stand in places that are passed over.
 */

const SPOKEN = [
  '.progress-text', '.heading', '.lead', '.alert p', '.welcome-site', '.way-title', '.way-text', '.choice-title', '.choice-text',
  'legend', '.field-label', '.field-help', '.field-fault', '.notice-title', '.notice-summary li', '.aside', '.advice', '.answer dt',
  '.print', '.point[data-done]', '.step', '.where', '.actions .button', '.dialog-title', '.dialog p',
].join(',');
const PASSED_OVER = '[data-private], [hidden], [aria-hidden="true"], bdi, input, .answer-value, .countdown';

/** @typedef {ReturnType<typeof createSpeech>} Speech */

/**
 * @param {SpeechSynthesis | undefined} synthesis absent where the browser cannot speak
 * @param {(text: string) => SpeechSynthesisUtterance} utter
 * @param {() => string} language
 * @param {() => string[]} answers what the visitor gave; a text in which one of them stands is not said, wherever it comes from
 */
export function createSpeech(synthesis, utter, language, answers) {
  let on = false;

  const voice = () => {
    const base = language().split('-')[0];
    const fitting = (synthesis?.getVoices() ?? []).filter((each) => each.lang.replace('_', '-').split('-')[0] === base);
    return fitting.find((each) => each.localService) ?? fitting[0];
  };

  /** @param {string[]} texts @param {{after?: boolean}} [how] `after`: what is being said is finished first */
  function say(texts, how = {}) {
    const chosen = on ? voice() : undefined;
    if (!chosen || !synthesis) return;
    if (!how.after) synthesis.cancel();
    const secrets = answers().map((each) => each.trim()).filter(Boolean).map(asWords);
    for (const text of texts) {
      if (!text || secrets.some((each) => each.test(text))) continue;
      const utterance = utter(text);
      utterance.lang = language();
      utterance.voice = chosen;
      synthesis.speak(utterance);
    }
  }

  return {
    /** Whether the browser has a voice for the language in use. */
    isAble: () => voice() !== undefined,
    isOn: () => on,
    stop: () => synthesis?.cancel(),
    off: () => {
      on = false;
      synthesis?.cancel();
    },
    on: () => {
      on = true;
    },
    say,
    /** @param {Element | null} part of the page, read from its first line to its last */
    read: (part) => say(part ? [...part.querySelectorAll(SPOKEN)].map(wordsOf) : []),
    /** What has the focus: a field with its help and fault, or what a button does. @param {EventTarget | null} target */
    focused: (target) => {
      if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) {
        const described = (target.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id));
        say([...(target.labels ?? []), ...described].map(wordsOf));
      } else if (target instanceof Element && target.matches('button, summary')) {
        say([wordsOf(target)]);
      }
    },
  };
}

/** Finds an answer where it stands as words of its own: Ann, but not cannot. @param {string} answer */
function asWords(answer) {
  const literal = answer.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'iu');
}

/** The text of an element without what belongs to the visitor. @param {Element | null} part @returns {string} */
function wordsOf(part) {
  if (!part || part.closest(PASSED_OVER)) return '';
  const copy = /** @type {Element} */ (part.cloneNode(true));
  for (const each of copy.querySelectorAll(PASSED_OVER)) each.remove();
  return (copy.textContent ?? '').replace(/\s+/g, ' ').trim();
}
