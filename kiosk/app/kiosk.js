// @ts-check
/** The conductor: which screen stands, whose answers are kept, and when everything is wiped. */
import { closeDialogs, displayDialog, helpDialog, idleDialog, languageDialog } from './dialogs.js';
import { button } from './elements.js';
import { header, progress } from './frame.js';
import { createIdle } from './idle.js';
import { SCREENS } from './screens/index.js';
import { inLanguage, stepsOf, visitTypeOf } from './steps.js';

/**
 * @typedef {object} Outside
 * @property {HTMLElement} root
 * @property {ReturnType<typeof import('./frame.js').createFrame>} frame
 * @property {import('./api.js').Api} api
 * @property {import('./keys.js').Keys} keys
 * @property {import('./journal.js').Journal} journal
 * @property {import('./i18n.js').I18n} i18n
 * @property {import('./storage.js').Shelf} settings
 * @property {import('./clock.js').Clock} clock
 * @property {import('./state.js').Visitor} visitor
 * @property {() => number} elapsed monotonic milliseconds
 * @property {() => string} uuid
 * @property {import('./speech.js').Speech} speech
 * @property {string} browserLanguage until the site's own is known
 * @property {() => void} reload the page, with the newest files
 * @property {() => Promise<import('./camera.js').Camera>} openCamera
 * @property {any} BarcodeDetector
 */
/** @typedef {ReturnType<typeof createKiosk>} Kiosk */

/** Screens before or after a visitor's own time: no idle warning on them. */
const QUIET = new Set(['starting', 'pairing', 'unavailable', 'welcome']);
const ENDING = new Set(['done', 'goodbye']);
/** What a visitor may change about the display, as attributes of the page. */
const LOOKS = ['text', 'contrast', 'theme'];
const FAREWELL_SECONDS = 20;
const WELCOME_SECONDS = 60;

