import { notesOf } from '../../tools/releaseNotes.ts';

const changelog =
  '# Changes\n\n## Unreleased\n\n- soon\n\n## 1.2.3 (2026-11-27)\n\n- new\n- more\n\n## 1.2.2\n\n- old\n\n## 1.2.1\n';
const release = (tag: string, version = tag.slice(1)) => ({ tag, versions: [version, version, version], changelog });

test('the notes of a release are its section of the changelog', () => {
  expect(notesOf(release('v1.2.3'))).toBe('- new\n- more');
  expect(notesOf(release('v1.2.2'))).toBe('- old');
});

test.each([
  [release('1.2.3'), 'the tag "1.2.3" is not of the form v1.2.3'],
  [release('v1.2.3; rm -rf /'), 'is not of the form'],
  [release(''), 'is not of the form'],
  [release('v1.2.3', '1.2.4'), 'the tag is v1.2.3, and package.json or package-lock.json has the version 1.2.4'],
  [{ ...release('v1.2.3'), versions: ['1.2.3', '1.2.3', undefined] }, 'has the version undefined'],
  [release('v1.2.4'), 'CHANGELOG.md has no section "## 1.2.4 (date)"'],
  [release('v1.2.1'), 'the section of 1.2.1 in CHANGELOG.md is empty'],
])('%j is refused', (wrong, why) => {
  expect(() => notesOf(wrong)).toThrow(why);
});
