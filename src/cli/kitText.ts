import { BY_THE_HUB, describeInterval, intervalArguments } from './intervalOptions.ts';
import { wrap } from './output.ts';
import type { LedgerInterval } from '../core/objects/slice.ts';

/** What is in a kit, beside what it is for. */
export const [README, VERDICT, PAGE, MIRROR, REPORT] = [
  'READ-ME-FIRST.txt',
  'verdict.json',
  'check.html',
  'mirror',
  'report.json',
] as const;

/** isOfKit tells whether a name is of what a kit has beside the pieces of evidence. */
export const isOfKit = (name: string): boolean => ([README, VERDICT, PAGE, REPORT] as readonly string[]).includes(name);

/** KitContents is what a kit has. */
export interface KitContents {
  /** ISO 8601 UTC */
  readonly made: string;
  readonly program: string;
  /** the interval that the mirror is a slice of; left out where it is of a whole ledger */
  readonly interval?: LedgerInterval;
  readonly pieces: readonly { readonly name: string; readonly verdict: string; readonly why: string }[];
  readonly page: { readonly bytes: Buffer; readonly sha256: string };
}

const WIDTH = 78;

/** readMeFirst is the page that an auditor reads first. */
export function readMeFirst({ made, program, interval, pieces, page }: KitContents): string {
  const hasMirror = pieces.some(({ name }) => name.endsWith('/'));
  const what = hasMirror ? 'the folder mirror' : pieces.map(({ name }) => name).join(', then ');
  const lines = pieces.map(({ name, verdict, why }) => wrap(`  ${name}   ${verdict}: ${why}`, WIDTH, '    '));
  const commands = hasMirror
    ? [
        `auditseal verify mirror ${interval === undefined ? '' : `${intervalArguments(interval).join(' ')} `}--key KEY --auditor-key AUDITOR-KEY`,
      ]
    : pieces.map(({ name }) => `auditseal check ${name} --key KEY --auditor-key AUDITOR-KEY`);
  return [
    'READ ME FIRST',
    wrap(
      'Somebody gave you this folder to show what was logged. This page says how to check that yourself. You need no account, no network, and no knowledge of the program that made it.',
      WIDTH,
    ),
    ...(interval === undefined ? [] : sliceWords(interval)),
    'WHAT IS MISSING ON PURPOSE: THE KEYS',
    wrap(
      "To check, you need one or two lines that begin with the ledger's name: the log's verifier key, and the auditor's. They are not in this folder, because whoever could change the folder could put keys of their own into it; keys that the files themselves name are claims: don't copy them from there. Get them another way, from somebody who answers for them: a published page or contract, a call in which they are read aloud, or the papers of last year.",
      WIDTH,
    ),
    'HOW TO CHECK',
    [
      wrap(`1. Compute the SHA-256 of check.html:`, WIDTH, '   '),
      '     Linux     sha256sum check.html',
      '     macOS     shasum -a 256 check.html',
      '     Windows   certutil -hashfile check.html SHA256',
      wrap(
        '   Compare it with web/check.html.sha256 in the repository of Auditseal, for the release named below. When this folder was made it was',
        WIDTH,
        '   ',
      ),
      `     ${page.sha256}`,
      wrap('   but what stands here proves nothing: whoever changed the page could change this line.', WIDTH, '   '),
      wrap(`2. Open check.html in a browser; switch the network off before, if you like.`, WIDTH, '   '),
      wrap(`3. Choose ${what} there, and paste the keys.`, WIDTH, '   '),
      wrap(
        '4. Read the result and what it says was not checked, and print the certificate for your papers.',
        WIDTH,
        '   ',
      ),
    ].join('\n'),
    'OR WITH THE PROGRAM, which shares no code with the page:',
    commands.map((command) => `  ${command}`).join('\n'),
    'WHAT A CHECK SAID WHEN THIS WAS MADE (verdict.json)',
    lines.join('\n'),
    wrap('That is the word of whoever made this folder. Yours is what your own check says.', WIDTH),
    'WHAT IS NOT PROVED, whatever it says',
    wrap(
      'That what was logged is true; what was never sent; when, other than by the clocks of those who sealed it; and, without a witness or something that you kept, that nobody was shown another history. docs/auditor.md of Auditseal says more, and what to do when a result is red.',
      WIDTH,
    ),
    `Made at ${made} by ${program}.`,
  ]
    .join('\n\n')
    .concat('\n');
}

/** sliceWords says that not all of a ledger is there, and what to compare. */
const sliceWords = (interval: LedgerInterval): string[] => [
  'THIS IS NOT A WHOLE LEDGER',
  wrap(
    `The folder mirror is a slice: the segments ${describeInterval(interval)}, and the whole log. A check says whether that interval is whole, and nothing of what is outside of it. The file slice.json in it, which names the interval too, is a claim: know from elsewhere which interval you should have, and check for that one. The page fills it in; compare it.`,
    WIDTH,
  ),
  wrap(`${BY_THE_HUB} To see all that happened in some time, ask for an interval that ends well after it.`, WIDTH),
];
