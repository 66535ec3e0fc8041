import { AuditsealError } from '../errors.ts';
import { parseBase64 } from '../text.ts';
import { isKeyName } from './verifierKey.ts';

/** SignatureLine is one signature under a note: who made it, as the line says, and what. c2sp.org/signed-note. */
export interface SignatureLine {
  readonly keyName: string;
  /** 8 hex digits */
  readonly keyId: string;
  readonly signature: Buffer;
}

/** An em dash and a space. */
const LINE_START = '\u2014 ';
const KEY_ID_BYTES = 4;

const malformed = (why: string): AuditsealError => new AuditsealError('NOTE_MALFORMED', why);

/** formatSignatureLine prints `— name base64(key ID || signature)`, without the LF. */
export function formatSignatureLine({ keyName, keyId, signature }: SignatureLine): string {
  const line = `${LINE_START}${keyName} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}`;
  if (parseSignatureLine(line).keyId !== keyId) throw malformed('the key ID is not 8 lower-case hex digits');
  return line;
}

/** parseSignatureLine is the inverse of formatSignatureLine, and throws NOTE_MALFORMED. It verifies nothing. */
export function parseSignatureLine(line: string): SignatureLine {
  const space = line.indexOf(' ', LINE_START.length);
  const keyName = line.slice(LINE_START.length, Math.max(space, 0));
  const bytes = parseBase64(line.slice(space + 1));
  if (!line.startsWith(LINE_START) || !isKeyName(keyName) || bytes === undefined || bytes.length <= KEY_ID_BYTES) {
    throw malformed('a signature line must be an em dash, a key name, and base64 of key ID and signature');
  }
  return {
    keyName,
    keyId: bytes.toString('hex', 0, KEY_ID_BYTES),
    signature: bytes.subarray(KEY_ID_BYTES),
  };
}
