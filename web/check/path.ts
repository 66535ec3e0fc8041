import type { Outcome, Step } from '../verify/checkEvidence.ts';
import type { Climb } from '../verify/merkle.ts';
import { shortKey } from '../verify/verifierKey.ts';
import { code, element, untrusted } from './dom.ts';
import { fold } from './fold.ts';
import { part, plural } from './parts.ts';

/** STATES is how the states of a step look, and what they are called. */
export const STATES: Readonly<Record<Step['state'], { readonly tone: string; readonly word: string }>> = {
  holds: { tone: 'verified', word: '\u2713 checked: it fits' },
  fails: { tone: 'violated', word: '\u2717 checked: it fails' },
  open: { tone: 'unverified', word: 'not checked' },
};

/** Trust is where the keys come from: the user, or nobody better than the file itself. */
export type Trust = 'user' | 'file';

/** showPath draws the way from the record to the signature as boxes, with a link between each two. */
export function showPath(outcome: Outcome, trust: Trust): HTMLElement {
  const { seal, entry, checkpoint, entryIndex, linePath, entryPath, signed } = outcome;
  const known = (text: string | undefined): string => text ?? 'can\u2019t be read';
  const link = (name: Step['name'], holds: string, more?: Node): HTMLElement => {
    const { state, why } = outcome.steps.find((step) => step.name === name) as Step;
    const { tone, word } = STATES[state];
    const words = {
      holds,
      fails: sentence(why),
      open: `This could not be checked, because it needs what is at fault elsewhere: ${why}.`,
    }[state];
    return element(
      'li',
      { class: `link ${tone}`, 'data-step': name, 'data-state': state },
      element('span', { class: 'badge' }, word),
      element('p', {}, untrusted(words)),
      ...(more === undefined ? [] : [more]),
    );
  };
  const whose = trust === 'user' ? 'which you gave' : 'which only the file itself names';
  return part(
    'path',
    'From the record to the signature',
    element('p', { class: 'soft small' }, 'The sign \u2016 means that bytes are joined.'),
    element(
      'ol',
      { class: 'path' },
      box(
        seal === undefined ? 'The record' : `The record, number ${seal.record} of partition ${known(entry?.partition)}`,
        'The hash of its line, byte for byte. It is the leaf hash SHA-256(0x00 \u2016 line):',
        outcome.lineHash,
      ),
      link(
        'segment',
        'Joined with the hashes of its neighbours, each time as SHA-256(0x01 \u2016 left \u2016 right), it gives exactly the root of the whole segment.',
        climbs(linePath),
      ),
      box(
        'The segment',
        `A stored block of consecutive records: ${known(entry?.name)}. Its root, as the log\u2019s entry states it:`,
        entry?.root,
      ),
      link('place', 'The numbers that the record states are those of its place in this segment.'),
      box(
        entryIndex === undefined ? "The log's entry" : `Entry ${entryIndex} of the log`,
        'The log lists every segment with its root. The hash of this entry is the leaf hash SHA-256(0x00 \u2016 entry):',
        outcome.entryHash,
      ),
      link(
        'log',
        'Joined with the hashes of other entries in the same way, it gives exactly the root of the whole log.',
        climbs(entryPath),
      ),
      box(
        checkpoint === undefined
          ? 'The checkpoint'
          : `The checkpoint over ${plural(checkpoint.size, 'entry', 'entries')}`,
        `The state of the whole log ${known(checkpoint?.origin)}, in one root, as the checkpoint states it:`,
        checkpoint?.rootHash,
      ),
      link(
        'signature',
        `The signature on the checkpoint is by the key below, ${whose}, and over exactly this checkpoint.`,
      ),
      box(
        signed.length === 0 ? 'No signature of a given key' : 'The signature',
        signed.length === 0
          ? 'No key that was given has signed this checkpoint.'
          : `${signed.map(({ key }) => `${key.type === 'ecdsa' ? 'ECDSA P-256' : 'Ed25519'}, ${shortKey(key)}`).join('; ')}; ${whose}`,
        undefined,
      ),
    ),
  );
}

/** sentence makes a reason a sentence of its own. */
export const sentence = (why = ''): string => `${why.slice(0, 1).toUpperCase()}${why.slice(1)}.`;

function box(title: string, words: string, hash: string | undefined): HTMLElement {
  return element(
    'li',
    { class: 'box' },
    element('h3', {}, untrusted(title)),
    element('p', {}, untrusted(words)),
    ...(hash === undefined ? [] : [code(hash, { class: 'hash' })]),
  );
}

function climbs(path: readonly Climb[] | undefined): HTMLElement | undefined {
  if (path === undefined || path.length === 0) return undefined;
  return fold(
    path.length === 1 ? 'The one join' : `The ${path.length} joins, one by one`,
    element(
      'ol',
      { class: 'climbs' },
      ...path.map(({ sibling, side, parent }) =>
        element('li', {}, 'With ', code(sibling), ` on the ${side}, it gives `, code(parent), '.'),
      ),
    ),
  );
}
