import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { judgingBy } from './check.ts';
import { command as mirror } from './mirror.ts';
import { command as verify } from './verify.ts';
import { formatHash, sha256 } from '../../core/hash.ts';
import { formatVerifierKey } from '../../core/note/verifierKey.ts';
import { MAX_EVIDENCE_BYTES } from '../../core/objects/evidence.ts';
import type { Report } from '../../core/objects/report.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { callersPath, createFile, createFolder, readUserFile, reasonOf } from '../files.ts';
import { checkPagePath } from '../checkPage.ts';
import { MIRROR, PAGE, README, REPORT, VERDICT, readMeFirst } from '../kitText.ts';
import type { KitContents } from '../kitText.ts';
import { describeInterval, intervalArguments } from '../intervalOptions.ts';
import { judgeFile, wordsOf } from '../judgeFile.ts';
import { readTrust } from '../keys.ts';
import { policyOption } from '../options.ts';
import { print, printItem } from '../output.ts';
import { sliceIn } from '../sliceFolder.ts';
import { openTarget, tlogOf } from '../target.ts';
import { unusable, usageError } from '../usage.ts';
import packageJson from '../../../package.json' with { type: 'json' };

const VERDICTS: Readonly<Record<number, string>> = {
  [EXIT.fine]: 'good',
  [EXIT.wrong]: 'bad',
  [EXIT.unknown]: 'unknown',
};

/** KitPiece is a file or a folder of a kit that was checked. */
interface KitPiece {
  readonly name: string;
  /** left out of a folder */
  readonly sha256?: string;
  readonly bytes?: number;
  /** good, bad or unknown */
  readonly verdict: string;
  readonly why: string;
}

export const command = defineCommand(
  {
    name: 'kit',
    arguments: ['DIR'],
    usage: ['DIR --from TARGET [options]', 'DIR --evidence FILE [options]'],
    description: [
      'Makes the folder DIR, which an auditor gets: a mirror of a ledger or a slice of one, or evidence and answers; the page that checks them, with its ' +
        'hash; a page to read first; and what a check says of them now. The keys are not in it: they go another way.',
    ],
    options: {
      from: {
        type: 'target',
        placeholder: 'TARGET',
        meaning: 'mirror this ledger whole, or this slice as it is: a folder or a container’s URL',
      },
      tlog: {
        type: 'target',
        placeholder: 'DIR|URL',
        meaning: "where the log's tiles are, if not in TARGET/tlog or beside it",
      },
      evidence: { type: 'texts', placeholder: 'FILE', meaning: 'a file of evidence, or an answer' },
      key: {
        type: 'texts',
        placeholder: 'VKEY',
        meaning: 'a verifier key of the log, to check with; DIR gets none but those that evidence names itself',
      },
      'auditor-key': {
        type: 'texts',
        placeholder: 'VKEY',
        meaning: "a verifier key of the ledger's auditor, to check with; it is not put into DIR",
      },
      policy: policyOption('the checkpoints'),
    },
    exits: {
      fine: 'made, and what is in it is verified or proved',
      wrong: 'made, and something in it is violated or refuted',
      unknown:
        'not made, or made with something in it that could not be checked: no --key was given, or something is missing',
    },
    examples: [
      'auditseal kit ./for-the-auditor --from https://account.blob.core.windows.net/ledger --key VKEY --auditor-key VKEY',
      'auditseal kit ./for-the-auditor --evidence record.json --key VKEY',
    ],
  },
  async ({ given: [dir], options }) => {
    const { from, evidence } = options;
    if ((from === undefined) === (evidence.length === 0))
      throw usageError('give --from with a ledger to mirror, or --evidence with files that were made before');
    const files = await readFiles(evidence);
    const page = await readPage();
    const known = await readTrust(options);
    const source = from === undefined ? undefined : await openTarget(from);
    const slice = from === undefined || source === undefined ? undefined : await sliceIn(from, source, known.logKeys);
    await createFolder('DIR', dir);
    const into = (name: string): string => join(dir, name);
    const trust = [
      ...options.key.map((key) => `--key=${key}`),
      ...options['auditor-key'].map((key) => `--auditor-key=${key}`),
      ...(options.policy === undefined ? [] : [`--policy=${options.policy}`]),
    ];
    const pieces: KitPiece[] = [];
    let exit: number = EXIT.fine;
    if (from !== undefined) {
      const tlog = await tlogOf(from, options.tlog);
      const tiles = tlog === undefined ? [] : [`--tlog=${tlog}`];
      const ofSlice =
        slice === undefined
          ? []
          : [...intervalArguments(slice), ...known.logKeys.map((key) => `--key=${formatVerifierKey(key)}`)];
      const copied = await mirror.run([...tiles, ...ofSlice, '--', from, into(MIRROR)]);
      const ofInterval = slice === undefined ? [] : intervalArguments(slice);
      const checked = await verify.run([...trust, ...ofInterval, `--out=${into(REPORT)}`, '--', into(MIRROR)]);
      exit = worst(copied, known.logKeys.length === 0 ? worst(checked, EXIT.unknown) : checked);
      const only =
        slice === undefined
          ? ''
          : `only the interval ${describeInterval(slice)}${(await isComplete(into(REPORT))) ? '' : ', which is NOT COMPLETE'}; `;
      pieces.push({ name: `${MIRROR}/`, verdict: VERDICTS[exit] ?? 'unknown', why: `${only}see ${REPORT}` });
    }
    for (const { name, bytes } of files) {
      await createFile(into(name), bytes);
      const judged = judgeFile(bytes, known, judgingBy(known));
      const own = judged.status === 'proved' ? EXIT.fine : judged.status === 'refuted' ? EXIT.wrong : EXIT.unknown;
      exit = worst(exit, own);
      const piece = { name, sha256: formatHash(sha256(bytes)), bytes: bytes.length };
      pieces.push({ ...piece, verdict: VERDICTS[own] ?? 'unknown', why: wordsOf(judged) });
      printItem(`${VERDICTS[own]}: ${name}: ${wordsOf(judged)}`);
    }
    const contents: KitContents = {
      made: new Date().toISOString(),
      program: `auditseal ${packageJson.version}`,
      pieces,
      page,
      ...(slice && { interval: { from: slice.from, to: slice.to, partitions: slice.partitions } }),
    };
    await createFile(into(PAGE), page.bytes);
    await createFile(into(VERDICT), Buffer.from(`${JSON.stringify(verdictOf(contents), null, 2)}\n`));
    // Last: a kit without it was cut off.
    await createFile(into(README), Buffer.from(readMeFirst(contents)));
    print('');
    const own = [PAGE, VERDICT, ...(from === undefined ? [] : [REPORT]), README];
    printItem(`${dir}: ${[...pieces.map(({ name }) => name), ...own].join(', ')}`);
    printItem('give the keys to the auditor another way than this folder: whoever changes it would change them too');
    return exit;
  },
);

