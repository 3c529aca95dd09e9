// @ts-check
/** Everything the visitor said, once more, each with its way back; then the sign-in itself. */
import { button, element, icon, isolated } from '../elements.js';
import { alertBox, textField } from '../fields.js';
import { base64 } from '../encoding.js';
import { inLanguage, stepOfField, stepsOf, visitTypeOf } from '../steps.js';
import { dayOf, emailFault } from '../validation.js';
import { documentName } from './id-document.js';
import { faultText, focusFault, keepFaults } from './faults.js';

/** @typedef {import('../kiosk.js').Kiosk} Kiosk */

/** @param {Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function check(kiosk) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  visitor.changing = false;
  const send = button('submit', visitor.sending ? t('check.sending') : t('check.send'), { kind: 'primary', drawing: 'check', submit: true });
  send.disabled = visitor.sending;
  const trouble = faultText(kiosk, 'sign_in');
  return {
    shown: () => {
      // Whoever has a code has said on the first screen that all is right.
      if (visitor.pass && !trouble && !visitor.sending) void submit(kiosk);
    },
    heading: t('check.heading'),
    lead: t('check.lead'),
    submit: () => void submit(kiosk),
    content: [
      trouble ? alertBox(trouble, kiosk.reception()) : null,
      element('dl', { class: 'answers' }, rowsOf(kiosk).map((row) => answerRow(kiosk, row))),
      !visitor.pass && kiosk.config().remember_days ? remembering(kiosk) : null,
    ],
    actions: [send],
  };
}

/**
 * "Remember me": never ticked beforehand, and the personal code needs an address.
 * @param {Kiosk} kiosk
 */
function remembering(kiosk) {
  const { visitor } = kiosk;
  const { t, plural } = kiosk.i18n;
  const address = textField({
    name: 'remember_email', label: t('remember.email'), help: t('remember.email_help'), type: 'text', inputmode: 'email',
    value: visitor.rememberEmail || visitor.email, fault: faultText(kiosk, 'remember_email'), most: 400,
    change: (value) => {
      visitor.rememberEmail = value;
      delete visitor.faults.remember_email;
    },
  });
  address.hidden = !visitor.remember;
  const box = element('button', {
    type: 'button', class: 'switch', role: 'checkbox', 'data-action': 'remember', 'aria-checked': String(visitor.remember),
    on: {
      click: () => {
        visitor.remember = !visitor.remember;
        visitor.rememberEmail ||= visitor.email;
        box.setAttribute('aria-checked', String(visitor.remember));
        address.hidden = !visitor.remember;
        if (visitor.remember) address.scrollIntoView({ block: 'nearest' });
      },
    },
  }, element('span', {}, t('remember.box')), element('span', { class: 'switch-track', 'aria-hidden': 'true' }));
  return element('div', { class: 'field' }, box, element('p', { class: 'field-help' }, plural('remember.text', kiosk.config().remember_days)), address);
}

/** @typedef {{field: string, label: string, step: string, shown: Node}} Row */

/** @param {Kiosk} kiosk @returns {Row[]} */
function rowsOf(kiosk) {
  const { visitor, i18n } = kiosk;
  const { t } = i18n;
  const type = kiosk.visitType();
  const steps = stepsOf(kiosk.config(), visitor);
  const title = inLanguage(type.names, i18n.language(), kiosk.config().default_language).text ?? '';
  /** @param {string} text */
  const value = (text) => (text.trim() ? isolated(text.trim()) : element('span', { class: 'nothing' }, t('check.nothing')));
  /** @type {(Row | false)[]} */
  const rows = [
    steps.includes('photo') && { field: 'photo', label: t('photo.label'), step: 'photo', shown: portrait(kiosk) },
    Boolean(visitor.pass) && { field: 'name', label: t('details.name'), step: 'arrive', shown: value(visitor.pass?.name ?? '') },
    !visitor.pass && { field: 'name', label: t('details.name'), step: 'details', shown: value(visitor.name) },
    visitor.preferredName.trim() !== '' && { field: 'preferred_name', label: t('details.preferred'), step: 'details', shown: value(visitor.preferredName) },
    !visitor.pass && type.fields.company !== 'off' && { field: 'company', label: t('details.company'), step: 'details', shown: value(visitor.company) },
    !visitor.pass && type.fields.email !== 'off' && { field: 'email', label: t('details.email'), step: 'details', shown: value(visitor.email) },
    type.fields.host !== 'off' && { field: 'host', label: t('host.label'), step: visitor.pass ? 'arrive' : 'host', shown: value(visitor.host?.name ?? t('check.host_unknown')) },
    steps.includes('visit-type') && { field: 'visit-type', label: t('check.type'), step: 'visit-type', shown: isolated(title) },
    steps.includes('id-document') && { field: 'id-document', label: t('check.id'), step: 'id-document', shown: element('span', {}, idText(kiosk)) },
  ];
  return rows.filter((row) => row !== false);
}

