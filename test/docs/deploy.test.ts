import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatDeploymentSettings, readDeploymentSettings } from '../../tools/pages/deploymentSettings.ts';
import { ROOT, readBlock } from '../../tools/pages/markedBlock.ts';
import { faultOf } from '../support/azureCommands.ts';
import { codeBlocks, firstCells, headings, pageNames, readPage, section } from './pages.ts';

/** commandsIn gives lines of shell blocks, and code spans, that begin with one of the three programs, or take what one prints. */
function commandsIn(text: string): string[] {
  const lines = codeBlocks(text)
    .filter(({ language }) => ['sh', 'console', 'bash'].includes(language))
    .flatMap((block) => block.text.split('\n'));
  const spans = [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span as string);
  const inner = /\$\(((?:"[^"]*"|[^")])*)\)/g;
  const taken = [...lines, ...spans].flatMap((line) =>
    [...line.matchAll(inner)].map(([, command]) => command as string),
  );
  return [
    ...lines.map((line) => line.replaceAll(inner, 'X')),
    ...spans.map((line) => line.replaceAll(inner, 'X')),
    ...taken,
  ]
    .map((line) => line.trim())
    .filter((line) => /^(az|azd|gh) /.test(line));
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
  expect(faultOf('az role definition list --custom-role-only true')).toBe('lacks --scope');
  expect(faultOf('azd up --no-state')).toBe('no known option --no-state');
  expect(commandsIn('```sh\nETAG=$(az x --query "a(b)" --output tsv)\n```\n')).toEqual([
    'az x --query "a(b)" --output tsv',
  ]);
});

/** shellOf gives the lines of a page's shell blocks, block by block. */
const shellOf = (page: string): string[][] =>
  codeBlocks(page)
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text.split('\n'));

test('after each sign-in az is told the subscription, because az login chooses one by itself', () => {
  const blocks = shellOf(readPage('docs/deploy.md')).filter((lines) => lines.includes('az login'));
  expect(blocks.length).toBeGreaterThan(2);
  for (const lines of blocks)
    expect(lines[lines.indexOf('az login') + 1]).toBe('az account set --subscription SUBSCRIPTION_ID');
});

test('an ETag goes from az to az by a variable, because a shell takes its quotes away', () => {
  const page = readPage('docs/deploy.md');
  const texts = [...shellOf(page).map((lines) => lines.join('\n')), readPage('tools/azd/predown.ts')].filter((text) =>
    text.includes('--if-match'),
  );
  expect(texts.length).toBe(3);
  for (const text of texts)
    expect(text).toMatch(
      /ETAG=\$\(az storage container immutability-policy show .* --query etag --output tsv\)[^]*--if-match "\$ETAG"/,
    );
});

test('roles that are taken away are found where they can be assigned, and go before their resource group', () => {
  const page = readPage('docs/deploy.md');
  const down = shellOf(page).filter((lines) => lines.includes('azd down'));
  expect(down.length).toBe(2);
  for (const lines of down) {
    const at = (command: string): number => lines.findIndex((line) => line.includes(command));
    const order = ['az lock delete --name ledger-stays', 'az role assignment delete', 'az role definition delete'].map(
      at,
    );
    expect(order).not.toContain(-1);
    expect([...order, at('azd down')]).toEqual([...order, at('azd down')].toSorted((a, b) => a - b));
  }
});

test('what puts things back is a deployment that azd does not skip', () => {
  const page = readPage('docs/deploy.md');
  expect(section(page, '### What `azd provision --no-state` heals')).toContain("Didn't find new changes");
  expect(readPage('.github/workflows/azure-dev.yml')).toContain('run: azd provision --no-state --no-prompt\n');
});

test('routing has no rule to fall back on, and the commands of both templates give what is required', () => {
  expect(readPage('infra/routing.bicepparam')).toContain("readEnvironmentVariable('AUDITSEAL_SENDER_RULE')");
  const sources = readPage('docs/sources.md');
  expect(sources).toContain('export AUDITSEAL_SENDER_RULE=$(azd env get-value AUDITSEAL_SENDER_RULE)');
  const required = [...readPage('infra/tenant.bicep').matchAll(/^param (\w+) string$/gm)].map(
    ([, name]) => name as string,
  );
  expect(required.length).toBe(2);
  const given = [sources, readPage('infra/tenant.bicep')].map(
    (text) => /az deployment tenant create [^\n']*/.exec(text)?.[0] ?? '',
  );
  for (const line of given) for (const name of required) expect(line).toContain(`${name}=`);
});

/** wordsIn gives what a reader has to replace in commands: words in capitals, but for names of settings and of variables of the shell. */
const wordsIn = (lines: readonly string[]): string[] => [
  ...new Set(
    lines.flatMap((line) =>
      [...line.matchAll(/(?<![\w$])[A-Z][A-Z_]+(?:\/[A-Z]+)?(?![\w]|=\$\()/g)]
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

test('nobody is told to give a person a role that a lock would keep: one is of the resource group, and is taken away', () => {
  const told = pageNames().flatMap((page) => commandsIn(readPage(page)).filter((line) => line.startsWith('az role ')));
  const given = told.filter((line) => line.startsWith('az role assignment create'));
  expect(given.length).toBe(1);
  for (const line of given) {
    expect(line).toMatch(/ --scope \/subscriptions\/SUBSCRIPTION_ID\/resourceGroups\/GROUP$/);
    expect(told).toContain(line.replace(' create ', ' delete '));
  }
  expect(section(readPage('docs/deploy.md'), '### Lock it')).toContain('az ad group member remove');
});

test('what a hook points to is there', () => {
  const hook = readFileSync(join(ROOT, 'tools/azd/predown.ts'), 'utf8');
  const sections = [...hook.matchAll(/docs\/deploy\.md, "([^"]+)"/g)].map(([, name]) => name as string);
  expect(sections.length).toBeGreaterThan(0);
  expect(headings(readPage('docs/deploy.md'), 2)).toEqual(expect.arrayContaining(sections));
});
