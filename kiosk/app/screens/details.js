// @ts-check
/** Name, company and e-mail: one page, one field for the whole name. */
import { button } from '../elements.js';
import { textField } from '../fields.js';
import { companyFault, emailFault, nameFault } from '../validation.js';
import { faultText, focusFault, keepFaults } from './faults.js';

const FIELDS = ['name', 'company', 'email'];

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

  function submit() {
    const clean = keepFaults(visitor, FIELDS, {
      name: nameFault(visitor.name),
      company: fields.company === 'off' ? null : companyFault(visitor.company, fields.company),
      email: fields.email === 'off' ? null : emailFault(visitor.email, fields.email),
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
    ],
    actions: [button('continue', t('continue'), { kind: 'primary', drawing: 'forward', after: true, submit: true })],
  };
}
