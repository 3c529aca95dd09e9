// @ts-check
/** Native dialogs above a screen: languages, display, help, and the idle warning. */
import { button, element } from './elements.js';

/**
 * Opens a modal dialog; its promise of being gone is `closed`.
 * @param {HTMLElement} root
 * @param {string} name
 * @param {string} title
 * @param {(close: () => void) => import('./elements.js').Child[]} fill
 * @param {{alert?: boolean, stays?: boolean}} [options] `stays`: Escape does not close it
 */
export function openDialog(root, name, title, fill, options = {}) {
  const before = document.activeElement;
  const close = () => {
    if (!dialog.isConnected) return;
    dialog.close();
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  };
  const dialog = element(
    'dialog',
    {
      class: 'dialog',
      'data-dialog': name,
      'aria-labelledby': `dialog-${name}`,
      role: options.alert ? 'alertdialog' : null,
      on: {
        cancel: (/** @type {Event} */ event) => {
          event.preventDefault();
          if (!options.stays) close();
        },
      },
    },
    element('h2', { id: `dialog-${name}`, class: 'dialog-title', tabindex: '-1' }, title),
    fill(() => close()),
  );
  root.append(dialog);
  dialog.showModal();
  dialog.dispatchEvent(new Event('opened', { bubbles: true }));
  return { dialog, close };
}

/** @param {HTMLElement} root */
export function closeDialogs(root) {
  for (const dialog of root.querySelectorAll('dialog')) {
    dialog.close();
    dialog.remove();
  }
}

/**
 * @param {HTMLElement} root
 * @param {import('./kiosk.js').Kiosk} kiosk
 * @param {(code: string) => void} [choose]
 */
export function languageDialog(root, kiosk, choose = (code) => void kiosk.useLanguage(code)) {
  const { t, language } = kiosk.i18n;
  openDialog(root, 'language', t('language.heading'), (close) => [
    languageChoices(kiosk, language(), (code) => {
      close();
      choose(code);
    }),
    element('div', { class: 'dialog-actions' }, button('close', t('close'), { press: close })),
  ]);
}

/**
 * @param {import('./kiosk.js').Kiosk} kiosk
 * @param {string} current
 * @param {(code: string) => void} choose
 * @param {import('./types.js').Language[]} [offered]
 */
export function languageChoices(kiosk, current, choose, offered = kiosk.config().languages) {
  return element(
    'ul',
    { class: 'choices choices-languages' },
    offered.map((each) =>
      element(
        'li',
        {},
        element(
          'button',
          {
            type: 'button', class: 'choice', lang: each.code, dir: each.dir, 'data-action': 'language',
            'data-language': each.code, 'aria-current': each.code === current ? 'true' : null,
            on: { click: () => choose(each.code) },
          },
          element('span', { class: 'choice-title' }, each.name),
        ),
      ),
    ),
  );
}

/**
 * @param {HTMLElement} root
 * @param {import('./kiosk.js').Kiosk} kiosk
 */
export function displayDialog(root, kiosk) {
  const { t } = kiosk.i18n;
  const look = document.documentElement.dataset;
  const isDark = () => (look.theme ? look.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);
  /** @param {string} action @param {string} label @param {() => boolean} isOn @param {() => void} flip */
  const toggle = (action, label, isOn, flip) => {
    const made = element('button', {
      type: 'button', class: 'switch', role: 'switch', 'data-action': action, 'aria-checked': String(isOn()),
      on: {
        click: () => {
          flip();
          made.setAttribute('aria-checked', String(isOn()));
        },
      },
    }, element('span', {}, label), element('span', { class: 'switch-track', 'aria-hidden': 'true' }));
    return made;
  };
  /** @param {'text' | 'contrast'} part @param {string} value */
  const part = (part, value) => /** @type {[() => boolean, () => void]} */ ([
    () => look[part] === value,
    () => {
      if (look[part] === value) delete look[part];
      else look[part] = value;
    },
  ]);
  openDialog(root, 'display', t('display.heading'), (close) => [
    element(
      'div',
      { class: 'switches' },
      toggle('larger-text', t('display.text'), ...part('text', 'large')),
      toggle('high-contrast', t('display.contrast'), ...part('contrast', 'high')),
      toggle('dark', t('display.dark'), isDark, () => { look.theme = isDark() ? 'light' : 'dark'; }),
    ),
    element('div', { class: 'dialog-actions' }, button('close', t('close'), { kind: 'primary', press: close })),
  ]);
}

/**
 * @param {HTMLElement} root
 * @param {import('./kiosk.js').Kiosk} kiosk
 */
export async function helpDialog(root, kiosk) {
  const { t } = kiosk.i18n;
  const text = element('p', { role: 'status', 'data-help': 'sending' }, t('help.sending'));
  openDialog(root, 'help', t('help.heading'), (close) => [
    text,
    element('p', { class: 'where' }, kiosk.reception()),
    element('div', { class: 'dialog-actions' }, button('close', t('close'), { kind: 'primary', press: close })),
  ]);
  const told = await kiosk.askForHelp();
  text.dataset.help = told ? 'told' : 'unreached';
  text.textContent = told ? t('help.told') : t('help.unreached');
}

/**
 * @param {HTMLElement} root
 * @param {import('./kiosk.js').Kiosk} kiosk
 * @param {{extend: () => void, end: () => void, extensible: boolean}} answers
 */
export function idleDialog(root, kiosk, answers) {
  const { t } = kiosk.i18n;
  const count = element('p', { class: 'countdown', 'data-countdown': true });
  const { dialog, close } = openDialog(root, 'idle', t('idle.heading'), () => [
    element('p', {}, t('idle.text')),
    count,
    element(
      'div',
      { class: 'dialog-actions' },
      button('start-over', t('idle.end'), { press: answers.end }),
      answers.extensible ? button('more-time', t('idle.more'), { kind: 'primary', press: answers.extend }) : null,
    ),
  ], { alert: true, stays: true });
  dialog.querySelector('.dialog-actions > :last-child')?.setAttribute('autofocus', '');
  /** @type {HTMLElement | null} */ (dialog.querySelector('.dialog-actions > :last-child'))?.focus();
  return {
    close,
    /** @param {number} seconds */
    count: (seconds) => {
      count.textContent = kiosk.i18n.plural('seconds', seconds);
    },
  };
}
