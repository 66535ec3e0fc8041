import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { callersPath, readUserFile } from './files.ts';
import { LEDGER_OPTIONS } from './ledgerOptions.ts';
import type { LedgerOptionTable } from './ledgerOptions.ts';
import { formatCount } from './output.ts';
import { targetWithoutSas } from './target.ts';
import { isUrl, unusable, usageError } from './usage.ts';
import { holdsSecret, withoutSecret } from '../config/secrets.ts';
import { isJsonObject, parseJsonObject } from '../core/jsonObject.ts';
import type { JsonObject } from '../core/jsonObject.ts';
import { isKeyName } from '../core/note/verifierKey.ts';
import { LEDGER_NAME_RULE, isLedgerName } from '../core/signed/ledgerName.ts';

const MAX_LIST_BYTES = 1_048_576;
const MAX_LEDGERS = 1000;

/** ListedLedger is one entry of a list of ledgers. docs/operations.md, section "Several ledgers". */
export interface ListedLedger {
  /** where it stands, for messages: the file, the entry and the ledger's name */
  readonly place: string;
  readonly ledger: string;
  /** as the list has it, without the query of a URL, which may hold a SAS */
  readonly target: string;
  /** argumentsOf makes the command line that says the same of this ledger to a command with these options. It throws USAGE. */
  readonly argumentsOf: (table: LedgerOptionTable) => string[];
}

/**
 * readLedgerList reads the list of ledgers that TARGET names; undefined if TARGET is no file. It throws TARGET_INVALID for a file
 * that isn't a list, and USAGE for a list that is wrong.
 */
export async function readLedgerList(path: string): Promise<readonly ListedLedger[] | undefined> {
  if (!(await isFile(path))) return undefined;
  const list = parseList(path, await readUserFile('', path, MAX_LIST_BYTES));
  for (const name of Object.keys(list))
    if (name !== 'ledgers') throw usageError(`${path}: there is no member ${quoted(name)}; expected "ledgers" alone`);
  const entries = list['ledgers'];
  if (!Array.isArray(entries)) throw usageError(`${path}: ledgers: expected an array with an entry for each ledger`);
  if (entries.length === 0 || entries.length > MAX_LEDGERS)
    throw usageError(
      `${path}: ledgers: expected 1 to ${formatCount(MAX_LEDGERS)} entries, got ${formatCount(entries.length)}`,
    );
  const ledgers = entries.map((entry: unknown, i) => parseEntry(path, `${path}: ledgers[${i}]`, entry));
  refuseRepeats(ledgers, 'ledger', ({ ledger }) => ledger);
  refuseRepeats(ledgers, 'target', ({ where }) => where);
  return ledgers;
}

/** A pipe can hold a list too. */
async function isFile(path: string): Promise<boolean> {
  const info = isUrl(path) ? undefined : await stat(callersPath(path)).catch(() => undefined);
  return info?.isDirectory() === false;
}

function parseList(path: string, bytes: Buffer): JsonObject {
  if (bytes.length > MAX_LIST_BYTES)
    throw unusable(`${path} is no list of ledgers: expected at most ${formatCount(MAX_LIST_BYTES)} bytes, got more`);
  const text = textOf(bytes);
  const list = text === undefined ? undefined : parseJsonObject(text);
  if (list !== undefined && Object.hasOwn(list, 'ledgers')) return list;
  throw unusable(
    `${path} is neither a folder nor a URL that begins with http:// or https://, and no list of ledgers: expected a JSON object with the member "ledgers"`,
  );
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A member's name is as long as somebody made it. */
const quoted = (name: string): string => JSON.stringify(withoutSecret(name).slice(0, 64));

interface Entry extends ListedLedger {
  /** what TARGET is the same place as */
  readonly where: string;
}

function parseEntry(path: string, at: string, entry: unknown): Entry {
  if (!isJsonObject(entry)) throw usageError(`${at}: expected an object with the members "target" and "ledger"`);
  const ledger = ledgerIn(at, entry['ledger']);
  const place = `${at} (${ledger})`;
  for (const name of Object.keys(entry))
    if (!isMember(name)) throw usageError(`${place}: there is no member ${quoted(name)}; ${MEMBERS_MEANING}`);
  const stated = textIn(place, 'target', entry['target']);
  const target = fromList(path, stated);
  return {
    place,
    ledger,
    target: targetWithoutSas(stated),
    where: isUrl(target) ? targetWithoutSas(target).replace(/\/+$/, '') : callersPath(target),
    argumentsOf: (table) => [...optionsOf(path, place, entry, table), '--', target],
  };
}

const MEMBERS_MEANING = 'expected "target" and options of one ledger, without their dashes';

const isMember = (name: string): boolean =>
  name === 'target' || name === 'ledger' || Object.values(LEDGER_OPTIONS).some((table) => Object.hasOwn(table, name));

/** Without the name, whoever holds one place could show a copy of another ledger there. */
function ledgerIn(at: string, value: unknown): string {
  if (typeof value !== 'string')
    throw usageError(`${at}: expected the member "ledger": the name that this ledger must have`);
  if (holdsSecret(value) || !isKeyName(value))
    throw usageError(`${at}: ledger: expected the name of a ledger, such as logs.example.com/prod`);
  if (!isLedgerName(value)) throw usageError(`${at}: ledger: ${LEDGER_NAME_RULE}`);
  return value;
}

function textIn(place: string, name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw usageError(`${place}: ${name}: expected a text that isn't empty`);
}

/** A path in a list is from where the list is. */
const fromList = (path: string, value: string): string =>
  isUrl(value) || isAbsolute(value) ? value : join(dirname(path), value);

/** optionsOf leaves out what is an option of another command alone. */
function optionsOf(path: string, place: string, entry: JsonObject, table: LedgerOptionTable): string[] {
  return Object.entries(table).flatMap(([name, { type }]) => {
    if (!Object.hasOwn(entry, name)) return [];
    const value = entry[name];
    if (type === 'texts') {
      if (!Array.isArray(value)) throw usageError(`${place}: ${name}: expected an array of texts`);
      return value.map((one: unknown) => `--${name}=${textIn(place, name, one)}`);
    }
    if (type === 'number') {
      if (typeof value !== 'number') throw usageError(`${place}: ${name}: expected a number`);
      return [`--${name}=${value}`];
    }
    const text = textIn(place, name, value);
    return [`--${name}=${type === 'text' ? text : fromList(path, text)}`];
  });
}

/** Who counts ledgers would count one twice. */
function refuseRepeats(ledgers: readonly Entry[], member: string, keyOf: (entry: Entry) => string): void {
  const seen = new Map<string, Entry>();
  for (const entry of ledgers) {
    const first = seen.get(keyOf(entry));
    if (first !== undefined)
      throw usageError(
        `${entry.place}: ${member} is the same as of ${first.place}; expected one entry for each ledger`,
      );
    seen.set(keyOf(entry), entry);
  }
}
