// @ts-check
/** The photo: live picture with an oval, live advice, a countdown, and always a way without. */
import { button, element, icon } from '../elements.js';
import { alertBox } from '../fields.js';
import { faultText } from './faults.js';

const ASPECT = 4 / 5;
const LIVE = { aspect: ASPECT, longest: 640, quality: 0.8 };
const TAKEN = { aspect: ASPECT, longest: 1200, quality: 0.92 };
const PAUSE_MS = 500;
const LONG_PAUSE_MS = 3000;
const COUNT = [3, 2, 1];
/** @type {Record<string, string>} */
const DRAWINGS = { ok: 'check', taken: 'check', starting: 'camera', hint: 'camera', checking: 'clock' };
/** The server takes a photo with these; with any other advice the badge would not show the visitor. */
const USABLE = new Set(['ok', 'too_far', 'off_centre', 'taken']);

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function photo(kiosk) {
  const { visitor, i18n } = kiosk;
  const { t } = i18n;
  /** @type {import('../camera.js').Camera | null} */
  let camera = null;
  let gone = false;
  let live = false;
  let heardLast = '';
  // Whoever has a code has agreed to the photo on the screen before; one that was turned down is taken by hand.
  const byItself = Boolean(visitor.pass) && !visitor.faults.photo;
  const view = element('div', { class: 'camera', 'data-camera': 'starting' });
  const advice = element('p', { class: 'advice', 'aria-live': 'polite', 'data-advice': '' });
  const trouble = element('div', { class: 'trouble' });
  const choices = element('div', { class: 'camera-choices' });
  const use = button('use-photo', t('photo.use'), { kind: 'primary', drawing: 'check', press: () => kiosk.next() });
  const take = button('take-photo', t('photo.take'), { kind: 'primary', drawing: 'camera', press: () => void shoot() });
  const retake = button('retake-photo', t('photo.retake'), { drawing: 'retake', press: () => void again() });
  const without = button('without-photo', t('photo.without'), { kind: 'quiet', press: goWithout });

  /** @param {string} key */
  function say(key) {
    const text = i18n.has(`advice.${key}`) ? t(`advice.${key}`) : t('photo.hint');
    advice.dataset.advice = key;
    view.dataset.advice = key;
    if (advice.textContent === text) return;
    advice.replaceChildren(icon(DRAWINGS[key] ?? 'person'), element('span', {}, text));
    kiosk.speech.say([text], { after: true });
  }

  /** Advice that comes once and goes again would only make one nervous. @param {string} key */
  function advise(key) {
    if (key === heardLast || advice.dataset.advice === 'hint') say(key);
    heardLast = key;
  }

  /** @param {string} state @param {(Node | null)[]} inside @param {Node[]} buttons */
  function show(state, inside, buttons) {
    view.dataset.camera = state;
    view.replaceChildren(.../** @type {Node[]} */ (inside.filter(Boolean)));
    choices.replaceChildren(...buttons);
  }

  async function open() {
    show('starting', [], []);
    say('starting');
    try {
      camera ??= await kiosk.openCamera();
    } catch {
      show('missing', [], []);
      advice.textContent = '';
      without.className = 'button button-primary';
      trouble.replaceChildren(alertBox(t('photo.no_camera'), kiosk.reception()));
      return;
    }
    if (gone) {
      camera.close();
      return;
    }
    show('live', [camera.video, element('div', { class: 'oval', 'aria-hidden': 'true' })], [take]);
    // A video that was taken out of the page and put back stands still until it is played.
    void camera.video.play().catch(() => undefined);
    say('hint');
    void watch();
  }

  async function watch() {
    live = true;
    while (live && !gone && camera) {
      const frame = await camera.still(LIVE);
      const answer = frame ? await kiosk.api.checkPhoto(frame) : null;
      if (!live || gone) return;
      const heard = answer?.status === 200;
      if (answer) advise(heard ? answer.body.advice : 'hint');
      if (byItself && answer?.body?.advice === 'ok') {
        void shoot();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, heard || !answer ? PAUSE_MS : LONG_PAUSE_MS));
    }
  }

  async function shoot() {
    if (!camera || !live) return;
    live = false;
    choices.replaceChildren();
    view.dataset.camera = 'counting';
    const number = element('div', { class: 'count', 'data-count': '', 'aria-hidden': 'true' });
    view.append(number);
    for (const left of COUNT) {
      number.textContent = String(left);
      number.dataset.count = String(left);
      kiosk.announce(String(left), { now: true });
      kiosk.speech.say([String(left)]);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (gone) return;
    }
    const taken = await camera.still(TAKEN);
    if (gone || !taken) return;
    visitor.keepPhoto(taken);
    visitor.photoDeclined = false;
    delete visitor.faults.photo;
    trouble.replaceChildren();
    await judge(taken);
  }

  /** @param {Blob} taken */
  async function judge(taken) {
    use.disabled = true;
    result();
    say('checking');
    const answer = await kiosk.api.checkPhoto(taken);
    if (gone || visitor.photo !== taken) return;
    const found = answer.status === 200 ? answer.body.advice : 'taken';
    use.disabled = false;
    say(found === 'ok' ? 'taken' : found);
    if (!USABLE.has(found)) {
      visitor.keepPhoto(null);
      retake.className = 'button button-primary';
      choices.replaceChildren(retake);
      retake.focus();
    } else if (byItself) {
      kiosk.next();
    } else {
      use.focus();
    }
  }

  function result() {
    retake.className = 'button button-secondary';
    const picture = element('img', { src: visitor.photoUrl, alt: t('photo.alt'), class: 'camera-result' });
    show('taken', [picture], [retake, use]);
  }

  async function again() {
    visitor.keepPhoto(null);
    await open();
    take.focus();
  }

  function goWithout() {
    visitor.keepPhoto(null);
    visitor.photoDeclined = true;
    delete visitor.faults.photo;
    kiosk.next();
  }

  return {
    heading: t('photo.heading'),
    lead: t('photo.lead'),
    submit: () => (visitor.photo && !use.disabled ? kiosk.next() : undefined),
    leave: () => {
      gone = true;
      live = false;
      camera?.close();
    },
    shown: () => {
      const fault = faultText(kiosk, 'photo');
      if (fault) trouble.replaceChildren(alertBox(fault));
      if (visitor.photo) {
        result();
        say('taken');
      } else {
        void open();
      }
    },
    content: [trouble, element('div', { class: 'photo' }, view, element('div', { class: 'photo-side' }, advice, choices, element('p', { class: 'field-help' }, t('photo.without_help'))))],
    actions: [without],
  };
}
