import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatDeploymentSettings, readDeploymentSettings } from '../../tools/pages/deploymentSettings.ts';
import { ROOT, readBlock } from '../../tools/pages/markedBlock.ts';
import { faultOf } from '../support/azureCommands.ts';
import { codeBlocks, firstCells, headings, pageNames, readPage, section } from './pages.ts';

/** commandsIn gives lines of shell blocks, and code spans, that begin with one of the three programs. */
function commandsIn(text: string): string[] {
  const lines = codeBlocks(text)
    .filter(({ language }) => ['sh', 'console', 'bash'].includes(language))
    .flatMap((block) => block.text.split('\n'));
  const spans = [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span as string);
  return [...lines, ...spans].map((line) => line.trim()).filter((line) => /^(az|azd|gh) /.test(line));
}

test('every command of az, azd and gh in the pages is a known one, with known options', () => {
  const commands = pageNames().flatMap((page) => commandsIn(readPage(page)).map((line) => ({ page, line })));
  expect(commands.length).toBeGreaterThan(20);
  expect(commands.filter(({ line }) => faultOf(line) !== undefined)).toEqual([]);
});

test('so is every one that hooks and workflows tell or run', () => {
  const files = readdirSync(join(ROOT, 'tools/azd')).map((name) => `tools/azd/${name}`);
  const told = files.flatMap((file) => {
    // In template texts backticks are escaped, in plain ones they aren't.
    const text = readPage(file).replaceAll(/\$\{[^}]*\}/g, 'X');
    const plain = [...text.matchAll(/'[^'\n]*'/g)].map(([each]) => each).join('\n');
    const spans = [...text.matchAll(/\\`(azd? [^`\\]+)\\`/g), ...plain.matchAll(/`(azd? [^`\n]+)`/g)];
    return spans.map(([, line]) => line as string);
  });
  const run = ['azure-dev', 'ci', 'what-if'].flatMap((name) =>
    [...readPage(`.github/workflows/${name}.yml`).matchAll(/^ *(?:- run: |run: )?((?:az|azd|gh) .+)$/gm)].map(
      ([, line]) => line as string,
    ),
  );
  expect(told.length).toBeGreaterThan(10);
  expect(run.length).toBeGreaterThan(5);
  expect([...told, ...run].filter((line) => faultOf(line) !== undefined)).toEqual([]);
});

test('this check finds what is wrong', () => {
  expect(faultOf('azd upp')).toBe('no known command');
  expect(faultOf('az login --tennant x')).toBe('no known option --tennant');
  expect(faultOf('az ad group member add --group a --member-id b')).toBeUndefined();
});

/** wordsIn gives what a reader has to replace in commands: words in capitals, but for the names of settings. */
const wordsIn = (lines: readonly string[]): string[] => [
  ...new Set(
    lines.flatMap((line) =>
      [...line.matchAll(/(?<![\w$])[A-Z][A-Z_]+(?:\/[A-Z]+)?(?![\w])/g)]
        .map(([word]) => word)
        .filter((word) => !/^(AUDITSEAL|AZURE)_/.test(word)),
    ),
  ),
];

test('every word in capitals that a command has is explained, with a sample, and no other is', () => {
  const page = readPage('docs/deploy.md');
  const explained = firstCells(section(page, '## Words in capitals'));
  const lines = codeBlocks(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'));
  const spans = [...page.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/`((?:az|azd|gh|npm|auditseal) [^`\n]+)`/g)];
  const words = wordsIn([...lines, ...spans.map(([, span]) => span as string)]);
  expect(words.filter((word) => !explained.includes(word))).toEqual([]);
  expect(explained.filter((word) => !words.includes(word))).toEqual([]);
  expect(wordsIn(['az keyvault show --name VAULT --query "[].ID" AUDITSEAL_SIZE Microsoft.App 1.2'])).toEqual([
    'VAULT',
    'ID',
  ]);
});

test('what the page says that hooks print, they print', () => {
  const printed = readdirSync(join(ROOT, 'tools/azd')).map((name) => readPage(`tools/azd/${name}`));
  const lines = codeBlocks(readPage('docs/deploy.md'))
    .filter(({ language }) => language === 'text')
    .flatMap(({ text }) => text.split('\n'));
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.filter((line) => !printed.some((text) => text.includes(`'${line}'`)))).toEqual([]);
});

test('the trial costs what the calculation says, and asks for the shortest retention', () => {
  const trial = section(readPage('docs/deploy.md'), '## A trial that you throw away');
  const [, month = ''] = /^\| \*\*total\*\* +\| \*\*([\d.,]+)\*\*/m.exec(readPage('docs/costs.md')) ?? [];
  expect(trial).toContain(`${month} USD a month`);
  const sizes = JSON.parse(readPage('infra/sizes.json')) as Record<string, { retentionDays: number }>;
  expect(sizes['development']?.retentionDays).toBe(1);
  expect(trial).toContain('azd env set AUDITSEAL_SIZE development\nazd env set AUDITSEAL_RETENTION_DAYS 1\n');
  expect(trial).not.toContain('cli -- lock');
});

test('the page names the azd that azure.yaml asks for', () => {
  const [, least = ''] = /azd: '>= ([\d.]+)'/.exec(readPage('azure.yaml')) ?? [];
  expect(section(readPage('docs/deploy.md'), '## What you need')).toContain(`${least} or newer`);
});

test('the table of settings is made from the templates', async () => {
  expect((await readBlock('docs/deploy.md', 'settings')).trim()).toBe(await formatDeploymentSettings());
});

test('every setting of the deployment that a page names is one that the template reads or puts out', async () => {
  const outputs = [...readPage('infra/main.bicep').matchAll(/^output (\w+) /gm)].map(([, name = '']) => name);
  const known = [...(await readDeploymentSettings()).map(({ name }) => name), ...outputs];
  expect(known.length).toBeGreaterThan(15);
  const named = [...readPage('docs/deploy.md').matchAll(/\bAUDITSEAL_\w+/g)].map(([name]) => name);
  expect([...new Set(named)].filter((name) => !known.includes(name))).toEqual([]);
});

test('nobody is told to give a person a role: a lock would keep it', () => {
  const pages = pageNames().filter((page) => /\baz role assignment create\b/.test(readPage(page)));
  expect(pages).toEqual([]);
  expect(section(readPage('docs/deploy.md'), '### Lock it')).toContain('az ad group member remove');
});

test('what a hook points to is there', () => {
  const hook = readFileSync(join(ROOT, 'tools/azd/predown.ts'), 'utf8');
  const sections = [...hook.matchAll(/docs\/deploy\.md, "([^"]+)"/g)].map(([, name]) => name as string);
  expect(sections.length).toBeGreaterThan(0);
  expect(headings(readPage('docs/deploy.md'), 2)).toEqual(expect.arrayContaining(sections));
});
