import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostLog } from '../../src/adapters/hostLog.ts';
import { LINES } from '../../src/ports/telemetry.ts';
import { ROOT, readBlock } from '../../tools/pages/markedBlock.ts';
import { TELEMETRY_JSON, exportTelemetry, formatTelemetry, loggingFiles } from '../../tools/pages/telemetryTable.ts';

test('every line of the table is logged somewhere, and every line that is logged stands in it', async () => {
  expect([...(await loggingFiles()).keys()].toSorted()).toEqual(Object.keys(LINES).toSorted());
});

test('what queries and people read is this table', async () => {
  expect(JSON.parse(readFileSync(join(ROOT, TELEMETRY_JSON), 'utf8'))).toEqual(await exportTelemetry());
  expect((await readBlock('docs/operations.md', 'telemetry')).trim()).toBe(formatTelemetry());
});

test('a line says what to do, which function logged it, and in which invocation', () => {
  const said: string[] = [];
  const keep = (text: string): void => void said.push(text);
  const log = hostLog({ info: keep, warn: keep, error: keep, functionName: 'verify', invocationId: 'abc-1' });
  log.error('finding', { code: 'chain-broken', object: 'segments/0/000000000001.jsonl.zst' });
  expect(said.map((text) => JSON.parse(text) as unknown)).toEqual([
    {
      message: 'finding',
      code: 'chain-broken',
      object: 'segments/0/000000000001.jsonl.zst',
      runbook: 'chain-broken',
      function: 'verify',
      invocation: 'abc-1',
    },
  ]);
});

test('the host passes every line on: none is below its level, and none is sampled away', () => {
  const { logging } = JSON.parse(readFileSync(join(ROOT, 'host.json'), 'utf8')) as {
    logging: {
      logLevel: Record<string, string>;
      applicationInsights: { samplingSettings: { isEnabled: boolean; excludedTypes: string } };
    };
  };
  const { default: least, ...others } = logging.logLevel;
  expect(least).toBe('Information');
  // What a function logs is in the category Function.NAME.User.
  expect(Object.keys(others).filter((category) => category.startsWith('Function'))).toEqual([]);
  expect(logging.applicationInsights.samplingSettings.excludedTypes.split(';')).toEqual(['Trace', 'Exception']);
});

describe('what the compiler refuses', () => {
  /** refusals compiles calls of a log, each on a line of its own, and gives those that don't compile. */
  function refusals(calls: readonly string[]): string[] {
    // Below the root, so that types are found.
    const folder = mkdtempSync(join(ROOT, 'test', 'telemetry', 'calls-'));
    try {
      const head = "import type { Logger } from '../../../src/ports/host.ts';";
      writeFileSync(join(folder, 'calls.ts'), [head, 'declare const log: Logger;', ...calls, ''].join('\n'));
      writeFileSync(
        join(folder, 'tsconfig.json'),
        '{ "extends": "../../../tsconfig.json", "include": ["calls.ts"], "compilerOptions": { "types": [] } }',
      );
      const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
      const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
      return [...stdout.matchAll(/calls\.ts\((\d+),/g)].map(([, line]) => calls[Number(line) - 3] ?? stdout);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('misspelt messages and fields, a wrong level, a missing field, one too many, or one of another type', () => {
    const right = [
      "log.error('finding', { code: 'a', object: 'b' });",
      "log.warn('another integration took the next batch', { tries: 1 });",
    ];
    const wrong = [
      "log.error('findings', { code: 'a', object: 'b' });",
      "log.info('finding', { code: 'a', object: 'b' });",
      "log.error('finding', { code: 'a', objekt: 'b' });",
      "log.error('finding', { code: 'a' });",
      "log.error('finding', { code: 'a', object: 'b', record: 'c' });",
      "log.error('finding', { code: 'a', object: 1 });",
      "log.error('finding');",
    ];
    expect(refusals([...right, ...wrong])).toEqual(wrong);
  });
});