/** @param {Kiosk} kiosk @param {Row} row */
function answerRow(kiosk, row) {
  const { t } = kiosk.i18n;
  const change = button('change', t('check.change'), {
    kind: 'small',
    name: t('check.change_what', { what: row.label }),
    press: () => {
      kiosk.visitor.changing = true;
      kiosk.go(row.step);
    },
  });
  change.dataset.field = row.field;
  change.disabled = kiosk.visitor.sending;
  return element(
    'div', { class: 'answer', 'data-answer': row.field },
    element('dt', {}, row.label), element('dd', { class: 'answer-value' }, row.shown), element('dd', { class: 'answer-change' }, change),
  );
}

/** @param {Kiosk} kiosk */
function portrait(kiosk) {
  const { visitor } = kiosk;
  if (visitor.photoUrl) return element('img', { src: visitor.photoUrl, alt: kiosk.i18n.t('photo.alt'), class: 'answer-photo' });
  return element('span', { class: 'nothing' }, icon('person'), kiosk.i18n.t('check.no_photo'));
}

/** Numbers of documents are not shown again to those who stand behind. @param {Kiosk} kiosk */
function idText(kiosk) {
  const { mode } = kiosk.visitType().id_step;
  const { id } = kiosk.visitor;
  if (mode === 'last4') return '••••';
  if (mode === 'full') return `${documentName(kiosk, id.type)} · ••••${[...id.number.trim()].slice(-2).join('')}`;
  return kiosk.i18n.t('check.id_seen');
}

/** @param {Kiosk} kiosk */
function idAnswer(kiosk) {
  const { mode } = kiosk.visitType().id_step;
  const { id } = kiosk.visitor;
  if (mode === 'last4') return { mode, last4: id.last4.trim() };
  if (mode === 'full') {
    return { mode, type: id.type, number: id.number.trim(), country: id.country, expires_on: dayOf(id.day, id.month, id.year) };
  }
  return null;
}

/** @param {Kiosk} kiosk */
async function bodyOf(kiosk) {
  const { visitor } = kiosk;
  const { fields, photo, id } = kiosk.visitType();
  const picture = photo === 'off' ? null : visitor.photo;
  const person = visitor.pass ? { code: visitor.code.trim() } : {
    visit_type_id: id,
    name: visitor.name.trim(),
    preferred_name: visitor.preferredName.trim(),
    pronunciation: visitor.pronunciation.trim(),
    company: fields.company === 'off' ? '' : visitor.company.trim(),
    email: fields.email === 'off' ? '' : visitor.email.trim(),
    remember_email: visitor.remember ? visitor.rememberEmail.trim() : '',
  };
  return {
    ...person,
    client_id: visitor.clientId,
    happened_at: kiosk.clock.instant(),
    language: kiosk.i18n.language(),
    host_id: fields.host === 'off' ? null : visitor.host?.id ?? null,
    notice_version_id: visitor.noticeVersionId || null,
    notice_shown_at: visitor.noticeShownAt || null,
    photo: picture ? base64(await picture.arrayBuffer()) : null,
    photo_declined: photo !== 'off' && !picture,
    id_document: idAnswer(kiosk),
  };
}

