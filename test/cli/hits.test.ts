import { hitFormat } from '../../src/cli/hits.ts';
import type { Hit } from '../../src/find/hit.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command as checkCommand } from '../../src/cli/commands/check.ts';
import { command } from '../../src/cli/commands/find.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { KEY } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';

const HIT: Hit = {
  partition: '3',
  record: 10_241,
  segment: 'segments/3/000000000007.jsonl.zst',
  leaf: 4,
  entry: 12,
  enqueued: '2026-11-25T14:03:07.123Z',
  form: undefined,
  values: {
    time: '2026-11-25T14:03:05Z',
    category: 'AuditEvent',
    operation: 'SecretGet',
    actor: 'alice@contoso.example',
    target: 'https://kv.vault.azure.net/secrets/bank',
    resource: '/subscriptions/1/providers/microsoft.keyvault/vaults/kv',
    result: 'Success',
    ip: '203.0.113.9',
  },
  isText: false,
  line: Buffer.from('{}'),
};

test.each([
  [400, 10],
  [164, 10],
  [150, 9],
  [120, 7],
  [80, 4],
  [60, 3],
])('a table fits in %d columns, and says in all of them when, what and where', (width, columns) => {
  const format = hitFormat('table', { zone: 'UTC', width });
  const line = format.line(HIT);
  const titles = format.head.trim().split(/ {2,}/);
  expect(titles).toHaveLength(columns);
  expect(titles).toEqual(expect.arrayContaining(['ENQUEUED', 'OPERATION', 'PLACE']));
  for (const text of [format.head, line]) expect(text.trimEnd().length).toBeLessThanOrEqual(width);
  expect(line).toContain('SecretGet');
  expect(line).toContain('3/10241');
});

test('a record that was found as text shows how it begins', () => {
  const text = `user said "rm\u001b[2J" ${'x'.repeat(300)}`;
  const seal = '{"record":10241,"event":9,"index":0,"enqueued":"2026-11-25T14:03:07.123Z","form":"text"}';
  const hit: Hit = {
    ...HIT,
    values: {},
    isText: true,
    form: 'text',
    line: Buffer.from(`{"_text":${JSON.stringify(text)},"_reason":"not JSON","_seal":${seal}}`),
  };
  const row = hitFormat('table', { zone: 'UTC', width: 0 }).line(hit);
  expect(row).toContain('user said "rm\\u001b[2J" xxx');
  expect(hitFormat('csv', { zone: 'UTC', width: 0 }).line(hit)).toContain('"user said ""rm\\u001b[2J"" xxx');
});

test('a folder without anything of a ledger is no ledger in which nothing happened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-find-'));
  try {
    await writeFile(join(folder, 'notes.txt'), 'x');
    for (const key of [[], ['--key', formatVerifierKey(KEY.verifierKey)]]) {
      const { code, out } = await inProcess(() => command.run([folder, ...key]));
      expect([code, out]).toEqual([2, expect.stringContaining('there is no ledger here') as string]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('check says of a mirror what checks it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-find-'));
  try {
    const { FolderStore } = await import('../../src/adapters/folderStore.ts');
    await new FolderStore(folder).create('segments/0/000000000000.jsonl.zst', Buffer.from('x'));
    await expect(checkCommand.run([folder])).rejects.toThrow('is a mirror: auditseal verify checks it');
  } finally {
    await rm(folder, { recursive: true });
  }
});
