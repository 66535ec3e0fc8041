import { AuditsealError } from '../core/errors.ts';
import { formatHash, parseHash } from '../core/hash.ts';
import { parseJsonObject } from '../core/jsonObject.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { joinSigned } from '../core/signed/documentSignature.ts';
import { openPositionSignature, positionMessage } from '../core/signed/positionSignature.ts';
import { decodeText, isTime } from '../core/text.ts';
import type { ForwardTarget } from '../ports/forward.ts';
import type { Signer } from '../ports/signing.ts';

/** Position is how far a ledger's records are forwarded. */
export interface Position {
  /** the largest tree that was seen: the log must go on from it */
  readonly seen: TreeHead;
  /** the rule whose table has the rows: with another one, none of this holds */
  readonly target: ForwardTarget;
  /** entries of the log up to the end of the last batch that is forwarded as a whole */
  readonly batch: number;
  /** number of the next entry, in the batch behind */
  readonly next: number;
  /** how many records of that entry's segment are forwarded already */
  readonly record: number;
  /** segments without an event from this time on are left out; '' for none: ISO 8601, as FORWARD_FROM said it at the beginning */
  readonly from: string;
  /** numbers of entries whose segments could not be read, those first that are to be tried first */
  readonly owed: readonly number[];
  /** how many records of the first of them are forwarded already */
  readonly owedRecord: number;
  /** how many more there were than `owed` has room for: nobody tries those again */
  readonly omitted: number;
  /** records that the service took in no form */
  readonly refused: number;
  /** the row that says where it begins is taken */
  readonly begun: boolean;
}

/** MAX_OWED bounds the segments that are tried again. */
export const MAX_OWED = 10_000;

/** MAX_POSITION_BYTES bounds a stored position: 256 KiB, where MAX_OWED numbers have room. */
export const MAX_POSITION_BYTES = 256 * 1024;

const VERSION = 1;

/** formatPosition prints a position; the auditor's key signs it, so that nobody else can set it ahead. */
export async function formatPosition(ledger: string, position: Position, signer: Signer): Promise<Buffer> {
  const unsigned = Buffer.from(print(ledger, position));
  const signature = await signer.sign(positionMessage(ledger, unsigned));
  return joinSigned(unsigned, signer.verifierKey, signature);
}

/** print leaves the closing brace to the signature. */
const print = (ledger: string, { seen, target, ...rest }: Position): string => {
  const { batch, next, record, from, owed, owedRecord, omitted, refused, begun } = rest;
  return JSON.stringify({
    version: VERSION,
    ledger,
    size: seen.size,
    root: formatHash(seen.rootHash),
    endpoint: target.endpoint,
    rule: target.rule,
    batch,
    next,
    record,
    from,
    owed,
    owedRecord,
    omitted,
    refused,
    begun,
  }).slice(0, -1);
};

/** contradicted makes the error of a position that can't be one. */
export const contradicted = (why: string): AuditsealError =>
  new AuditsealError('SIGNATURE_INVALID', `the position of forwarding ${why}`);

/**
 * openPosition gives the position that an auditor's key of this ledger signed. It throws SIGNATURE_INVALID for everything else, and
 * VERSION_UNKNOWN for one of another release.
 */
export function openPosition(bytes: Buffer, ledger: string, verifiers: readonly VerifierKey[]): Position {
  const signed = openPositionSignature(bytes, ledger, verifiers);
  if (signed === undefined) throw contradicted("is not signed by this ledger's auditor");
  const text = decodeText(signed);
  const it = text === undefined ? undefined : parseJsonObject(`${text}}`);
  if (it === undefined) throw contradicted('is signed, and no JSON object');
  if (it['version'] !== VERSION)
    throw new AuditsealError('VERSION_UNKNOWN', 'the position of forwarding is of another version of this program');
  const position = read(it);
  if (position === undefined || print(ledger, position) !== text)
    throw contradicted('is signed, and not as this program prints it');
  return position;
}

function read(it: Readonly<Record<string, unknown>>): Position | undefined {
  const { size, endpoint, rule, batch, next, record, from, owed, owedRecord, omitted, refused, begun } = it;
  const rootHash = parseHash(it['root']);
  const isList = Array.isArray(owed) && owed.length <= MAX_OWED && owed.every(isCount);
  if (rootHash === undefined || !isList || typeof endpoint !== 'string' || typeof rule !== 'string') return undefined;
  if (typeof from !== 'string' || (from !== '' && !isTime(from))) return undefined;
  if (!isCount(size) || !isCount(batch) || !isCount(next) || !isCount(record)) return undefined;
  if (!isCount(owedRecord) || !isCount(omitted) || !isCount(refused)) return undefined;
  if (typeof begun !== 'boolean') return undefined;
  if (batch > next || next > size || owed.some((entry) => entry >= next)) return undefined;
  // Records are forwarded of a segment only if there is one.
  if ((record > 0 && next === size) || (owedRecord > 0 && owed.length === 0)) return undefined;
  const target = { endpoint, rule };
  return { seen: { size, rootHash }, target, batch, next, record, from, owed, owedRecord, omitted, refused, begun };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
