import { monitorAudience } from '../../src/config/azureIds.ts';
import { loadConfig } from '../../src/config/config.ts';
import { GOOD, wrongIn } from '../support/settings.ts';
import type { Env } from '../support/settings.ts';

describe('where records are handed on to', () => {
  const told = {
    ...GOOD,
    AzureWebJobsStorage: GOOD.LEDGER,
    FORWARD_ENDPOINT: 'https://dcr-records-abcd.westeurope-1.ingest.monitor.azure.com',
    FORWARD_RULE: `dcr-${'0123456789abcdef'.repeat(2)}`,
  };

  test('is nowhere, unless a rule is named', () => {
    expect(loadConfig({ ...GOOD, FORWARD_SCHEDULE: '15 * * * * *' })).not.toHaveProperty('forward');
    expect(loadConfig(told).forward).toEqual({
      endpoint: told.FORWARD_ENDPOINT,
      rule: told.FORWARD_RULE,
      from: 'now',
      identity: { managed: false },
      storage: { kind: 'connectionString', text: GOOD.LEDGER },
    });
  });

  test.each<[string, Env, string[]]>([
    ['a rule without an address', { FORWARD_ENDPOINT: '' }, ['FORWARD_ENDPOINT']],
    ['an address without a rule', { FORWARD_RULE: '' }, ['FORWARD_RULE']],
    ['a rule by its name', { FORWARD_RULE: 'dcr-records' }, ['FORWARD_RULE']],
    ['another time', { FORWARD_FROM: 'yesterday' }, ['FORWARD_FROM']],
    ['a time without milliseconds', { FORWARD_FROM: '2026-11-22T00:00:00Z' }, ['FORWARD_FROM']],
    ['a day that is none', { FORWARD_FROM: '2026-02-30T00:00:00.000Z' }, ['FORWARD_FROM']],
    ['an identity that is not managed', { FORWARD__clientId: 'x' }, ['FORWARD__clientId']],
    ['a schedule of five fields', { FORWARD_SCHEDULE: '* * * * *' }, ['FORWARD_SCHEDULE']],
  ])('%s is named', (_what, env, wrong) => expect(wrongIn({ ...told, ...env })).toEqual(wrong));

  // Records and a token go there.
  test.each([
    'http://a.ingest.monitor.azure.com',
    'https://a.ingest.monitor.azure.com.evil.example',
    'https://evil.example/a.ingest.monitor.azure.com',
    'https://evil.example#.ingest.monitor.azure.com',
    'https://x@a.ingest.monitor.azure.com',
    'https://a.ingest.monitor.azure.com/path',
    'https://a.ingest.monitor.azure.com:8443',
    'https://.ingest.monitor.azure.com',
    'https://ingest.monitor.azure.com',
    'https://127.0.0.1.evil.example:1',
  ])('%s is no address of Azure Monitor', (endpoint) => {
    expect(wrongIn({ ...told, FORWARD_ENDPOINT: endpoint })).toEqual(['FORWARD_ENDPOINT']);
  });

  test.each([
    ['com', 'https://monitor.azure.com'],
    ['us', 'https://monitor.azure.us'],
    ['cn', 'https://monitor.azure.cn'],
  ])('a token is for the cloud of the address: %s', (end, audience) => {
    const endpoint = `https://a-b1.region-1.ingest.monitor.azure.${end}`;
    expect(loadConfig({ ...told, FORWARD_ENDPOINT: endpoint }).forward?.endpoint).toBe(endpoint);
    expect(monitorAudience(endpoint)).toBe(audience);
  });
});
