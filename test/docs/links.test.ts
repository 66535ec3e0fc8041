import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { anchorsOf, pageNames, readPage } from './pages.ts';

const withoutCode = (page: string): string => page.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]+`/g, '');

const links = pageNames().flatMap((name) =>
  [...withoutCode(readPage(name)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({
    name,
    target: target as string,
  })),
);

test('every relative link leads somewhere', () => {
  expect(links.length).toBeGreaterThan(30);
  const broken = links.filter(({ name, target }) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? name : join(dirname(name), path);
    if (!existsSync(join(ROOT, file))) return true;
    return anchor !== undefined && !anchorsOf(readPage(file)).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('every page can be reached from the README', () => {
  const reached = new Set<string>();
  const visit = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    for (const link of links.filter((each) => each.name === name && /^[^:#]+\.md/.test(each.target)))
      visit(join(dirname(name), link.target.replace(/#.*/, '')));
  };
  visit('README.md');
  expect(pageNames().filter((name) => !reached.has(name))).toEqual([]);
});
