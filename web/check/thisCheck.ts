import { isOperator } from '../verify/signed/operatorNotice.ts';
import { isAuditor } from '../verify/signed/reportSignature.ts';
import type { VerifierKey } from '../verify/verifierKey.ts';
import { code, element } from './dom.ts';
import type { MirrorFiles } from './mirror.ts';
import { cut, facts, items, part, plural } from './parts.ts';
import type { Fact } from './parts.ts';

/** Checked is what a check was of, with what, and when: a print of its result must hold all of it. */
export interface Checked {
  /** what was chosen or dropped, in rows */
  readonly chosen: readonly Fact[];
  /** the keys of step 2, and how many of its lines are none */
  readonly keys: readonly VerifierKey[];
  readonly refused: number;
  /** what this device's clock said then, in ms since the Unix epoch */
  readonly at: number;
  /** SHA-256 of this page, in hex, as it computes it itself */
  readonly pageHash: string;
}

/** showThisCheck says what a check was of, with what, and when. */
export function showThisCheck({ chosen, keys, at, pageHash }: Checked): HTMLElement {
  const given = keys.map((key) => element('span', {}, `${ROLES[roleOf(key)]}: `, code(key.text)));
  return part(
    'this-check',
    'This check',
    facts([
      ...chosen,
      ['Checked at', `${new Date(at).toISOString()}, by the clock of this device`],
      ['Keys that you gave', items(given)],
      [
        'SHA-256 of this page',
        element(
          'span',
          {},
          code(pageHash),
          '. The page computed that itself, so compare that of the file with web/check.html.sha256.',
        ),
      ],
    ]),
  );
}

/** notUsed says that lines of the key field were refused: who looks for the verdict on a key must know. */
export const notUsed = ({ refused }: Checked): Node[] =>
  refused === 0
    ? []
    : [
        element(
          'p',
          { class: 'note' },
          `${plural(refused, 'line')} of step 2 ${refused === 1 ? 'was' : 'were'} refused, and not used as a key.`,
        ),
      ];

const ROLES = {
  log: 'Of a log',
  auditor: 'Of an auditor',
  operator: 'Of an operator',
  witness: 'Of a witness',
} as const;

/** roleOf tells by its type and its name what a key is for. */
function roleOf(key: VerifierKey): keyof typeof ROLES {
  if (key.type === 'cosignature') return 'witness';
  if (isOperator(key)) return 'operator';
  return isAuditor(key) ? 'auditor' : 'log';
}

/** chosenFile describes an evidence file; `sha256` is absent where it wasn't read. */
export const chosenFile = ({ name, size }: File, sha256: string | undefined): Checked['chosen'] => [
  ['File', code(cut(name))],
  ['Size of the file', plural(size, 'byte')],
  ['SHA-256 of the file', sha256 === undefined ? 'not computed, because the file was not read' : code(sha256)],
];

/** chosenFolder describes a folder whose files take so many bytes. */
export const chosenFolder = ({ name, files, listedAt }: MirrorFiles, bytes: number): Checked['chosen'] => [
  ['Folder', code(cut(name))],
  ['Files in the folder', `${plural(files.length, 'file')}, ${plural(bytes, 'byte')}`],
  ['Listed at', new Date(listedAt).toISOString()],
];
