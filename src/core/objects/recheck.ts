import { randomBytes } from 'node:crypto';
import type { Finding, Report } from './report.ts';
import { MAX_REPORT_BYTES } from './reportFile.ts';
import type { Auditors } from './reportFile.ts';
import { isReport } from './reportShape.ts';
import { FINDINGS, UNREADABLE, count, hash, listOf, objectOf, oneOf, partition, text, time } from './shapes.ts';
import type { Check } from './shapes.ts';
import type { StatedTree } from './statedTree.ts';
import { AuditsealError } from '../errors.ts';
import { isJsonObject, parseJson } from '../jsonObject.ts';
import { documentMessage, isSignedBy, splitSigned } from '../signed/documentSignature.ts';
import { auditorName } from '../signed/reportSignature.ts';

/** IndexRange is the indices of a partition from `first` on, before `next`. */
export interface IndexRange {
  readonly partition: string;
  readonly first: number;
  readonly next: number;
}

/** PlannedSlice is what one message of a recheck is about: whole batches of the log, and the segments that they took in. */
export interface PlannedSlice {
  /** entries of the log, from `from` on, before `to` */
  readonly from: number;
  readonly to: number;
  /** by those entries: how many segments there are, how many bytes they have stored, and where they stand */
  readonly segments: number;
  readonly bytes: number;
  readonly ranges: readonly IndexRange[];
}

/** RecheckPlan is what a pass of a sliced recheck is made of. Its slices follow each other from the log's first entry on. */
export interface RecheckPlan {
  readonly version: 1;
  readonly kind: 'plan';
  readonly ledger: string;
  /** what tells passes apart; see newPass */
  readonly pass: string;
  readonly begun: string;
  /** by which checkpoint of the log it was made */
  readonly log: StatedTree;
  readonly slices: readonly PlannedSlice[];
}

/** PartialResult is what came of one slice. The segments in it that are what the log says are in a file beside it. */
export interface PartialResult {
  readonly version: 1;
  readonly kind: 'partial';
  readonly ledger: string;
  readonly pass: string;
  /** number of the slice in the plan, from 0, and its entries of the log */
  readonly slice: number;
  readonly from: number;
  readonly to: number;
  /** under which tree the entries were read */
  readonly log: StatedTree;
  /** when its first segment was asked for, and its last one was hashed */
  readonly started: string;
  readonly finished: string;
  /** how many segments have entries there, and how many of them are what these say */
  readonly segments: number;
  readonly confirmed: number;
  /** SHA-256 of the file with the confirmed ones */
  readonly rehashed: string;
  readonly findings: readonly Finding[];
  readonly unreadable: readonly { readonly object: string; readonly why: string }[];
}

/** JoinedPart is how far the slices of a pass were joined, by runs that ended before they were through. */
export interface JoinedPart {
  readonly version: 1;
  readonly kind: 'joined';
  readonly ledger: string;
  readonly pass: string;
  /** what was found and counted up to the newest checkpoint that it knows, from which the next run goes on */
  readonly report: Report;
}

const TREE: Check = objectOf({ size: count, root: hash });

const PLAN: Check = objectOf({
  version: oneOf(1),
  kind: oneOf('plan'),
  ledger: text,
  pass: text,
  begun: time,
  log: TREE,
  slices: listOf(
    objectOf({
      from: count,
      to: count,
      segments: count,
      bytes: count,
      ranges: listOf(objectOf({ partition, first: count, next: count })),
    }),
  ),
});

const PARTIAL: Check = objectOf({
  version: oneOf(1),
  kind: oneOf('partial'),
  ledger: text,
  pass: text,
  slice: count,
  from: count,
  to: count,
  log: TREE,
  started: time,
  finished: time,
  segments: count,
  confirmed: count,
  rehashed: hash,
  findings: FINDINGS,
  unreadable: UNREADABLE,
});

const JOINED: Check = objectOf({
  version: oneOf(1),
  kind: oneOf('joined'),
  ledger: text,
  pass: text,
  report: isReport,
});

const PASS = /^\d{8}T\d{9}Z-[0-9a-f]{16}$/;
/** MAX_SLICES is how many slices a pass may have: their names have six digits. */
const MAX_SLICES = 999_999;

const compact = (time: string): string => time.replaceAll(/[-:.]/g, '');

/** newPass names a pass: by when it began (ISO 8601), so that names stand in that order, and 16 hex digits that nobody can foresee. */
export const newPass = (begun: string): string => `${compact(begun)}-${randomBytes(8).toString('hex')}`;

export const planName = (pass: string): string => `${pass}/plan.json`;
export const joinedName = (pass: string): string => `${pass}/joined.json`;
export const partialName = (pass: string, slice: number): string => `${pass}/${String(slice).padStart(6, '0')}.json`;
export const rehashedName = (pass: string, slice: number): string => `${partialName(pass, slice)}l.zst`;

