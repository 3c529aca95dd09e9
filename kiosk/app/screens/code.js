// @ts-check
/** A visitor's code: of an invitation, or the personal one. Held before the camera, scanned, or typed. */
import { button } from '../elements.js';
import { textField } from '../fields.js';
import { isPass } from '../qr.js';
import { listenForScanner } from '../scan.js';
import { stepsOf } from '../steps.js';
import { codeReader } from './code-reader.js';
import { faultText, focusFault, keepFaults } from './faults.js';

/** @typedef {import('../kiosk.js').Kiosk} Kiosk */

/** @param {Kiosk} kiosk @returns {import('../frame.js').Screen} */
export function code(kiosk) {
  const { visitor } = kiosk;
  const { t } = kiosk.i18n;
  const trouble = faultText(kiosk, 'code');
  /** @param {string} text */
  const found = (text) => {
    visitor.code = text;
    reader.say(t('check.sending'));
    void look(kiosk);
  };
  const reader = codeReader(kiosk, {
    show: t('code.show'),
    trouble,
    isOurs: isPass,
    found,
    other: () => {
      reader.say(t('code.another'));
    },
    missing: () => {
      reader.say(t('code.no_camera'));
    },
  });
  /** @type {(() => void) | null} */
  let deaf = null;

  function submit() {
    if (keepFaults(visitor, ['typed_code'], { typed_code: visitor.code.trim() ? null : 'code_missing' })) void look(kiosk);
    else focusFault(kiosk, ['typed_code']);
  }

  return {
    heading: t('code.heading'),
    lead: t('code.lead'),
    submit,
    shown: () => {
      deaf = listenForScanner(isPass, found);
      // A scanner that types has brought a code along; a code that was turned down waits for the visitor.
      if (visitor.code && !trouble && !visitor.faults.typed_code) found(visitor.code);
      else reader.watch();
    },
    leave: () => {
      deaf?.();
      reader.stop();
    },
    content: reader.content(
      textField({
        name: 'typed_code', label: t('code.typed'), help: t('code.typed_help'), value: trouble ? visitor.code : '', most: 40,
        capitals: 'characters', fault: faultText(kiosk, 'typed_code'), change: (value) => {
          visitor.code = value;
          delete visitor.faults.typed_code;
        },
      }),
      { label: t('code.again'), press: () => again(kiosk) },
      button('without-code', t('code.without'), { kind: 'quiet', press: () => without(kiosk) }),
    ),
    actions: [button('continue', t('continue'), { kind: 'primary', drawing: 'forward', after: true, submit: true })],
  };
}

/** @param {Kiosk} kiosk */
function again(kiosk) {
  kiosk.visitor.code = '';
  delete kiosk.visitor.faults.code;
  kiosk.render();
}

/** The ordinary way is always open. @param {Kiosk} kiosk */
export function without(kiosk) {
  const { visitor } = kiosk;
  visitor.pass = null;
  visitor.noPhoto = false;
  visitor.code = '';
  visitor.host = null;
  visitor.visitTypeId = '';
  visitor.faults = {};
  kiosk.go(stepsOf(kiosk.config(), visitor)[0]);
}

/** Asks the server whose code it is; the answer is about the holder alone. @param {Kiosk} kiosk */
async function look(kiosk) {
  const { visitor, i18n } = kiosk;
  const same = kiosk.sameVisitor();
  const { status, body } = await kiosk.api.pass(visitor.code.trim());
  if (!same()) return;
  delete visitor.faults.code;
  if (status !== 200 || !body.name) {
    visitor.pass = null;
    visitor.faults.code = faultOf(kiosk, status, body);
    kiosk.go('code');
    return;
  }
  visitor.pass = body;
  visitor.visitTypeId = body.visit_type_id;
  visitor.host = body.host;
  const spoken = kiosk.config().languages.some((each) => each.code === body.language);
  if (spoken && !visitor.languageChosen && body.language !== i18n.language()) await kiosk.speak(body.language);
  if (same()) kiosk.go('arrive');
}

/** @param {Kiosk} kiosk @param {number} status @param {any} body @returns {import('../state.js').Fault} */
function faultOf(kiosk, status, body) {
  if (status === 429) return { key: 'too_many' };
  if (status !== 200) return { key: 'pass_unreached' };
  const from = body.from_at ? kiosk.i18n.moment(body.from_at, kiosk.config().site) : '';
  return { key: `pass_${body.state}`, values: { from, site: body.site_name ?? '' } };
}
