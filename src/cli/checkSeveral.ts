import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EXIT } from './exits.ts';
import { callersPath, isUserFolder, readUserFile, reasonOf } from './files.ts';
import { judgeFile, wordsOf } from './judgeFile.ts';
import type { JudgedFile, Judging } from './judgeFile.ts';
import type { TrustedKeys } from './keys.ts';
import { isOfKit } from './kitText.ts';
import { formatCount, printItem, printJson, some, warn } from './output.ts';
import { unusable } from './usage.ts';
import { faultIn } from '../core/errors.ts';
import { ANSWER_FILE } from '../core/objects/answer.ts';
import { MAX_EVIDENCE_BYTES } from '../core/objects/evidence.ts';
import { litterOf } from '../core/objects/litter.ts';

type Status = JudgedFile['status'];

const WORDS: Readonly<Record<Status, string>> = {
  proved: 'proved',
  refuted: 'refuted',
  unreadable: 'unreadable',
  unchecked: 'not checked',
};

/** EvidenceFiles is the files that somebody named, those of folders too, and what of the folders is none. */
export interface EvidenceFiles {
  readonly files: readonly string[];
  readonly passedOver: readonly string[];
}

/** severalFiles gives the files of evidence that somebody named; undefined for one file, or the folder of an answer. */
export async function severalFiles(paths: readonly string[]): Promise<EvidenceFiles | undefined> {
  const [path = ''] = paths;
  if (paths.length === 1 && !(await isFolderOfEvidence(path))) return undefined;
  const files: string[] = [];
  const passedOver: string[] = [];
  for (const path of paths) {
    if (await isFolderOfEvidence(path)) {
      const within = await evidenceIn(path);
      files.push(...within.files);
      passedOver.push(...within.passedOver);
    } else if (await isUserFolder(path))
      throw unusable(`${path} is a mirror, or the folder of an answer: it is checked by itself`);
    else files.push(path);
  }
  return { files, passedOver };
}

/** A folder that has an answer alone is that answer's; whatever else of this kind is beside it is checked, too. */
async function isFolderOfEvidence(path: string): Promise<boolean> {
  if (!(await isUserFolder(path)) || (await isUserFolder(join(path, 'segments')))) return false;
  const names = (await entriesIn(path)).filter(isEvidence).map(({ name }) => name);
  return names.some((name) => name !== ANSWER_FILE) || names.length === 0;
}

/** Of a kit, its own list is none. */
const isEvidence = (entry: Dirent): boolean =>
  entry.isFile() && /\.json$/i.test(entry.name) && litterOf(entry.name) === undefined && !isOfKit(entry.name);

async function entriesIn(path: string): Promise<Dirent[]> {
  try {
    return await readdir(callersPath(path), { withFileTypes: true });
  } catch (error) {
    throw unusable(`${path} can't be read: ${reasonOf(error)}`, error);
  }
}

/** Whatever else is in the folder may be what somebody doesn't want to be looked at: so it is named. */
async function evidenceIn(path: string): Promise<EvidenceFiles> {
  const entries = await entriesIn(path);
  const names = (which: (entry: Dirent) => boolean): string[] =>
    entries
      .filter(which)
      .map(({ name }) => join(path, name))
      .sort();
  const files = names(isEvidence);
  if (files.length === 0)
    throw unusable(`${path} holds neither an answer nor a file of evidence: none that ends in .json`);
  return { files, passedOver: names((entry) => !isEvidence(entry)) };
}

/** checkSeveral checks files of evidence one after the other, prints a line for each and one for all, and gives the worst exit status. */
export async function checkSeveral(
  { files, passedOver }: EvidenceFiles,
  trust: TrustedKeys,
  judging: Judging,
  isJson: boolean,
): Promise<number> {
  if (trust.logKeys.length === 0) warn('nothing is checked: no --key says whom you trust');
  const counts: Record<Status, number> = { proved: 0, refuted: 0, unreadable: 0, unchecked: 0 };
  for (const file of files) {
    const judged = await judge(file, trust, judging);
    counts[judged.status] += 1;
    if (isJson) printJson({ file, ...judged });
    else printItem(`${WORDS[judged.status]}: ${file}: ${wordsOf(judged)}`);
  }
  if (isJson) printJson({ files: files.length, ...counts, passedOver });
  else {
    const parts = (Object.keys(counts) as Status[]).filter((status) => counts[status] > 0);
    const said = parts.map((status) => `${formatCount(counts[status])} ${WORDS[status]}`);
    printItem(`${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'}: ${said.join(', ')}`);
  }
  if (!isJson && passedOver.length > 0)
    printItem(`not looked at, though in a folder that was named: ${some(passedOver)}`);
  if (counts.refuted > 0) return EXIT.wrong;
  const isAllSeen = passedOver.every((path) => isOfKit(basename(path)));
  return counts.proved === files.length && isAllSeen ? EXIT.fine : EXIT.unknown;
}

async function judge(path: string, trust: TrustedKeys, judging: Judging): Promise<JudgedFile> {
  try {
    return judgeFile(await readUserFile('', path, MAX_EVIDENCE_BYTES), trust, judging);
  } catch (error) {
    return { status: 'unreadable', why: faultIn(error, 'misuse').message };
  }
}