/** isResultName tells whether a name may be that of a slice's result, or of the file beside it: the others are somebody else's. */
export const isResultName = (name: string): boolean => /\/\d{6}\.json(l\.zst)?$/.test(name);

/** parsePlanName gives the pass that a name is the plan of, or undefined. */
export function parsePlanName(name: string): string | undefined {
  const pass = name.endsWith('/plan.json') ? name.slice(0, -'/plan.json'.length) : '';
  return PASS.test(pass) ? pass : undefined;
}

const PREFIX = '{"recheck":';

/** formatRecheck prints a document without an end: what an auditor signs, as recheckMessage says. */
export const formatRecheck = (document: RecheckPlan | PartialResult | JoinedPart): Buffer =>
  Buffer.from(`${PREFIX}${JSON.stringify(document)}`);

/** recheckMessage is the text that an auditor's key signs. Its second line is of no other document, so none passes for another. */
export const recheckMessage = (ledger: string, name: string, signed: Uint8Array): string =>
  documentMessage(auditorName(ledger), 'recheck', name, signed);

/**
 * openPlan reads the plan of a pass, and throws FOREIGN_OBJECT for what no auditor's key of the ledger signed under its name, and
 * REPORT_MALFORMED for what one signed and this program did not print.
 */
export function openPlan(bytes: Buffer, pass: string, auditors: Auditors): RecheckPlan {
  const plan = open(bytes, planName(pass), auditors, PLAN) as RecheckPlan;
  const { slices } = plan;
  const follows = slices.every(({ from, to }, i) => from === (slices[i - 1]?.to ?? 0) && to > from);
  if (plan.pass !== pass || compact(plan.begun) !== pass.slice(0, pass.indexOf('-')) || !follows)
    throw malformed('the plan is of another pass, or its slices do not follow each other');
  return plan;
}

/** openPartial reads the result of a slice of a plan, and throws as openPlan does; of another slice or pass it throws REPORT_MALFORMED. */
export function openPartial(
  bytes: Buffer,
  { pass, slices }: RecheckPlan,
  slice: number,
  auditors: Auditors,
): PartialResult {
  const partial = open(bytes, partialName(pass, slice), auditors, PARTIAL) as PartialResult;
  const planned = slices[slice];
  const isOf = partial.pass === pass && partial.slice === slice;
  if (!isOf || partial.from !== planned?.from || partial.to !== planned.to)
    throw malformed('the partial result is of another slice');
  return partial;
}

/** openJoined reads how far the slices of a pass were joined, and throws as openPlan does. */
export function openJoined(bytes: Buffer, pass: string, auditors: Auditors): JoinedPart {
  const joined = open(bytes, joinedName(pass), auditors, JOINED) as JoinedPart;
  if (joined.pass !== pass) throw malformed('what was joined is of another pass');
  return joined;
}

const malformed = (why: string): AuditsealError => new AuditsealError('REPORT_MALFORMED', why);

function open(bytes: Buffer, name: string, { ledger, verifiers }: Auditors, shape: Check): unknown {
  if (bytes.length > MAX_REPORT_BYTES) throw malformed('it has more bytes than such a document may have');
  const document = splitSigned(bytes);
  const isSigned =
    document !== undefined &&
    verifiers.some(
      (key) =>
        key.keyName === auditorName(ledger) && isSignedBy(key, document, recheckMessage(ledger, name, document.signed)),
    );
  if (!isSigned) throw new AuditsealError('FOREIGN_OBJECT', 'no trusted auditor’s key signed it under this name');
  const value = parseJson(document.signed.toString('utf8', PREFIX.length));
  const isWhole = shape(value) && formatRecheck(value as RecheckPlan).equals(document.signed);
  if (!isWhole || !isJsonObject(value) || value['ledger'] !== ledger)
    throw malformed('it is of another ledger or version, or was not written by this program');
  return value;
}

/** SliceMessage is what a message of the queue names. Nothing in it is believed: it says where to look. */
export interface SliceMessage {
  readonly pass: string;
  readonly slice: number;
}

export const formatMessage = ({ pass, slice }: SliceMessage): string => JSON.stringify({ pass, slice });

/** parseMessage gives what a message names, as its text or, from a host that parsed it, its JSON; undefined for one that names no slice. */
export function parseMessage(message: unknown): SliceMessage | undefined {
  const named = typeof message === 'string' ? parseJson(message) : message;
  if (!isJsonObject(named)) return undefined;
  const { pass, slice } = named;
  const isNamed = typeof pass === 'string' && PASS.test(pass) && count(slice) && (slice as number) < MAX_SLICES;
  return isNamed ? { pass, slice: slice as number } : undefined;
}
