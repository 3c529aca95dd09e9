// @ts-check
/** Name, company and e-mail: one page, one field for the whole name. */
import { button, element } from '../elements.js';
import { textField } from '../fields.js';
import { companyFault, emailFault, nameFault } from '../validation.js';
import { faultText, focusFault, keepFaults } from './faults.js';

const FIELDS = ['name', 'company', 'email', 'preferred_name', 'pronunciation'];

/** @param {import('../kiosk.js').Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function details(kiosk) {
  const { visitor, i18n } = kiosk;
  const { t } = i18n;
  const { fields } = kiosk.visitType();

  /** @param {'name' | 'company' | 'email'} name @param {string} label @param {import('../types.js').Need} need @param {object} more */
  const field = (name, label, need, more) =>
    need === 'off'
      ? null
      : textField({
        name, label, value: visitor[name], fault: faultText(kiosk, name), most: 400,
        optional: need === 'optional' ? t('optional') : undefined,
        change: (value) => {
          visitor[name] = value;
          delete visitor.faults[name];
        },
        ...more,
      });

  /** @param {string} name @param {'preferredName' | 'pronunciation'} answer @param {string} label @param {string} help */
  const own = (name, answer, label, help) =>
    textField({
      name, label, help, value: visitor[answer], fault: faultText(kiosk, name), most: 400, optional: t('optional'),
      change: (value) => {
        visitor[answer] = value;
        delete visitor.faults[name];
      },
    });

  function submit() {
    const clean = keepFaults(visitor, FIELDS, {
      name: nameFault(visitor.name),
      company: fields.company === 'off' ? null : companyFault(visitor.company, fields.company),
      email: fields.email === 'off' ? null : emailFault(visitor.email, fields.email),
      preferred_name: companyFault(visitor.preferredName, 'optional'),
      pronunciation: companyFault(visitor.pronunciation, 'optional'),
    });
    if (clean) kiosk.next();
    else focusFault(kiosk, FIELDS);
  }

  return {
    heading: t('details.heading'),
    lead: t('details.lead'),
    submit,
    content: [
      field('name', t('details.name'), 'required', { capitals: 'words', help: t('details.name_help') }),
      field('company', t('details.company'), fields.company, { capitals: 'words' }),
      field('email', t('details.email'), fields.email, { type: 'text', inputmode: 'email' }),
      element(
        'details', { class: 'notice-full', open: Boolean(visitor.preferredName || visitor.pronunciation || visitor.faults.preferred_name) },
        element('summary', { 'data-action': 'more-names' }, t('details.more')),
        own('preferred_name', 'preferredName', t('details.preferred'), t('details.preferred_help')),
        own('pronunciation', 'pronunciation', t('details.pronunciation'), t('details.pronunciation_help')),
      ),
    ],
    actions: [button('continue', t('continue'), { kind: 'primary', drawing: 'forward', after: true, submit: true })],
  };
}
