import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS, overview } from '../../src/cli/commands.ts';
import { command as mirrorCommand } from '../../src/cli/commands/mirror.ts';
import { command as verifyCommand } from '../../src/cli/commands/verify.ts';
import { readLedgerList } from '../../src/cli/ledgerList.ts';
import { LEDGER_OPTIONS } from '../../src/cli/ledgerOptions.ts';
import { parseArguments } from '../../src/cli/usage.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { codeBlocks, readPage } from '../docs/pages.ts';
import { CLI, inProcess, runNode } from '../support/program.ts';
import type { Ended } from '../support/program.ts';
import { SECRET, SPELLINGS } from '../support/secrets.ts';

const [EU, US, ASIA] = ['logs.example.com/eu', 'logs.example.com/us', 'logs.example.com/asia'];
const us = { target: './us', ledger: US };
const asia = { target: 'asia', ledger: ASIA };

let work = '';
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  await mkdir(join(work, 'lists'));
  process.env['INIT_CWD'] = work;
});
afterAll(async () => {
  delete process.env['INIT_CWD'];
  await rm(work, { recursive: true });
});

let count = 0;
/** listOf writes a list, and gives its path from where the user is. */
async function listOf(content: unknown): Promise<string> {
  const path = `lists/${++count}.json`;
  await writeFile(join(work, path), typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('a list that is wrong', () => {
  /** ended gives the fault that a check ends in before it looks at any ledger. */
  const ended = async (args: readonly string[]): Promise<readonly [string, string]> => {
    try {
      await inProcess(async () => verifyCommand.run(args));
    } catch (error) {
      if (error instanceof AuditsealError) return [error.code, error.message];
      throw error;
    }
    return ['nothing', ''];
  };
  const NOT_A_LIST = 'and no list of ledgers: expected a JSON object with the member "ledgers"';

  test.each<[string, string, string]>([
    ['text', 'ledgers', NOT_A_LIST],
    ['JSON of something else', '{"version":1}', NOT_A_LIST],
    ['JSON that nests too deep', `{"ledgers":${'['.repeat(100)}${']'.repeat(100)}}`, NOT_A_LIST],
    [
      'more than 1 MiB',
      JSON.stringify({ ledgers: ['x'.repeat(1_048_576)] }),
      'is no list of ledgers: expected at most 1,048,576 bytes, got more',
    ],
  ])('a file that holds %s can not be used', async (_what, content, why) => {
    const list = await listOf(content);
    expect(await ended([list])).toEqual(['TARGET_INVALID', expect.stringContaining(why)]);
    expect((await ended([list]))[1]).toMatch(new RegExp(`^${list} is `));
  });

  const AT = `ledgers[1] (${ASIA}): `;
  test.each<[string, unknown, string]>([
    ['no entries', [], 'ledgers: expected 1 to 1,000 entries, got 0'],
    ['1,001 entries', Array.from({ length: 1001 }, () => us), 'ledgers: expected 1 to 1,000 entries, got 1,001'],
    ['no array', { us }, 'ledgers: expected an array with an entry for each ledger'],
    ['an entry that is none', [us, 'asia'], 'ledgers[1]: expected an object with the members "target" and "ledger"'],
    [
      'no name',
      [us, { target: 'asia' }],
      'ledgers[1]: expected the member "ledger": the name that this ledger must have',
    ],
    ['a name that is none', [{ target: 'a', ledger: 'a b' }], 'ledgers[0]: ledger: expected the name of a ledger'],
    [
      "an auditor's name",
      [{ target: 'a', ledger: 'a/auditor' }],
      'ledgers[0]: ledger: the name of a ledger ends neither',
    ],
    ['no target', [us, { ledger: ASIA }], `${AT}target: expected a text that isn't empty`],
    ['an empty target', [us, { ...asia, target: '' }], `${AT}target: expected a text that isn't empty`],
    ['an unknown member', [us, { ...asia, keys: [] }], `${AT}there is no member "keys"; expected "target" and options`],
    ['an option of the run', [us, { ...asia, quick: true }], `${AT}there is no member "quick"`],
    ['__proto__', [us, JSON.parse('{"target":"a","ledger":"a","__proto__":{}}') as unknown], 'no member "__proto__"'],
    ['a key that is no array', [us, { ...asia, key: 'x' }], `${AT}key: expected an array of texts`],
    ['a number as a key', [us, { ...asia, key: [1] }], `${AT}key: expected a text that isn't empty`],
    ['a text that is none', [us, { ...asia, anchor: null }], `${AT}anchor: expected a text that isn't empty`],
    ['the same name', [us, { ...asia, ledger: US }], `ledgers[1] (${US}): ledger is the same as of `],
    ['the same folder', [us, { ...asia, target: '../lists/us/' }], `${AT}target is the same as of `],
  ])('%s: named, and nothing is checked', async (_what, ledgers, why) => {
    const list = await listOf({ ledgers });
    expect(await ended([list])).toEqual(['USAGE', expect.stringContaining(`${list}: `)]);
    expect((await ended([list]))[1]).toContain(why);
  });

  test('the same container with another SAS is the same one', async () => {
    const url = 'https://account.blob.core.windows.net/ledger';
    const list = await listOf({
      ledgers: [
        { target: `${url}?sv=1&sig=a`, ledger: ASIA },
        { target: `${url.replace('account', 'ACCOUNT')}/?sv=2&sig=b`, ledger: US },
      ],
    });
    expect(await ended([list])).toEqual(['USAGE', expect.stringContaining('target is the same as of')]);
  });

  test('a member beside the ledgers is named', async () => {
    const list = await listOf({ ledgers: [us], quick: true });
    expect(await ended([list])).toEqual(['USAGE', `${list}: there is no member "quick"; expected "ledgers" alone`]);
  });

  test.each(['key', 'anchor', 'auditor-key', 'policy', 'tlog', 'ledger', 'since', 'out'])(
    'beside a list, --%s belongs into it',
    async (name) => {
      const list = await listOf({ ledgers: [us] });
      expect(await ended([list, `--${name}=x`])).toEqual([
        'USAGE',
        `--${name} is an option of one ledger, and TARGET is a list of them: put "${name}" into the entries of ${list}`,
      ]);
    },
  );

  test('secrets in it are repeated nowhere', async () => {
    for (const spelling of Object.values(SPELLINGS)) {
      const wrong: unknown[] = [
        ...['target', 'ledger', 'anchor', 'tlog', 'since'].map((name) => ({ ...asia, [name]: spelling })),
        { ...asia, key: [spelling] },
        { ...asia, [spelling]: 1 },
      ];
      for (const entry of wrong) {
        const [code, message] = await ended([await listOf({ ledgers: [entry] })]);
        expect([code, message]).toEqual(['USAGE', expect.not.stringContaining(SECRET)]);
      }
      const [, message] = await ended([await listOf({ ledgers: [us], [spelling]: 1 })]);
      expect(message).not.toContain(SECRET);
    }
  });

  test('a process ends with 64 for a list that is wrong, and with 2 for a file that is none', async () => {
    const program = async (content: unknown): Promise<Ended> =>
      runNode([CLI, 'verify', await listOf(content)], { INIT_CWD: work });
    const [empty, other] = await Promise.all([program({ ledgers: [] }), program('x')]);
    expect([empty.code, empty.stdout, other.code, other.stdout]).toEqual([64, '', 2, '']);
  });
});

test('three commands take a list and say so, and no other does', async () => {
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const { command } = await load();
    expect([name, command.help(80).includes('LIST')]).toEqual([name, ['status', 'verify', 'posture'].includes(name)]);
  }
  expect(overview(200)).toContain('status, verify and posture also take a file that lists several ledgers.');
  const list = await listOf({ ledgers: [us] });
  await expect(mirrorCommand.run([list, 'copy'])).rejects.toThrow(`${list} is neither a folder nor a URL`);
});

test('the list in the pages is one', async () => {
  const [, section = ''] = readPage('docs/operations.md').split('\n## Several ledgers\n');
  const json = codeBlocks(section).find(({ language }) => language === 'json')?.text as string;
  const list = await readLedgerList(await listOf(json));
  expect(list?.map(({ ledger }) => ledger)).toEqual([EU, US]);
  for (const { argumentsOf } of list ?? [])
    for (const table of Object.values(LEDGER_OPTIONS))
      expect(() => parseArguments(argumentsOf(table), ['TARGET'], table)).not.toThrow();
});
