import type { TermKey } from './termKey.ts';
import { termLeaf } from './unit.ts';
import { AuditsealError } from '../errors.ts';
import { leafHash, sha256 } from '../hash.ts';
import { verifyInclusion } from '../merkle/proof.ts';
import type { TreeHead } from '../merkle/tree.ts';
import type { ProvedLeaf, ProvedTerm } from '../objects/answer.ts';

/** OpenedTerms is terms that a unit's tree is proved to have, with their postings, and not to have: undefined. */
export type OpenedTerms = ReadonlyMap<TermKey, Buffer | undefined>;

const refuted = (why: string): AuditsealError => new AuditsealError('PROOF_INVALID', why);

/** openTerms proves terms, which come in ascending order of keys, and throws PROOF_INVALID. */
export function openTerms(terms: readonly ProvedTerm[], tree: TreeHead): OpenedTerms {
  const opened = new Map<TermKey, Buffer | undefined>();
  let last = '';
  for (const term of terms) {
    if (term.key <= last) throw refuted('terms of a unit are out of order');
    last = term.key;
    opened.set(term.key, openTerm(term, tree));
  }
  return opened;
}

function openTerm(term: ProvedTerm, tree: TreeHead): Buffer | undefined {
  if ('before' in term) {
    proveAbsence(term, tree);
    return undefined;
  }
  const { key, index, hashes, postings } = term;
  proveLeaf({ key, index, hashes, postings: sha256(postings) }, tree);
  return postings;
}

function proveLeaf({ key, postings, index, hashes }: ProvedLeaf, { size, rootHash }: TreeHead): void {
  if (!verifyInclusion({ index, size, hashes }, leafHash(termLeaf(key, postings)), rootHash))
    throw refuted("a term is not proved to be in its unit's tree");
}

/** proveAbsence demands two leaves side by side, before the key and behind it; at the beginning and the end one. */
function proveAbsence({ key, before, after }: Extract<ProvedTerm, { before: unknown }>, tree: TreeHead): void {
  if (before !== null) proveLeaf(before, tree);
  if (after !== null) proveLeaf(after, tree);
  const isBetween = (before === null || before.key < key) && (after === null || key < after.key);
  const next = before === null ? 0 : before.index + 1;
  const isAdjacent = next === (after === null ? tree.size : after.index);
  if (!isBetween || !isAdjacent)
    throw refuted('that a unit lacks a term is not proved: its neighbours are not side by side');
}
