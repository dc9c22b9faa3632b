/** Finding people's contacts in text; each function's file tells its rules. */
export { extractEmails } from './extract-emails.ts';
export { extractPhones } from './extract-phones.ts';
