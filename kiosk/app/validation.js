// @ts-check
/** What can be said about an answer before the server is asked. Each rule gives a message key or null. */

const MOST_NAME = 200;
const MOST_EMAIL = 254;
const MOST_NUMBER = 40;

/** Counted as people count: by code point. @param {string} text */
const lengthOf = (text) => [...text.trim().normalize('NFC')].length;

/** Any script, one letter to 200. @param {string} name */
export function nameFault(name) {
  if (!lengthOf(name)) return 'name_empty';
  return lengthOf(name) > MOST_NAME ? 'name_too_long' : null;
}

/** @param {string} company @param {import('./types.js').Need} need */
export function companyFault(company, need) {
  if (need === 'required' && !lengthOf(company)) return 'company_missing';
  return lengthOf(company) > MOST_NAME ? 'too_long' : null;
}

/** @param {string} email @param {import('./types.js').Need} need */
export function emailFault(email, need) {
  const text = email.trim();
  if (!text) return need === 'required' ? 'email_missing' : null;
  if (text.length > MOST_EMAIL) return 'too_long';
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/u.test(text) ? null : 'email_wrong';
}

/** @param {string} text */
export function last4Fault(text) {
  return /^[\p{L}\p{N}]{4}$/u.test(text.trim()) ? null : 'last4_wrong';
}

/** @param {string} number */
export function numberFault(number) {
  const length = lengthOf(number);
  return length >= 1 && length <= MOST_NUMBER ? null : 'number_missing';
}

/**
 * A calendar day as YYYY-MM-DD, or null when there is no such day.
 * @param {string} day
 * @param {string} month
 * @param {string} year
 */
export function dayOf(day, month, year) {
  if (!/^\d{1,2}$/.test(day) || !/^\d{1,2}$/.test(month) || !/^\d{4}$/.test(year)) return null;
  const text = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const read = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(text) ? text : null;
}
