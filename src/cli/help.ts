import { composeTable, formatCount, wrap } from './output.ts';
import type { Option, OptionTable } from './usage.ts';

/** HelpText is what the help of a command is composed of. Paragraphs are wrapped; one that begins with a space is not. */
export interface HelpText {
  readonly name: string;
  readonly arguments: readonly string[];
  /** what may follow the name, one way a line; left out: the arguments, then options */
  readonly usage?: readonly string[];
  readonly description: readonly string[];
  readonly options: OptionTable;
  /** said after the options */
  readonly notes?: readonly string[];
  /** what the exit statuses 0, 1 and 2 mean; `wrong` is left out where nothing is judged */
  readonly exits: { readonly fine: string; readonly wrong?: string; readonly unknown: string };
  readonly examples: readonly string[];
}

/** Lines longer than this are hard to read, however wide the terminal is. */
const MOST_COLUMNS = 100;

/** How wide text is where nobody says how wide the terminal is. */
const COLUMNS = 80;

/** helpWidth is how wide help is for a terminal of so many columns. */
export const helpWidth = (columns = COLUMNS): number => Math.min(columns, MOST_COLUMNS);

/** composeHelp makes the help text of a command, no wider than `width` but for words that are longer. */
export function composeHelp(text: HelpText, width: number): string {
  const { name, usage = [[...text.arguments, '[options]'].join(' ')], exits } = text;
  const paragraphs = (given: readonly string[]): string =>
    given.map((one) => (one.startsWith(' ') ? one : wrap(one, width))).join('\n');
  const statuses = [
    ['Exit status: 0', exits.fine],
    ...(exits.wrong === undefined ? [] : [['             1', exits.wrong] as const]),
    ['             2', exits.unknown],
    ['            64', 'wrong usage'],
  ] as const;
  return [
    usage.map((one) => wrap(`auditseal ${name} ${one}`, width, '    ')).join('\n'),
    paragraphs(text.description),
    composeTable(
      Object.entries(text.options).map(([option, spec]) => [`  ${headOf(option, spec)}`, meaningOf(spec)]),
      width,
    ),
    ...(text.notes === undefined ? [] : [paragraphs(text.notes)]),
    statuses.map(([head, meaning]) => wrap(`${head} ${meaning}`, width, ' '.repeat(15))).join('\n'),
    text.examples.map((example) => wrapCommand(example, width)).join('\n'),
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}

const headOf = (name: string, option: Option): string =>
  option.type === 'flag' ? `--${name}` : `--${name} ${option.placeholder}`;

function meaningOf(option: Option): string {
  if (option.type === 'texts' || option.type === 'names') return `${option.meaning}. May be given several times`;
  if (option.type !== 'number') return option.meaning;
  const { meaning, least, most } = option;
  return `${meaning}; ${most === undefined ? `${least} or more` : `${least} to ${formatCount(most)}`}`;
}

/** wrapCommand breaks a command before options, in the way that a shell reads on. */
function wrapCommand(command: string, width: number): string {
  const lines: string[] = [];
  let line = `  ${command.split(' --')[0]}`;
  for (const option of command.split(' --').slice(1)) {
    if (line.length + option.length + ' --'.length + ' \\'.length <= width) line += ` --${option}`;
    else {
      lines.push(`${line} \\`);
      line = `      --${option}`;
    }
  }
  return [...lines, line].join('\n');
}
