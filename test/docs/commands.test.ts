import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HELP as startHelp, parseStartOptions } from '../../local/demo/startOptions.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { Command as CliCommand } from '../../src/cli/command.ts';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { codeBlocks, pageNames, readPage } from './pages.ts';

const cliCommands = new Map<string, CliCommand>();
beforeAll(async () => {
  for (const [name, { load }] of Object.entries(COMMANDS)) cliCommands.set(name, (await load()).command);
});
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

interface Command {
  readonly page: string;
  readonly text: string;
}

/** commandsOf gives what a page tells its reader to type: lines of shell blocks, and code spans. */
function commandsOf(page: string): Command[] {
  const text = readPage(page);
  const lines = codeBlocks(text)
    .filter(({ language }) => ['sh', 'console', 'bash'].includes(language))
    .flatMap((block) => block.text.split('\n'))
    .flatMap((line) => line.replace(/^\$ /, '').split(/ && | \| /));
  const spans = [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span as string);
  return [...lines, ...spans]
    .filter((line) => /^(npm|auditseal|node tools)(?=[ /]|$)/.test(line))
    .map((line) => ({ page, text: line.trim() }));
}

/** faultOf says what is wrong with a command, or nothing. */
function faultOf(text: string): string | undefined {
  const words = text.split(/\s+/);
  if (words[0] === 'node') return existsSync(join(ROOT, words[1] as string)) ? undefined : 'no such program';
  if (words[0] === 'auditseal') return faultOfCli(words.slice(1));
  const rest = words.slice(1).filter((word) => word !== '--silent' && word !== '-s');
  if (['ci', 'audit', 'install', 'pack', 'version'].includes(rest[0] as string)) return undefined;
  const script = rest[0] === 'run' ? rest[1] : rest[0];
  if (script === undefined || !Object.hasOwn(scripts, script)) return 'no such script';
  const args = text.includes(' -- ') ? text.slice(text.indexOf(' -- ') + 4).split(/\s+/) : [];
  // What npm prints before it would get into a result.
  if (script === 'cli' && !words.includes('-s')) return 'npm run cli without -s';
  if (script === 'cli') return args.length === 0 ? undefined : faultOfCli(args);
  if (script !== 'start') return undefined;
  const parsed = parseStartOptions(args, '/');
  return parsed !== 'help' && 'wrong' in parsed ? parsed.wrong : undefined;
}

function faultOfCli([command, ...args]: readonly string[]): string | undefined {
  if (command === undefined || ['--help', '--version', '…'].includes(command)) return undefined;
  const options = cliCommands.get(command)?.text.options;
  if (options === undefined) return 'no such command';
  const given = args.filter((word) => word.startsWith('-') && !['-', '--help'].includes(word));
  const unknown = given.find((option) => !Object.keys(options).includes(option.replace(/^--/, '')));
  return unknown === undefined ? undefined : `no option ${unknown}`;
}

const commands = pageNames().flatMap(commandsOf);

test('every command in the pages exists, with its options', () => {
  expect(commands.length).toBeGreaterThan(20);
  const wrong = commands.map((command) => ({ ...command, fault: faultOf(command.text) }));
  expect(wrong.filter(({ fault }) => fault !== undefined)).toEqual([]);
});

test('pages name auditseal; how a clone says it, the first page tells before it names a command, and its session shows', () => {
  const inClone = commands.filter(({ text }) => text.startsWith('npm run -s cli') && !text.endsWith('…'));
  expect(new Set(inClone.map(({ page }) => page))).toEqual(new Set(['README.md']));
  const readme = readPage('README.md');
  expect(readme.indexOf('say `npm run -s cli -- …`')).toBeGreaterThan(0);
  expect(readme.indexOf('say `npm run -s cli -- …`')).toBeLessThan(readme.indexOf('```console'));
});

test('this check finds what is wrong', () => {
  expect(faultOf('npm run nothing')).toBe('no such script');
  expect(faultOf('npm start -- --never')).toContain('--never');
  expect(faultOf('npm run -s cli -- verify X --fast')).toBe('no option --fast');
  expect(faultOf('npm run cli -- verify X')).toBe('npm run cli without -s');
  expect(faultOf('auditseal unlock')).toBe('no such command');
  expect(faultOf('node tools/nothing.ts')).toBe('no such program');
  expect(startHelp).toContain('--once');
});
