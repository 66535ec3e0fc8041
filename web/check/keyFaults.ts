import { code, element, untrusted } from './dom.ts';
import { cut } from './parts.ts';

/** What a private key is known by. It is not repeated: it could be read from the screen or from paper. */
const PRIVATE = /PRIVATE[+ ]KEY/i;

/** showKeyFaults says of each line that is no verifier key what is wrong with it, and what was given, as it is. */
export const showKeyFaults = (faults: readonly string[], refused: readonly string[]): Node[] =>
  faults.map((fault, i) => element('p', {}, untrusted(fault), ' ', ...given(refused[i] ?? '')));

const given = (line: string): (Node | string)[] =>
  PRIVATE.test(line)
    ? ['The line is not repeated, because it looks like a private key. Take it out: this page needs public keys only.']
    : ['It was given: ', code(cut(line))];
