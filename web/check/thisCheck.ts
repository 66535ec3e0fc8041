import type { Interval } from '../verify/ledger/slice.ts';
import type { VerifierKey } from '../verify/verifierKey.ts';
import { code, element } from './dom.ts';
import type { MirrorFiles } from './mirror.ts';
import { describeInterval } from './interval.ts';
import { cut, facts, part, plural } from './parts.ts';
import type { Fact } from './parts.ts';

/** The release of Auditseal that this page is of, which the build puts here. */
declare const PAGE_VERSION: string;

/** GivenKey is a key of step 2, and its fingerprint for people. */
export interface GivenKey {
  readonly key: VerifierKey;
  readonly fingerprint: string;
}

/** Checked is what a check was of, with what, and when: a print of its result must hold all of it. */
export interface Checked {
  readonly of: 'file' | 'folder' | 'interval';
  /** what was chosen or dropped, in rows */
  readonly chosen: readonly Fact[];
  /** SHA-256 of the chosen file, in hex; absent where it wasn't read, and for a folder */
  readonly sha256?: string | undefined;
  /** the keys of step 2, and what is wrong with each of its lines that is none */
  readonly keys: readonly GivenKey[];
  readonly refused: readonly string[];
  /** what this device's clock said then, in ms since the Unix epoch */
  readonly at: number;
  /** SHA-256 of this page, in hex, as it computes it itself */
  readonly pageHash: string;
}

/** showThisCheck says what a check was of, with what, and when; `result` is what came of it. */
export const showThisCheck = ({ chosen, at, pageHash }: Checked, result: string): HTMLElement =>
  part(
    'this-check',
    'This check',
    facts([
      ['Result', element('strong', {}, result)],
      ...chosen,
      ['Checked at', `${new Date(at).toISOString()}, by the clock of this device`],
      ['That is, in local time', localTime(at)],
      ['Checked with', `this page: Auditseal ${PAGE_VERSION}, check.html`],
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

/** localTime prints a time as this device's clock shows it, and how far from UTC that is. */
function localTime(at: number): string {
  const time = new Date(at).toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'medium' });
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const minutes = -new Date(at).getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${time} (UTC${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}, ${timeZone})`;
}

/** chosenFile describes an evidence file; `sha256` is absent where it wasn't read. */
export const chosenFile = (
  { name, size }: File,
  sha256: string | undefined,
): Pick<Checked, 'of' | 'chosen' | 'sha256'> => ({
  of: 'file',
  chosen: [
    ['File', code(cut(name))],
    ['Size of the file', plural(size, 'byte')],
    ['SHA-256 of the file', sha256 === undefined ? 'not computed, because the file was not read' : code(sha256)],
  ],
  sha256,
});

/** chosenFolder describes a folder whose files take so many bytes, and the interval that alone is checked of it. */
export const chosenFolder = (
  { name, files, listedAt }: MirrorFiles,
  bytes: number,
  interval?: Interval,
): Pick<Checked, 'of' | 'chosen'> => ({
  of: interval === undefined ? 'folder' : 'interval',
  chosen: [
    ['Folder', code(cut(name))],
    ['Files in the folder', `${plural(files.length, 'file')}, ${plural(bytes, 'byte')}`],
    ['Listed at', new Date(listedAt).toISOString()],
    ...(interval === undefined
      ? []
      : ([
          ['Checked of it', `only the interval ${describeInterval(interval)}, by when the event hub got the events`],
        ] satisfies Fact[])),
  ],
});
