import { join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { describeTemplates, templateFiles } from './support/templates.ts';

// The compiler is asked anew each time; templates.test.ts goes by what it said before of the same templates.
describeTemplates('templates', (templates) => {
  test('the linter prints nothing of templates', async () => {
    expect(await templates.run(['lint', '--pattern', '**/*.bicep'])).toBe('');
  });

  test('the linter prints nothing of parameters', async () => {
    expect(await templates.run(['lint', 'main.bicepparam'])).toBe('');
    const rule = { AUDITSEAL_SENDER_RULE: '/subscriptions/x/authorizationRules/diagnostic-settings' };
    expect(await templates.run(['lint', 'routing.bicepparam'], join(ROOT, 'infra'), rule)).toBe('');
  });

  test('routing without the rule to send with is refused by the compiler, and not by Azure for each resource', async () => {
    const printed = await templates.run(['build-params', 'routing.bicepparam', '--stdout']);
    expect(printed).toMatch(/Error BCP\d+: .*AUDITSEAL_SENDER_RULE/);
    expect(printed).toContain('exit code 1');
  });

  test('every file is as the formatter writes it', async () => {
    const files = (await templateFiles()).filter(({ name }) => /\.bicep(param)?$/.test(name));
    expect(files.length).toBeGreaterThan(8);
    expect(await templates.format()).toEqual(files.map(({ name, bytes }) => ({ name, text: bytes.toString('utf8') })));
  });

  test('a second evaluation gives the same', async () => {
    const { snapshot } = await templates.evaluate('small');
    expect(await templates.compile('small')).toBe(snapshot);
  });
});
