import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HELP, parseStartOptions } from '../../local/demo/startOptions.ts';
import { runNode } from '../support/program.ts';
import { SECRET, SPELLINGS } from '../support/secrets.ts';

const OPTIONS = [...HELP.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name as string);

test('npm start refuses a secret in every option, and repeats none', () => {
  expect(OPTIONS.length).toBeGreaterThan(7);
  for (const text of Object.values(SPELLINGS)) {
    for (const args of [
      ...OPTIONS.flatMap((name) => [[`--${name}`, text], [`--${name}=${text}`]]),
      [text],
      [`--${text}`],
    ]) {
      const parsed = parseStartOptions(args, '/');
      expect(parsed).toEqual({ wrong: expect.stringMatching(/^argument \d holds what looks like a secret/) as string });
      expect(JSON.stringify(parsed)).not.toContain(SECRET);
    }
  }
  expect(parseStartOptions(['--input', '/logs'], '/')).toMatchObject({ input: '/logs' });
});

test.each(['local/start.ts', 'local/host/main.ts'])('%s ends, and repeats none', async (program) => {
  for (const option of ['--input', '--settings', '--never']) {
    const { code, stdout, stderr } = await runNode([program, option, SPELLINGS['a SAS without a scheme'] as string]);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain('holds what looks like a secret');
    expect(stderr).not.toContain(SECRET);
  }
});

test('a file of settings that is not JSON is not quoted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  try {
    for (const text of [SECRET, `{"Values": ${SECRET}}`, `{"LEDGER": "AccountKey=${SECRET}" x`]) {
      const path = join(folder, 'settings.json');
      await writeFile(path, text);
      const { code, stdout, stderr } = await runNode(['local/host/main.ts', '--app', '.', '--settings', path]);
      expect([code, stdout]).toEqual([64, '']);
      expect(stderr).toContain('they are not JSON');
      expect(stderr).not.toContain(SECRET.slice(0, 5));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
