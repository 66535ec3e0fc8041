import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeTemplates } from '../infra/support/templates.ts';
import { ROOT } from '../support/program.ts';
import { ALERT_RULES, FUNCTIONS } from '../../src/doctor/expected.ts';

test('each app runs the functions that the templates leave on in it', async () => {
  const apps = JSON.parse(await readFile(join(ROOT, 'infra', 'functionApps.json'), 'utf8')) as typeof FUNCTIONS;
  const auditor = apps.auditor.filter((name: string) => name !== 'forward');
  // forward is off unless somebody switches it on.
  expect(apps.auditor.length).toBe(auditor.length + 1);
  expect(FUNCTIONS).toEqual({ ...apps, auditor });
});

describeTemplates('alert rules', (templates) => {
  test('those that are on in every deployment are the ones that must be on', async () => {
    const sets = await Promise.all(
      (['development', 'small', 'production', 'private', 'second', 'longest'] as const).map((set) =>
        templates.evaluate(set),
      ),
    );
    const on = sets.map(({ resources }) =>
      resources
        .filter(
          ({ type, properties }) =>
            type === 'Microsoft.Insights/scheduledQueryRules' && properties?.['enabled'] === true,
        )
        .map(({ name }) => name),
    );
    const always = on[0]?.filter((name) => on.every((names) => names.includes(name))) ?? [];
    expect(always.toSorted()).toEqual([...ALERT_RULES].toSorted());
    expect(on.some((names) => names.length > always.length)).toBe(true);
  });
});
