import { MAX_ACTION_BYTES, isActionText, parseAction } from './action.ts';
import type { Action } from './action.ts';
import { isObjectName } from './names.ts';
import type { FindingCode } from './report.ts';
import { AuditsealError } from '../errors.ts';
import { formatHash, parseHash } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { MAX_JSON_DEPTH, isJsonObject, parseJsonObject } from '../jsonObject.ts';
import { splitSigned } from '../signed/documentSignature.ts';
import { decodeText, isTime } from '../text.ts';

/**
 * ACKNOWLEDGEABLE are the codes of findings that an operator may acknowledge: what is gone and says so itself, what counts for
 * nothing, what only somebody can tell, and the silence of a partition, which may have gone with its hub. What says that
 * evidence is changed or contradicts itself is not among them, nor what always goes once it is mended. docs/format.md, section
 * 10.6.
 */
export const ACKNOWLEDGEABLE = [
  'sequence-gap',
  'hub-recreated',
  'foreign-object',
  'cosignature-invalid',
  'clock-ahead',
  'action-unfinished',
  'partition-silent',
] as const satisfies readonly FindingCode[];
export type AcknowledgeableCode = (typeof ACKNOWLEDGEABLE)[number];

/** AcknowledgedFinding says which finding is meant, and as what the object was seen. */
export interface AcknowledgedFinding {
  readonly code: AcknowledgeableCode;
  /** name of the object that the finding is about */
  readonly object: string;
  /** SHA-256 of its stored bytes; null for what nobody can read */
  readonly sha256: Hash | null;
}

/**
 * Acknowledgement is an action by which an operator says that he looked into a finding. It counts if an operator's key signed
 * it.
 */
export interface Acknowledgement {
  readonly version: 1;
  readonly kind: 'acknowledge';
  readonly outcome: 'done';
  readonly time: string;
  readonly finding: AcknowledgedFinding;
  readonly who: string;
  readonly why: string;
}

const START = '{"version":1,"kind":"acknowledge",';

const malformed = (why: string): AuditsealError => new AuditsealError('ACTION_MALFORMED', why);

/**
 * formatAcknowledgement prints an acknowledgement without its end: what an operator signs before it is filed. It throws
 * ACTION_MALFORMED for one that can't be read back.
 */
export function formatAcknowledgement(acknowledgement: Acknowledgement): Buffer {
  const unsigned = Buffer.from(print(acknowledgement));
  parseUnsigned(unsigned);
  return unsigned;
}

function print({ version, kind, outcome, time, finding, who, why }: Acknowledgement): string {
  const { code, object, sha256 } = finding;
  const stated = { code, object, sha256: sha256 && formatHash(sha256) };
  return JSON.stringify({ version, kind, outcome, time, finding: stated, who, why }).slice(0, -1);
}

/**
 * parseFiledAction reads an object of `actions/`: an action on the guard, or an acknowledgement that ends with a signature,
 * whosever that is. It throws ACTION_MALFORMED for everything else.
 */
export function parseFiledAction(bytes: Buffer): Action | Acknowledgement {
  if (bytes.toString('latin1', 0, START.length) !== START) return parseAction(bytes);
  if (bytes.length > MAX_ACTION_BYTES)
    throw malformed(`it has more than the ${MAX_ACTION_BYTES} bytes that an action may have`);
  const document = splitSigned(bytes);
  if (document === undefined) throw malformed('it is an acknowledgement that does not end with a signature');
  return parseUnsigned(document.signed);
}

function parseUnsigned(bytes: Buffer): Acknowledgement {
  const text = decodeText(bytes);
  const it = text === undefined ? undefined : parseJsonObject(`${text}}`);
  if (it === undefined) throw malformed(`it is not a JSON object that nests at most ${MAX_JSON_DEPTH} deep`);
  const { time, who, why } = it;
  if (typeof time !== 'string' || !isTime(time)) throw malformed('it has no valid time');
  if (typeof who !== 'string' || !isActionText(who)) throw malformed('it has no valid who');
  if (typeof why !== 'string' || !isActionText(why)) throw malformed('it has no valid why');
  const finding = findingOf(it['finding']);
  const acknowledgement = { version: 1, kind: 'acknowledge', outcome: 'done', time, finding, who, why } as const;
  if (print(acknowledgement) !== text) throw malformed('it is not printed as this release prints an action');
  return acknowledgement;
}

function findingOf(value: unknown): AcknowledgedFinding {
  const { code: stated, object, sha256: digest } = isJsonObject(value) ? value : {};
  const code = ACKNOWLEDGEABLE.find((one) => one === stated);
  if (code === undefined) throw malformed('it is of no finding that can be acknowledged');
  if (typeof object !== 'string' || !isObjectName(object)) throw malformed('its finding names no object');
  const sha256 = digest === null ? null : parseHash(digest);
  if (sha256 === undefined) throw malformed('its finding has no valid SHA-256');
  return { code, object, sha256 };
}
