import { isKnownName } from '../verify/ledger/names.ts';
import { TLOG } from '../verify/ledger/folder.ts';
import { element, code } from './dom.ts';
import { cut, number } from './parts.ts';

/** ChosenFolder is a folder by its name, and the files in it by their paths. */
interface ChosenFolder {
  readonly name: string;
  readonly files: readonly { readonly name: string }[];
}

/** So many mirrors are named. */
const MAX_NAMED = 5;
/** What a chosen folder can be a part of, beside the folder of its own name. */
const PARENTS = ['', 'segments/', 'cosignatures/', 'tlog/', 'tlog/tile/'];

const isOfLedger = (path: string): boolean => isKnownName(path) || isTile(path);
const isTile = (path: string): boolean =>
  path === `${TLOG}checkpoint` || /^tlog\/tile\/(\d{1,2}|entries)\/(x\d{3}\/)*\d{3}(\.p\/\d{1,3})?$/.test(path);

/** sayWrongFolder says of a folder with nothing of a ledger which one to choose, where it is one above mirrors, or one within a mirror. */
export function sayWrongFolder(chosen: ChosenFolder): HTMLElement | undefined {
  const part = partOfMirror(chosen);
  if (part !== undefined)
    return element(
      'p',
      { id: 'wrong-folder' },
      'It is the folder ',
      code(cut(part)),
      ' of a mirror. Choose the folder that holds the folder ',
      code(part.split('/')[0] ?? ''),
      '.',
    );
  const below = mirrorsIn(chosen);
  if (below.length === 0) return undefined;
  const names = below.slice(0, MAX_NAMED).flatMap((path, at) => [at === 0 ? '' : ', ', code(cut(path))]);
  const more = below.length > MAX_NAMED ? ` and ${number(below.length - MAX_NAMED)} more` : '';
  return below.length === 1
    ? element('p', { id: 'wrong-folder' }, 'The mirror is the folder ', ...names, ' in it. Choose that one.')
    : element(
        'p',
        { id: 'wrong-folder' },
        `It holds ${number(below.length)} mirrors: `,
        ...names,
        `${more}. Choose one of them.`,
      );
}

/** partOfMirror gives the place of the folder in a mirror, if its files are called as those there are. */
function partOfMirror({ name, files }: ChosenFolder): string | undefined {
  const places = PARENTS.map((parent) => `${parent}${name}`);
  return places.find((place) => files.some((file) => isOfLedger(`${place}/${file.name}`)));
}

/** mirrorsIn gives the paths of folders that have something of a ledger where a mirror has it. */
function mirrorsIn({ files }: ChosenFolder): string[] {
  const found = new Set<string>();
  for (const { name } of files)
    for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1))
      if (isOfLedger(name.slice(slash + 1))) found.add(name.slice(0, slash));
  return [...found].sort();
}