/** @param {Outside} outside */
export function createKiosk(outside) {
  const { root, frame, api, i18n, visitor, settings, clock, speech } = outside;
  const { t } = i18n;
  /** @type {import('./types.js').Config | null} */
  let config = null;
  let name = 'starting';
  let visits = 0;
  /** @type {import('./frame.js').Screen | null} */
  let screen = null;
  /** @type {ReturnType<typeof idleDialog> | null} */
  let warning = null;
  let isOutdated = false;
  const idle = createIdle(outside.elapsed, { warn, end: () => restart() });

  /** @param {number} seconds */
  function warn(seconds) {
    if (QUIET.has(name)) {
      if (isTouched()) restart();
      else watch();
      return;
    }
    warning ??= idleDialog(root, kiosk, {
      extensible: idle.extensionsLeft() > 0,
      extend: () => {
        if (idle.extend()) dismissWarning();
      },
      end: () => restart(),
    });
    warning.count(seconds);
  }

  function dismissWarning() {
    warning?.close();
    warning = null;
  }

  /** Somebody changed the language or the display on the welcome screen and went away. */
  function isTouched() {
    const looksOther = LOOKS.some((look) => document.documentElement.dataset[look]);
    return looksOther || speech.isOn() || Boolean(config && i18n.language() !== config.default_language);
  }

  function watch() {
    if (ENDING.has(name)) idle.start({ idle: FAREWELL_SECONDS, warning: 0 });
    else if (QUIET.has(name)) idle.start({ idle: WELCOME_SECONDS, warning: 1 });
    else idle.start({ idle: config?.idle_seconds ?? 60, warning: config?.warning_seconds ?? 20 });
  }

  function render() {
    screen?.leave?.();
    screen = SCREENS[name](kiosk);
    const steps = config ? stepsOf(config, visitor) : [];
    const at = steps.indexOf(name) + 1;
    frame.show(name, screen, {
      header: top(),
      progress: at ? progress(t('progress', { at, of: steps.length }), at, steps.length) : null,
      back: screen.bare ? null : button('back', t('back'), { kind: 'quiet', drawing: 'back', press: back }),
    });
    speech.read(root.querySelector('.main'));
  }

  /** Site and tools; before the device is paired there is neither. */
  function top() {
    return config ? header(config.site.name, tools()) : null;
  }

  function readAloud() {
    if (speech.isOn()) speech.off();
    else speech.on();
    changeTools();
    speech.read(root.querySelector('.main'));
  }

  /** Voices come late, and each language has its own. */
  function changeTools() {
    const made = top();
    if (made) frame.changeHeader(made);
  }

  /** @returns {import('./frame.js').Tool[]} */
  function tools() {
    const language = config?.languages.find((each) => each.code === i18n.language());
    return [
      ...((config?.languages.length ?? 0) > 1 && language
        ? [{ action: 'languages', drawing: 'globe', label: t('language.tool'), short: language.name, press: () => languageDialog(root, kiosk) }]
        : []),
      ...(speech.isAble() ? [{ action: 'read-aloud', drawing: 'sound', label: t('speech.tool'), pressed: speech.isOn(), press: readAloud }] : []),
      { action: 'display', drawing: 'display', label: t('display.tool'), press: () => displayDialog(root, kiosk) },
      { action: 'help', drawing: 'help', label: t('help.tool'), press: () => void helpDialog(root, kiosk) },
    ];
  }

  /** @param {string} next */
  function go(next) {
    name = next;
    closeDialogs(root);
    warning = null;
    watch();
    render();
  }

  function next() {
    if (visitor.changing && name !== 'check') {
      visitor.changing = false;
      go(visitor.pass ? 'arrive' : 'check');
      return;
    }
    const steps = stepsOf(kiosk.config(), visitor);
    go(steps[steps.indexOf(name) + 1] ?? 'check');
  }

  function back() {
    if (visitor.changing) {
      visitor.changing = false;
      go(visitor.pass ? 'arrive' : 'check');
      return;
    }
    const steps = stepsOf(kiosk.config(), visitor);
    const at = steps.indexOf(name);
    if (at > 0) go(steps[at - 1]);
    else restart();
  }

  /** Wipe everything of this visitor and wait for the next. */
  function restart() {
    visits += 1;
    screen?.leave?.();
    screen = null;
    visitor.wipe();
    frame.clear();
    speech.off();
    for (const look of LOOKS) delete document.documentElement.dataset[look];
    if (isOutdated) outside.reload();
    if (!config) return;
    const before = config;
    void speak(config.default_language).then(() => go('welcome'));
    const session = visits;
    void refresh().then((reached) => {
      if (!reached || session !== visits || name !== 'welcome' || !config) return;
      if (JSON.stringify({ ...before, server_time: 0 }) !== JSON.stringify({ ...config, server_time: 0 })) render();
    });
  }

  /** @param {string} code */
  async function speak(code) {
    await i18n.use(code).catch(() => (i18n.has('title') ? undefined : i18n.use('en').catch(() => undefined)));
    const direction = config?.languages.find((each) => each.code === i18n.language())?.dir ?? (i18n.language().startsWith('ar') ? 'rtl' : 'ltr');
    document.documentElement.lang = i18n.language();
    document.documentElement.dir = direction;
    document.title = t('title');
  }

  /** The site's colours; the high contrast of `tokens.css` stands above them. */
  function wear() {
    const { style } = document.documentElement;
    for (const part of ['colour', 'deep', 'tint']) style.setProperty(`--site-${part}`, config?.site.accent?.[part] ?? '');
  }

  async function refresh() {
    const answer = await api.config();
    if (answer.status !== 200) return false;
    config = answer.body;
    wear();
    clock.adjust(Number(answer.body.server_time));
    await settings.put('config', answer.body).catch(() => undefined);
    return true;
  }

  const kiosk = {
    api, i18n, visitor, clock, speech, journal: outside.journal, keys: outside.keys, uuid: outside.uuid,
    openCamera: outside.openCamera, BarcodeDetector: outside.BarcodeDetector,
    root, go, next, back, restart, render,
    /** @param {string} text @param {{now?: boolean}} [how] */
    announce: (text, how = {}) => {
      frame.announce(text, how);
      // A text with a name or a number in it is for the eyes and for headphones.
      if (i18n.isPlain(text)) speech.say([text], { after: !how.now });
    },
    /** @returns {import('./types.js').Config} */
    config: () => {
      if (!config) throw new Error('no config yet');
      return config;
    },
    visitType: () => visitTypeOf(kiosk.config(), visitor.visitTypeId) ?? kiosk.config().visit_types[0],
    /** What the site says about ways, in the visitor's language if it does. */
    guidance: () => inLanguage(config?.site.guidance ?? {}, i18n.language(), config?.default_language ?? ''),
    /** Where a person is who can help. */
    reception: () => {
      const hint = kiosk.guidance().text?.reception || config?.site.reception_hint;
      return hint ? t('reception.where', { hint }) : t('reception.plain');
    },
    /** Asks later whether the visitor who was here is still the same. */
    sameVisitor: () => {
      const session = visits;
      return () => session === visits;
    },
    /** What was typed stays: the screen is drawn again from the answers. @param {string} code */
    useLanguage: async (code) => {
      await speak(code);
      render();
    },
    speak,
    /** @returns {Promise<boolean>} whether the desk was told */
    askForHelp: async () => {
      const answer = await api.help({ client_id: outside.uuid(), step: name, language: i18n.language() });
      return answer.status >= 200 && answer.status < 300;
    },
    idle,
    refresh,
    changeTools,
    /** Newer files are kept: they are used as soon as no visitor is here. */
    outdated: () => {
      isOutdated = true;
      if (name === 'welcome' && !isTouched()) outside.reload();
    },
    /** From the start, or after pairing: the newest settings, else the kept ones. */
    begin: async () => {
      const [kioskId, kept] = await Promise.all([outside.keys.kioskId(), settings.get('config').catch(() => null)]);
      config ??= kept ?? null;
      wear();
      if (!config || !kioskId) await speak(outside.browserLanguage);
      if (!kioskId) {
        go('pairing');
        return;
      }
      // A kept configuration shows the welcome screen at once; the fresh one follows.
      if (!config) await refresh();
      void outside.journal.flush();
      if (config) restart();
      else if (await outside.keys.kioskId()) go('unavailable');
    },
    unpaired: async () => {
      await outside.keys.forget();
      await settings.remove('config');
      visits += 1;
      visitor.wipe();
      config = null;
      go('pairing');
    },
  };
  return kiosk;
}
