// @ts-check
/** Whom the visitor came to see: two letters or more, at most five names, and a way for those who do not know. */
import { button, element, icon, isolated } from '../elements.js';
import { alertBox, faultLine, mended } from '../fields.js';
import { faultText, focusFault, keepFaults } from './faults.js';

const FEWEST_LETTERS = 2;
const MOST_NAMES = 5;
const PAUSE_MS = 250;

/** @typedef {{id: string, name: string}} Host */

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function host(kiosk) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  /** @type {Host[]} */
  let found = [];
  let active = -1;
  let asked = 0;
  /** @type {any} */
  let alarm = null;
  const fault = faultText(kiosk, 'host_id');
  const list = element('ul', { id: 'host-list', class: 'options', role: 'listbox', 'aria-label': t('host.list'), hidden: true });
  const hint = element('p', { class: 'field-help', id: 'help-host', 'aria-live': 'polite' }, t('host.help'));
  const trouble = element('div', { class: 'trouble' });
  const input = element('input', {
    id: 'field-host_id', name: 'host', class: 'input', type: 'text', dir: 'auto', role: 'combobox', value: visitor.hostQuery,
    autocomplete: 'off', autocapitalize: 'words', autocorrect: 'off', spellcheck: 'false', maxlength: 200,
    'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': 'host-list',
    'aria-invalid': fault ? 'true' : null, 'aria-describedby': fault ? 'fault-host_id' : 'help-host',
    on: { input: typed, keydown: pressed },
  });

  function typed() {
    visitor.hostQuery = input.value;
    visitor.host = null;
    visitor.hostUnlisted = false;
    delete visitor.faults.host_id;
    mended(input, 'host_id');
    mark();
    clearTimeout(alarm);
    alarm = setTimeout(() => void look(), PAUSE_MS);
  }

  async function look() {
    const start = visitor.hostQuery.trim();
    const mine = (asked += 1);
    if ([...start].length < FEWEST_LETTERS) {
      offer([], t('host.help'));
      return;
    }
    const answer = await kiosk.api.hosts(start);
    if (mine !== asked) return;
    trouble.replaceChildren();
    if (answer.status === 429) {
      const seconds = Number(answer.body?.error?.retry_after_seconds ?? 2);
      offer([], t('host.slow'));
      alarm = setTimeout(() => void look(), seconds * 1000);
    } else if (answer.status === 200) {
      const hosts = answer.body.hosts.slice(0, MOST_NAMES);
      offer(hosts, hosts.length ? kiosk.i18n.plural('host.found', hosts.length) : t('host.none'));
    } else {
      offer([], '');
      trouble.replaceChildren(alertBox(t('host.unreached'), kiosk.reception()));
    }
  }

  /** @param {Host[]} hosts @param {string} text */
  function offer(hosts, text) {
    found = hosts;
    active = -1;
    hint.textContent = text;
    list.replaceChildren(...hosts.map(option));
    list.hidden = hosts.length === 0;
    input.setAttribute('aria-expanded', String(hosts.length > 0));
    input.removeAttribute('aria-activedescendant');
  }

  /** @param {Host} each @param {number} index */
  function option(each, index) {
    return element(
      'li',
      {
        id: `host-${index}`, role: 'option', class: 'option', 'aria-selected': 'false', 'data-action': 'host',
        'data-host': each.id,
        on: {
          // Keeps the focus, and with it the keyboard of a tablet, in the field.
          pointerdown: (/** @type {Event} */ event) => event.preventDefault(),
          click: () => choose(each),
        },
      },
      icon('person'), isolated(each.name),
    );
  }

  /** @param {Host} each */
  function choose(each) {
    visitor.host = each;
    visitor.hostUnlisted = false;
    visitor.hostQuery = each.name;
    input.value = each.name;
    delete visitor.faults.host_id;
    asked += 1;
    offer([], '');
    mark();
    kiosk.announce(t('host.chosen', { name: each.name }));
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (!found.length) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      active = (active + step + found.length + (active < 0 && step < 0 ? 1 : 0)) % found.length;
      for (const [index, item] of [...list.children].entries()) item.setAttribute('aria-selected', String(index === active));
      input.setAttribute('aria-activedescendant', `host-${active}`);
    } else if (event.key === 'Enter' && active >= 0) {
      event.preventDefault();
      choose(found[active]);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      offer([], t('host.help'));
    }
  }

  const box = element('div', { class: 'combobox' }, icon('search'), input, element('span', { class: 'combobox-tick' }, icon('check')));
  function mark() {
    box.classList.toggle('combobox-chosen', Boolean(visitor.host));
  }
  mark();

  function unlisted() {
    visitor.host = null;
    visitor.hostQuery = '';
    visitor.hostUnlisted = true;
    delete visitor.faults.host_id;
    kiosk.next();
  }

  function submit() {
    const open = !visitor.host && !visitor.hostUnlisted;
    const needed = kiosk.visitType().fields.host === 'required' || visitor.hostQuery.trim() !== '';
    if (keepFaults(visitor, ['host_id'], { host_id: open && needed ? 'host_missing' : null })) kiosk.next();
    else focusFault(kiosk, ['host_id']);
  }

  return {
    heading: t('host.heading'),
    lead: t('host.lead'),
    submit,
    leave: () => {
      asked += 1;
      clearTimeout(alarm);
    },
    shown: () => {
      if (visitor.hostQuery && !visitor.host) void look();
    },
    content: [
      trouble,
      element(
        'div', { class: 'field', 'data-field': 'host' },
        element('label', { for: 'field-host_id', class: 'field-label' }, t('host.label')),
        box, faultLine('host_id', fault), hint, list,
      ),
      button('host-unlisted', t('host.unlisted'), { kind: 'secondary', press: unlisted }),
    ],
    actions: [button('continue', t('continue'), { kind: 'primary', drawing: 'forward', after: true, submit: true })],
  };
}
