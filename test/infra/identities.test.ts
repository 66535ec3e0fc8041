import { readBlock } from '../../tools/pages/markedBlock.ts';
import { identitiesBlock } from './support/identities.ts';
import { cells } from './support/ports.ts';
import { describeTemplates } from './support/templates.ts';

describeTemplates('identities', (templates) => {
  test('docs/threat-model.md says what each can and cannot do', async () => {
    const written = identitiesBlock(await templates.evaluate('production'));
    expect(cells(await readBlock('docs/threat-model.md', 'identities'))).toBe(cells(written));
  });

  test('who can do what matters most', async () => {
    const rows = identitiesBlock(await templates.evaluate('production')).split('\n');
    const cannot = (identity: string): string =>
      rows.find((row) => row.startsWith(`| \`${identity}\` | can't |`)) ?? '';
    for (const identity of ['sealer', 'auditor', 'drill', 'encryption']) {
      expect(cannot(identity)).toContain('replace or delete a segment, a checkpoint or a report');
      expect(cannot(identity)).toContain('change or lock the retention policy, or a hold');
    }
    expect(cannot('sealer')).toContain('create reports');
    expect(cannot('auditor')).toContain('create segments, batches or checkpoints');
    expect(cannot('auditor')).toContain('sign a checkpoint');
    for (const identity of ['sealer', 'drill', 'encryption', 'operators'])
      expect(cannot(identity)).toContain('sign a report');
    expect(cannot('auditor')).not.toContain('sign a report');
    expect(cannot('auditor')).toContain('receive events');
    expect(cannot('sealer')).not.toContain('sign a checkpoint');
    expect(cannot('auditor')).not.toContain('create reports');
  });
});
