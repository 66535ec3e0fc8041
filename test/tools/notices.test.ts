import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noticesOf } from '../../tools/notices.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-notices-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** packaged writes a package, and gives the path of a source of it. */
async function packaged(
  manifest: Readonly<Record<string, unknown>> & { readonly name: string },
  files: Readonly<Record<string, string>> = {},
) {
  const home = join(folder, 'node_modules', manifest.name);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), JSON.stringify({ version: '1.0.0', ...manifest }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
  return join(home, 'lib', 'index.js');
}

test('each package is named once with the text of its licence; those that share a text share it here too', async () => {
  const notices = await noticesOf([
    await packaged({ name: '@scope/b', license: 'MIT' }, { 'LICENSE.md': 'Text of it\r\n' }),
    await packaged({ name: 'a', license: 'MIT' }, { license: 'Text of it\n' }),
    await packaged({ name: 'c', license: 'Apache-2.0' }, { LICENSE: 'Apache', NOTICE: 'Notice', 'README.md': 'no' }),
    join(folder, 'node_modules', 'a', 'other.js'),
    'src/cli/main.ts',
  ]);
  expect(notices.split(/\n-+\n\n/).slice(1)).toEqual([
    '@scope/b 1.0.0 (MIT)\na 1.0.0 (MIT)\n\nText of it\n',
    'c 1.0.0 (Apache-2.0)\n\nApache\n\nNotice\n',
  ]);
});

test('a package without a text of its licence is named with its author', async () => {
  const notices = await noticesOf([await packaged({ name: 'a', license: 'MIT', author: { name: 'Ann' } })]);
  expect(notices).toContain('a 1.0.0 (MIT)\n\nCopyright Ann\n');
  const nobody = await packaged({ name: 'b', license: 'MIT' });
  await expect(noticesOf([nobody])).rejects.toThrow('b names neither its author nor the text of its licence');
});

test.each(['GPL-3.0', 'UNLICENSED', undefined])('the licence %s stops the build', async (license) => {
  const source = await packaged({ name: 'a', license }, { LICENSE: 'text' });
  await expect(noticesOf([source])).rejects.toThrow(`a 1.0.0 has the licence ${license ?? 'none'}: may it be bundled?`);
});