/** isComplete tells whether the interval is complete that a report which was just written is of. */
async function isComplete(report: string): Promise<boolean> {
  const { report: said } = JSON.parse(await readFile(callersPath(report), 'utf8')) as { report: Report };
  return said.interval?.complete !== false;
}

const verdictOf = ({ made, program, interval, pieces, page }: KitContents): object => ({
  version: 1,
  kind: 'kit',
  made,
  program,
  ...(interval && { interval }),
  pieces,
  page: { name: PAGE, sha256: page.sha256 },
});

/** A bad one counts, whatever else is unknown. */
const worst = (one: number, other: number): number =>
  [EXIT.wrong, EXIT.unknown].find((status) => status === one || status === other) ?? EXIT.fine;

/** Names stand in commands that an auditor copies, and beside the page that he opens: so they are plain, and of no page. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.json$/;

interface NamedBytes {
  readonly name: string;
  readonly bytes: Buffer;
}

/** readFiles reads what is to go into the kit, so that nothing is made where one of the files can't be read. */
async function readFiles(paths: readonly string[]): Promise<NamedBytes[]> {
  refuseNames(paths.map((path) => basename(path)));
  const files: NamedBytes[] = [];
  for (const path of paths) {
    const bytes = await readUserFile('--evidence', path, MAX_EVIDENCE_BYTES);
    // Of a larger file only the beginning is read, and that must not go to anybody as the whole.
    if (bytes.length > MAX_EVIDENCE_BYTES)
      throw unusable(`--evidence: ${path} has more than the ${MAX_EVIDENCE_BYTES} bytes that evidence may have`);
    files.push({ name: basename(path), bytes });
  }
  return files;
}

function refuseNames(names: readonly string[]): void {
  const taken = new Set<string>([README, VERDICT, PAGE, MIRROR, REPORT].map((name) => name.toLowerCase()));
  for (const name of names) {
    if (!PLAIN.test(name))
      throw usageError(
        `--evidence: ${JSON.stringify(name)} is no name for a file of a kit: expected one of A to Z, a to z, 0 to 9, dots, hyphens and underscores that ends in .json`,
      );
    if (taken.has(name.toLowerCase()))
      throw usageError(`--evidence: two files of the kit would have the name ${name}: rename one`);
    taken.add(name.toLowerCase());
  }
}

async function readPage(): Promise<KitContents['page']> {
  try {
    const bytes = await readFile(await checkPagePath());
    return { bytes, sha256: formatHash(sha256(bytes)) };
  } catch (error) {
    throw unusable(`the page that checks is missing (${reasonOf(error)}): in a clone, npm run build makes it`, error);
  }
}
