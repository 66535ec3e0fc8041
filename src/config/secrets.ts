/**
 * What a secret begins with or stands behind: a signer key, a private key in PEM, the signature of a SAS, the key of a
 * function, of a storage account, of an event hub.
 */
const MARKS = /PRIVATE\+KEY|BEGIN [A-Z ]*PRIVATE KEY|sig=|code=|AccountKey=|SharedAccessKey=/i;

/** More often than this nobody encodes a text by accident. */
const MOST_ENCODINGS = 8;

/** holdsSecret tells whether an argument or a setting holds what looks like a secret, also percent-encoded. */
export function holdsSecret(text: string): boolean {
  let decoded = text;
  for (let i = 0; i <= MOST_ENCODINGS; i++) {
    if (MARKS.test(decoded)) return true;
    decoded = decoded.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  }
  return false;
}

/** NO_SECRET says what is wrong with an argument or a setting where no secret belongs. */
export const NO_SECRET =
  'holds a secret or what looks like one (PRIVATE+KEY, sig=, code=, AccountKey= or the like), and is not repeated here';

/** withoutSecret is the one way to repeat text that came from outside: as it is, or not at all. */
export const withoutSecret = (text: string): string => (holdsSecret(text) ? '(a text that holds a secret)' : text);
