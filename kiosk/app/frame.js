// @ts-check
/** What stands around every screen: site name, language, display, help, progress, and the two live regions. */
import { button, element, icon, isolated } from './elements.js';

/**
 * @typedef {object} Screen
 * @property {string} heading
 * @property {import('./elements.js').Children} content
 * @property {string} [lead] one sentence under the heading
 * @property {Node} [mark] a drawing beside the heading
 * @property {Node[]} [actions] the main button last
 * @property {() => void} [submit] what Enter and the main button do
 * @property {() => void} [leave] stops what the screen started
 * @property {() => void} [shown] after it stands in the page
 * @property {boolean} [bare] no back button and no progress
 */
/** @typedef {{action: string, drawing: string, label: string, short?: string, pressed?: boolean, press: () => void}} Tool */

/** @param {HTMLElement} root */
export function createFrame(root) {
  const polite = element('p', { class: 'unseen', 'aria-live': 'polite', 'data-live': 'polite' });
  const urgent = element('p', { class: 'unseen', 'aria-live': 'assertive', 'data-live': 'assertive' });
  const stage = element('div', { class: 'stage' });
  root.replaceChildren(stage, polite, urgent);

  return {
    /** @param {string} text @param {{now?: boolean}} [how] */
    announce: (text, how = {}) => {
      const region = how.now ? urgent : polite;
      if (region.textContent !== text) region.textContent = text;
    },
    /**
     * @param {string} name
     * @param {Screen} screen
     * @param {{header: Node | null, progress: Node | null, back: Node | null}} around
     */
    show: (name, screen, around) => {
      polite.textContent = '';
      urgent.textContent = '';
      const heading = element('h1', { tabindex: '-1', class: 'heading' }, screen.heading);
      const actions = [around.back, ...(screen.actions ?? [])].filter(Boolean);
      const form = element(
        'form',
        {
          class: 'screen', 'aria-labelledby': 'heading', novalidate: true, autocomplete: 'off', method: 'dialog',
          on: {
            submit: (/** @type {Event} */ event) => {
              event.preventDefault();
              screen.submit?.();
            },
          },
        },
        element(
          'div',
          { class: 'screen-body' },
          around.progress,
          screen.mark ? element('div', { class: 'heading-row' }, screen.mark, heading) : heading,
          screen.lead ? element('p', { class: 'lead' }, screen.lead) : null,
          screen.content,
        ),
        actions.length ? element('div', { class: 'actions' }, actions) : null,
      );
      heading.id = 'heading';
      stage.replaceChildren(...[around.header].filter((part) => part !== null), element('main', { class: 'main' }, form));
      root.dataset.screen = name;
      form.scrollTop = 0;
      window.scrollTo(0, 0);
      heading.focus({ preventScroll: true });
      screen.shown?.();
    },
    /** The tools alone, drawn anew; the focus stays on the one that was used. @param {HTMLElement} made */
    changeHeader: (made) => {
      const before = stage.querySelector('.header');
      const held = before?.querySelector(':focus')?.getAttribute('data-action');
      before?.replaceWith(made);
      if (held) /** @type {HTMLElement | null} */ (made.querySelector(`[data-action="${held}"]`))?.focus();
    },
    /** Nothing of the visitor stays in the page. */
    clear: () => {
      for (const input of stage.querySelectorAll('input')) input.value = '';
      stage.replaceChildren();
      polite.textContent = '';
      urgent.textContent = '';
    },
  };
}

/**
 * @param {string} site
 * @param {Tool[]} tools
 */
export function header(site, tools) {
  return element(
    'header',
    { class: 'header' },
    element('p', { class: 'header-site' }, isolated(site)),
    element(
      'div',
      { class: 'header-tools' },
      tools.map(({ action, drawing, label, short, pressed, press }) => {
        const made = button(action, short ?? label, { kind: 'tool', drawing, name: short ? `${short}, ${label}` : undefined, press });
        if (pressed !== undefined) made.setAttribute('aria-pressed', String(pressed));
        return made;
      }),
    ),
  );
}

/** @param {string} text @param {number} at from 1 @param {number} of */
export function progress(text, at, of) {
  const bars = Array.from({ length: of }, (_, index) => element('span', { class: index < at ? 'bar bar-done' : 'bar' }));
  return element(
    'div',
    { class: 'progress', 'data-step': String(at), 'data-steps': String(of) },
    element('p', { class: 'progress-text' }, text),
    element('div', { class: 'progress-bars', 'aria-hidden': 'true' }, bars),
  );
}

/**
 * The site's way from here: one step a line, an arrow where the site gave one.
 * @param {import('./types.js').Guidance['way']} way
 * @param {string} title
 * @param {string} language in which the site wrote it
 */
export function directions(way, title, language) {
  if (!way.length) return null;
  return element(
    'section',
    { class: 'directions', 'aria-label': title },
    element('h2', { class: 'directions-title' }, title),
    element('ol', { lang: language, dir: 'auto' }, way.map(({ arrow, text }) =>
      element('li', { class: 'step' }, icon(arrow || 'place'), element('span', {}, text)))),
  );
}

/** @param {string} drawing @param {string} tone good, calm or warn */
export function emblem(drawing, tone) {
  return element('div', { class: `emblem emblem-${tone}` }, icon(drawing));
}
