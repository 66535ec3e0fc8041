import { ACKNOWLEDGEABLE } from '../../src/core/objects/acknowledgement.ts';
import { readPage, section } from './pages.ts';

const codesIn = (text: string): string[] => [...text.matchAll(/`([a-z]+-[a-z-]+)`/g)].map(([, code]) => code as string);

test('docs/runbook.md names each finding that can be acknowledged, and no other', () => {
  const [list = ''] = /^For `sequence-gap`.*$/m.exec(readPage('docs/runbook.md')) ?? [];
  expect(codesIn(list).sort()).toEqual([...ACKNOWLEDGEABLE].sort());
});

test('docs/format.md says of each why', () => {
  const rows = section(readPage('docs/format.md'), '### 10.6 What is acknowledged')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((row) => codesIn(row).slice(0, 1));
  expect(rows.sort()).toEqual([...ACKNOWLEDGEABLE].sort());
});
