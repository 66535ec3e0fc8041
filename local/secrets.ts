const MARKS = /PRIVATE\+KEY|BEGIN [A-Z ]*PRIVATE KEY|sig=|code=|AccountKey=|SharedAccessKey=/i;

/** More often than this nobody encodes a text by accident. */
const MOST_ENCODINGS = 8;

/** refusalOfSecrets says which argument of a command line holds a secret, without repeating it; undefined if none does. */
export function refusalOfSecrets(args: readonly string[]): string | undefined {
  const at = args.findIndex(holdsSecret);
  return at < 0 ? undefined : `argument ${at + 1} holds what looks like a secret, and no argument takes one`;
}

function holdsSecret(text: string): boolean {
  let decoded = text;
  for (let i = 0; i <= MOST_ENCODINGS; i++) {
    if (MARKS.test(decoded)) return true;
    decoded = decoded.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  }
  return false;
}
