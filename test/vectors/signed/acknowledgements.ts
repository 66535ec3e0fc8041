import { LEDGER, nameOf } from '../../support/forge.ts';
import { OTHER } from './keys.ts';
import type { KeyLabel } from './keys.ts';
import { signAcknowledgement } from '../../support/sign.ts';

/**
 * SignedAcknowledgementCase is one of `acknowledgements` in signed.json: what has the name of an action, and whose signatures
 * count.
 */
export interface SignedAcknowledgementCase {
  readonly name: string;
  readonly expect: 'valid' | 'foreign' | 'malformed';
  readonly object: string;
  readonly operators: readonly KeyLabel[];
  readonly bytes: Buffer;
}

const NAME = 'actions/000000000042.json';
const FINDING = { code: 'sequence-gap', object: nameOf(41), sha256: 'a'.repeat(64) };
const SAID = {
  version: 1,
  kind: 'acknowledge',
  outcome: 'done',
  time: '2026-12-03T12:00:00.000Z',
  finding: FINDING,
  who: 'ann@example.com',
  why: 'the hub was full',
};

/** acknowledgementCases builds acknowledgements, good and bad ones. */
export function acknowledgementCases(): SignedAcknowledgementCase[] {
  const signed = (said: object = SAID, ledger = LEDGER, seed = 102, name = NAME): Buffer =>
    signAcknowledgement(Buffer.from(JSON.stringify(said).slice(0, -1)), name, ledger, seed);
  const good = signed();
  const it = (
    expect: SignedAcknowledgementCase['expect'],
    name: string,
    bytes: Buffer = good,
    more: Partial<SignedAcknowledgementCase> = {},
  ): SignedAcknowledgementCase => ({ name, expect, object: NAME, operators: ['operator'], bytes, ...more });
  const of = (changes: object): Buffer => signed({ ...SAID, finding: { ...FINDING, ...changes } });
  const { who: _who, ...nobody } = SAID;
  return [
    it('valid', 'signed by the operator'),
    it('valid', 'of what nobody can read', of({ sha256: null })),
    it('valid', 'of an object whose name holds a line feed', of({ object: 'a\nb' })),
    ...['hub-recreated', 'foreign-object', 'cosignature-invalid', 'clock-ahead', 'action-unfinished'].map((code) =>
      it('valid', `of the code ${code}`, of({ code })),
    ),
    it('foreign', 'by an operator whom nobody registered', signed(SAID, LEDGER, 103)),
    it('foreign', 'by an operator of another ledger', signed(SAID, OTHER.name)),
    it('foreign', 'where there is no operator', good, { operators: [] }),
    it('foreign', 'under the name of another number', good, { object: 'actions/000000000043.json' }),
    it('foreign', 'with a changed byte', Buffer.from(good.toString().replace('ann@', 'eve@'))),
    it('malformed', 'unsigned', Buffer.from(`${JSON.stringify(SAID)}\n`)),
    it('malformed', 'without LF', good.subarray(0, -1)),
    it('malformed', 'of a code that nobody can acknowledge', of({ code: 'segment-changed' })),
    it('malformed', 'of no object', of({ object: '' })),
    it('malformed', 'of an object with half a surrogate pair', of({ object: '\ud800' })),
    it('malformed', 'of an object with too long a name', of({ object: 'x'.repeat(3073) })),
    it('malformed', 'with a SHA-256 in capitals', of({ sha256: 'A'.repeat(64) })),
    it('malformed', 'with a member more', of({ others: 1 })),
    it('malformed', 'of two lines', signed({ ...SAID, why: 'a\u2028b' })),
    it('malformed', 'with a long reason', signed({ ...SAID, why: 'a'.repeat(1001) })),
    it('malformed', 'by nobody', signed(nobody)),
    it('malformed', 'that was only attempted', signed({ ...SAID, outcome: 'attempted' })),
    it('malformed', 'of version 2', signed({ ...SAID, version: 2 })),
  ];
}
