import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBlock } from '../../tools/pages/markedBlock.ts';
import { codeBlocks, readPage, section } from './pages.ts';

const PAGE = 'docs/format.md';
const TOOLS = ['zstd', 'xxd', 'openssl'];
const missing = TOOLS.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** runIn runs the page's shell commands in a folder that has the example's files, and gives what they print. */
async function runIn(change: (stored: Buffer) => Buffer = (stored) => stored): Promise<string> {
  const example = codeBlocks(await readBlock(PAGE, 'example'));
  const textOf = (language: string): string => example.find((block) => block.language === language)?.text ?? '';
  const stored = change(Buffer.from(textOf('base64'), 'base64'));
  await writeFile(join(folder, 'stored.b64'), stored.toString('base64'));
  await writeFile(join(folder, 'key'), `${textOf('key')}\n`);
  const commands = codeBlocks(section(readPage(PAGE), '## 12. Worked example'))
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text);
  expect(commands.length).toBeGreaterThan(2);
  const { stdout, stderr } = spawnSync('sh', ['-c', commands.join('\n')], { cwd: folder, encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

if (missing.length > 0) {
  // Where everything is checked, they are there; elsewhere this says that it was not tried.
  test('the programs that docs/format.md calls are at hand where everything is checked', () => {
    process.stderr.write(
      `test/docs: ${missing.join(', ')} not found, so the worked example was not redone by a shell\n`,
    );
    expect(process.env['CI'] ?? '').toBe('');
  });
} else {
  test('a shell redoes the worked example, and openssl verifies both signatures', async () => {
    const [, , hashes, root, , signed] = codeBlocks(await readBlock(PAGE, 'example')).map(({ text }) => text);
    const { frames } = JSON.parse(signed?.split('\n')[0] as string) as { frames: string };
    const leaf = hashes?.split('\n')[2]?.split(' ')[1];
    expect(await runIn()).toBe(
      `${leaf}  -\n${root}\n${frames}  frames\nSignature Verified Successfully\nSignature Verified Successfully\n`,
    );
  });

  test('and refuses it with another statement', async () => {
    const printed = await runIn((stored) =>
      Buffer.from(stored.toString('latin1').replace('"record":4', '"record":5'), 'latin1'),
    );
    expect(printed).toMatch(/Signature Verification Failure\nSignature Verified Successfully\n$/);
  });
}
