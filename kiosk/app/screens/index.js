// @ts-check
/** Every screen by its name. */
import { arrive } from './arrive.js';
import { check } from './check.js';
import { code } from './code.js';
import { details } from './details.js';
import { done } from './done.js';
import { goodbye } from './goodbye.js';
import { host } from './host.js';
import { idDocument } from './id-document.js';
import { language } from './language.js';
import { notice } from './notice.js';
import { pairing } from './pairing.js';
import { photo } from './photo.js';
import { signOut } from './sign-out.js';
import { unavailable } from './unavailable.js';
import { visitType } from './visit-type.js';
import { welcome } from './welcome.js';

/** @type {Record<string, (kiosk: import('../kiosk.js').Kiosk) => import('../frame.js').Screen>} */
export const SCREENS = {
  pairing,
  unavailable,
  welcome,
  language,
  'visit-type': visitType,
  details,
  host,
  notice,
  'id-document': idDocument,
  photo,
  code,
  arrive,
  check,
  done,
  'sign-out': signOut,
  goodbye,
};