/** @param {Kiosk} kiosk */
async function submit(kiosk) {
  const { visitor } = kiosk;
  const missing = firstMissing(kiosk);
  if (visitor.sending) return;
  if (visitor.remember && !keepFaults(visitor, ['remember_email'], { remember_email: emailFault(visitor.rememberEmail, 'required') })) {
    focusFault(kiosk, ['remember_email']);
    return;
  }
  if (missing) {
    visitor.changing = true;
    kiosk.go(missing);
    return;
  }
  const same = kiosk.sameVisitor();
  visitor.sending = true;
  delete visitor.faults.sign_in;
  // One id for all tries of this visitor: sent twice, it happens once.
  visitor.clientId ||= kiosk.uuid();
  kiosk.render();
  kiosk.announce(kiosk.i18n.t('check.sending'));
  const outcome = await bodyOf(kiosk).then((body) => kiosk.journal.submit('sign-in', body)).catch(() => null);
  if (!same()) return;
  visitor.sending = false;
  if (outcome && (outcome.state === 'waiting' || outcome.status < 300)) {
    visitor.outcome = outcome;
    kiosk.go('done');
  } else {
    await refused(kiosk, outcome);
  }
}

/** A change of the visit type can ask for what was never asked. @param {Kiosk} kiosk */
function firstMissing(kiosk) {
  const { visitor } = kiosk;
  const { fields, id_step: idStep, photo } = kiosk.visitType();
  const idMissing = (idStep.mode === 'last4' && !visitor.id.last4) || (idStep.mode === 'full' && !visitor.id.number);
  if (visitor.pass) return idMissing ? 'id-document' : null;
  if (!visitor.name.trim() || (fields.company === 'required' && !visitor.company.trim())) return 'details';
  if (fields.email === 'required' && !visitor.email.trim()) return 'details';
  if (fields.host === 'required' && !visitor.host && !visitor.hostUnlisted) return 'host';
  if (idMissing) return 'id-document';
  return photo === 'optional' && !visitor.photo && !visitor.photoDeclined ? 'photo' : null;
}

/** @param {Kiosk} kiosk @param {import('../journal.js').Outcome | null} outcome null when the journal took nothing */
async function refused(kiosk, outcome) {
  const { visitor } = kiosk;
  const same = kiosk.sameVisitor();
  // A notice no longer in force, or a visit type that is gone: the device's settings are old.
  await kiosk.refresh();
  if (!same()) return;
  const fields = Object.entries(outcome?.status === 404 ? gone(kiosk) : outcome?.body?.error?.fields ?? {});
  for (const [field, key] of fields) {
    // The server gives a key, or a sentence where the form itself was wrong.
    visitor.faults[nameOfFault(field)] = { key, message: key.includes(' ') ? key : outcome?.body?.error?.message };
  }
  const asked = fields.length ? stepOfField(fields[0][0]) : 'check';
  const step = visitor.pass && ['notice', 'host'].includes(asked) ? 'arrive' : asked;
  if (step === 'code') visitor.pass = null;
  if (step === 'photo') visitor.keepPhoto(null);
  if (step === 'check') visitor.faults.sign_in = { key: 'not_accepted' };
  else if (!['code', 'arrive'].includes(step)) visitor.changing = true;
  kiosk.go(step);
}

/** What the server no longer knows: the kind of visit, else the host. @param {Kiosk} kiosk @returns {Record<string, string>} */
function gone(kiosk) {
  const { visitor } = kiosk;
  if (!visitTypeOf(kiosk.config(), visitor.visitTypeId)) return { visit_type_id: 'visit_gone' };
  if (!visitor.host) return {};
  visitor.host = null;
  visitor.hostQuery = '';
  return { host_id: 'unknown_host' };
}

/** Parts of the ID document have fields of their own on the screen. @param {string} field */
function nameOfFault(field) {
  const [first, part] = field.split('.');
  if (first !== 'id_document' || !part) return first;
  return part === 'last4' ? 'last4' : `id_${part}`;
}
