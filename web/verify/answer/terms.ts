import { concat, hexBytes, toHex, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { climb, leafHash, sha256 } from '../merkle.ts';
import type { Unit } from './manifest.ts';
import { RULES } from './query.ts';
import type { Query } from './query.ts';
import { rowsAsked } from './rows.ts';
import type { Row } from './rows.ts';

/** TermLeaf is a leaf of a unit's tree: a term's key, the SHA-256 of its postings, and its inclusion proof. */
export interface TermLeaf {
  readonly key: string;
  readonly postings: string;
  readonly index: number;
  readonly hashes: readonly string[];
}

/** Term is a term of which an answer proves that a unit has it, or, by the leaves before and behind it, that it hasn't. */
export type Term = PresentTerm | AbsentTerm;

interface PresentTerm {
  readonly key: string;
  readonly index: number;
  readonly hashes: readonly string[];
  readonly postings: Bytes;
}

interface AbsentTerm {
  readonly key: string;
  readonly before: TermLeaf | null;
  readonly after: TermLeaf | null;
}

const invalid = (why: string): Fault => new Fault('PROOF_INVALID', why);

/**
 * keyOf gives the key of a term, in hex: 8 bytes of a hash, whose highest bit tells the fields of the index's own, which begin
 * with an underscore, from those of records.
 */
async function keyOf(field: string, value: string): Promise<string> {
  const key = hexBytes((await sha256(utf8(`${RULES}\0${field}\0${value}`))).slice(0, 16));
  key[0] = ((key[0] ?? 0) % 128) + (field.startsWith('_') ? 128 : 0);
  return toHex(key);
}

/** rowsKey gives the key of a block of rows. */
export const rowsKey = (block: number): Promise<string> => keyOf('_segments', String(block));

/** NamedTerm is a term that is looked for, and its key. */
export interface NamedTerm {
  readonly name: string;
  readonly key: string;
}

/** Wanted is what each unit has to show of a query, but for its blocks of rows. */
export interface Wanted {
  /** of each field the terms of its values */
  readonly fields: readonly (readonly NamedTerm[])[];
  /** what no field finds; the first two are not shown where there are no terms */
  readonly beside: Readonly<Record<'notJson' | 'noFields' | 'unindexed', NamedTerm>>;
  readonly keys: ReadonlyMap<string, NamedTerm>;
  /** whether a segment reaches into the interval, and is of a partition that is asked for */
  readonly isAsked: (row: Row) => boolean;
}

/** wantedOf gives what each unit has to show of a query. */
export async function wantedOf(query: Query): Promise<Wanted> {
  const { terms } = query;
  const named = async (field: string, value: string): Promise<NamedTerm> => ({
    name: value === '' ? field : `${field} ${JSON.stringify(value.slice(0, 100))}`,
    key: await keyOf(field, value),
  });
  const fields: NamedTerm[][] = [];
  for (const { field, values } of terms) {
    const all: NamedTerm[] = [];
    for (const value of values) all.push(await named(field, value));
    fields.push(all);
  }
  const beside = {
    notJson: await named('_notJson', ''),
    noFields: await named('_noFields', ''),
    unindexed: await named('_unindexed', ''),
  };
  const shown = terms.length === 0 ? [beside.unindexed] : [...fields.flat(), ...Object.values(beside)];
  return { fields, beside, keys: new Map(shown.map((term) => [term.key, term])), isAsked: rowsAsked(query) };
}

/** Proved is the terms that a unit shows, by key: the postings of each, undefined where it hasn't the term. */
export type Proved = ReadonlyMap<string, Bytes | undefined>;

/**
 * proveTerms verifies by a unit's root which terms it has and which not, and that each that is wanted is among them. It throws
 * PROOF_INVALID.
 */
export async function proveTerms(unit: Unit, what: string, terms: readonly Term[], wanted: Wanted): Promise<Proved> {
  const proved = new Map<string, Bytes | undefined>();
  let last = '';
  for (const term of terms) {
    const { key } = term;
    const name = wanted.keys.get(key)?.name ?? `the term with key ${key}`;
    if (key <= last) throw invalid(`${what}: its terms are not in ascending order of keys, at ${name}`);
    last = key;
    if ('postings' in term) {
      await proveLeaf(unit, { ...term, postings: await sha256(term.postings) }, `${what}: the postings of ${name}`);
      proved.set(key, term.postings);
    } else {
      await proveAbsence(unit, term, `${what}: the absence of ${name}`);
      proved.set(key, undefined);
    }
  }
  for (const { key, name } of wanted.keys.values())
    if (!proved.has(key)) throw invalid(`${what}: it says nothing of ${name}`);
  return proved;
}

/** The data of a leaf is the key, and the SHA-256 of the postings. */
async function proveLeaf(
  { terms, root }: Unit,
  { key, postings, index, hashes }: TermLeaf,
  what: string,
): Promise<void> {
  const climbed = await climb(
    { index, size: terms, hashes },
    await leafHash(concat(hexBytes(key), hexBytes(postings))),
  );
  if (climbed?.root !== root) throw invalid(`${what}: a leaf does not lead to the unit's root`);
}

/** A term is in no tree in which the leaf before it and the leaf behind it are neighbours. */
async function proveAbsence(unit: Unit, { key, before, after }: AbsentTerm, what: string): Promise<void> {
  if (before === null && after === null) throw invalid(`${what} is shown by no leaf`);
  if (before !== null) {
    if (before.key >= key) throw invalid(`${what} is shown by a leaf that does not stand before it`);
    await proveLeaf(unit, before, what);
  }
  if (after !== null) {
    if (after.key <= key) throw invalid(`${what} is shown by a leaf that does not stand behind it`);
    await proveLeaf(unit, after, what);
  }
  if (before === null && after?.index !== 0) throw invalid(`${what} lacks the leaf before it`);
  if (after === null && before?.index !== unit.terms - 1) throw invalid(`${what} lacks the leaf behind it`);
  if (before !== null && after !== null && after.index !== before.index + 1)
    throw invalid(`${what} is shown by two leaves that are not neighbours`);
}
