import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { FILES } from './support/parameterFiles.ts';
import { OFFERED } from './support/parameterSets.ts';
import { describeTemplates, templateFiles } from './support/templates.ts';

describeTemplates('templates', (templates) => {
  test('every parameter is described and every text and number has bounds', async () => {
    const files = (await templateFiles()).filter(({ name }) => name.endsWith('.bicep'));
    const wrong = files.flatMap(({ name, bytes }) =>
      [...bytes.toString('utf8').matchAll(/((?:^@.*\n(?:^[^@\n].*\n)*?)*)^param (\w+) (.+)$/gm)].flatMap(
        ([, decorators = '', param, type = '']) => {
          const has = (decorator: string): boolean => decorators.includes(`@${decorator}(`);
          const isBounded =
            has('allowed') ||
            ((type.startsWith('string[') || type === 'array') && has('maxLength')) ||
            (type.startsWith('string') && !type.startsWith('string[') && has('maxLength')) ||
            (type.startsWith('int') && has('minValue') && has('maxValue')) ||
            (type.startsWith('{') && (!type.endsWith('[]') || has('maxLength'))) ||
            /^(bool|\w+Of)\b/.test(type);
          const isDescribed = /@description\('(Required|Optional)\. /.test(decorators);
          return isBounded && isDescribed ? [] : [`${name}: ${param} ${type}`];
        },
      ),
    );
    expect(wrong).toEqual([]);
  });

  test.each(OFFERED)('what %s deploys is what its snapshot says', async (set) => {
    // To change a snapshot on purpose: node tools/infraSnapshots.ts, and read the difference.
    const { snapshot } = await templates.evaluate(set);
    const kept = await readFile(join(ROOT, `test/infra/snapshots/${set}.json`), 'utf8');
    expect(JSON.parse(snapshot)).toEqual(JSON.parse(kept));
  });

  test.each(Object.entries(FILES))('what %s deploys is what its snapshot says', async (name, { parameters, to }) => {
    const { snapshot } = await templates.evaluateFile(parameters, to);
    const kept = await readFile(join(ROOT, `test/infra/snapshots/${name}.json`), 'utf8');
    expect(JSON.parse(snapshot)).toEqual(JSON.parse(kept));
  });
});
