import type { Command } from '../../src/cli/command.ts';
import { COMMANDS, overview } from '../../src/cli/commands.ts';
import { helpWidth } from '../../src/cli/help.ts';
import { wrap } from '../../src/cli/output.ts';
import { parseArguments } from '../../src/cli/usage.ts';

const NAMES = Object.keys(COMMANDS);

const load = async (name: string): Promise<Command> =>
  (await (COMMANDS[name] as (typeof COMMANDS)[string]).load()).command;

/** wordsOf splits a command as a shell does, as far as the examples need it, and gives what stands before a pipe or a file. */
const wordsOf = (line: string): string[] =>
  [...(line.split(/ [|<] /)[0] as string).matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );

/** optionsIn gives the names of the options that a text speaks of. */
const optionsIn = (text: string): string[] =>
  [...text.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, name]) => name as string);

const tooLong = (text: string, width: number): string[] => text.split('\n').filter((line) => line.length > width);

test('the overview lists every command as its own help does', async () => {
  expect(NAMES.length).toBeGreaterThan(5);
  for (const name of NAMES) {
    const { text } = await load(name);
    const usage = `auditseal ${[name, ...text.arguments].join(' ')}`;
    expect(overview(80)).toContain(`  ${usage}  `);
    expect(text.name).toBe(name);
  }
});

test.each([60, 80, 100])('no line of the overview is longer than %d columns', (width) => {
  expect(tooLong(overview(width), width)).toEqual([]);
});

describe.each(NAMES)('auditseal %s', (name) => {
  test('every example is a command line that its parser takes', async () => {
    const { text } = await load(name);
    expect(text.examples.length).toBeGreaterThan(0);
    for (const example of text.examples) {
      const [program, command, ...args] = wordsOf(example);
      expect([program, command]).toEqual(['auditseal', name]);
      expect(() => parseArguments(args, text.arguments, text.options)).not.toThrow();
    }
  });

  test('its help speaks of its own options and of no others', async () => {
    const { text, help } = await load(name);
    const said = [...(text.usage ?? []), ...text.description, ...Object.values(text.options).map((one) => one.meaning)];
    const known = Object.keys(text.options);
    expect(said.flatMap(optionsIn).filter((option) => !known.includes(option))).toEqual([]);
    for (const option of known) expect(help(80)).toContain(`\n  --${option} `);
  });

  test('its help fits a terminal of 80 columns, and a wide one', async () => {
    const { help } = await load(name);
    for (const width of [80, 100]) expect(tooLong(help(width), width)).toEqual([]);
  });
});

test('text is no wider than a wide terminal makes readable', () => {
  expect([helpWidth(), helpWidth(80), helpWidth(100), helpWidth(200)]).toEqual([80, 80, 100, 100]);
});

test('wrapping breaks at spaces, indents what follows, keeps columns, and leaves long words whole', () => {
  expect(wrap('one two three', 8)).toBe('one two\nthree');
  expect(wrap('a     one two', 9, '      ')).toBe('a     one\n      two');
  expect(wrap(`x ${'y'.repeat(20)} z`, 10)).toBe(`x\n${'y'.repeat(20)}\nz`);
  expect(wrap('', 10)).toBe('');
});

describe('what the parser refuses', () => {
  const TABLE = {
    json: { type: 'flag', meaning: '' },
    file: { type: 'text', placeholder: 'FILE', meaning: '' },
    key: { type: 'texts', placeholder: 'VKEY', meaning: '' },
    days: { type: 'number', placeholder: 'N', least: 1, most: 10, meaning: '' },
  } as const;
  const parse = (...args: string[]): unknown => parseArguments(args, ['TARGET'], TABLE);

  test.each<[string[], string]>([
    [['a', '--nothing'], 'there is no option --nothing'],
    [['a', '--nothing=secret'], 'there is no option --nothing'],
    [['a', '-j'], 'there is no option -j'],
    [['a', '--toString'], 'there is no option --toString'],
    [['a', '--no-json'], 'there is no option --no-json'],
    [['a', '--json=yes'], '--json takes no value'],
    [['a', '--file'], '--file needs a value: --file FILE'],
    [['a', '--file', '--json'], 'a value that begins with - is given as --file=VALUE'],
    [['a', '--days', '0'], '--days must be a whole number from 1 to 10'],
    [['a', '--days', '11'], '--days must be a whole number from 1 to 10'],
    [['a', '--days', '1.5'], '--days must be a whole number from 1 to 10'],
    [[], 'expected TARGET, got nothing'],
    [['a', 'b'], 'expected TARGET, got 2 arguments'],
  ])('%j', (args, why) => expect(() => parse(...args)).toThrow(new RegExp(`^.*${why}$`)));

  test('several of the last argument, where its name says so', () => {
    expect(parseArguments(['a', 'b', 'c'], ['FIRST', 'FILE…'], {})).toMatchObject({ given: ['a', 'b'], more: ['c'] });
    expect(() => parseArguments(['a'], ['FIRST', 'FILE…'], {})).toThrow('expected FIRST FILE…, got 1 argument');
    expect(() => parseArguments(['a', 'b', 'PRIVATE+KEY+x'], ['FILE…'], {})).toThrow(/^an argument holds a secret/);
  });

  test('and what it takes', () => {
    expect(parse('--key', 'a', 'x', '--key=-b', '--file=', '--days', '3')).toEqual({
      given: ['x'],
      more: [],
      options: { json: false, file: '', key: ['a', '-b'], days: 3 },
    });
    expect(parse('--json', '--file', '-', '--', '--x')).toEqual({
      given: ['--x'],
      more: [],
      options: { json: true, file: '-', key: [], days: undefined },
    });
  });
});
