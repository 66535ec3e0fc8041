import { deriveChain } from '../support/derive.ts';
import { namesIn } from '../support/deriveLog.ts';
import { LEDGER } from '../support/forge.ts';
import { checkLedger } from '../support/loggedLedger.ts';
import { KEYS, PARTITIONS, PlantedStory, TRUSTED } from '../support/plantedStory.ts';
import { Random } from '../support/random.ts';
import { referenceRoot } from '../support/referenceLedger.ts';
import { AUDITORS } from '../support/reports.ts';
import { picks } from '../support/sample.ts';

const STORIES = 400;
/** How many of them the fast run tells, and the usual one. */
const SAMPLE = 4;
const USUAL = 6;
const PLANTS = 250;

/** Every event is sealed once and in order, and nothing else. */
function expectSealed({ store, events }: PlantedStory): void {
  for (const [at, partition] of PARTITIONS.entries()) {
    const chain = deriveChain(store.objects, partition, TRUSTED);
    const wanted = events[at]?.map(({ sequenceNumber, body }) => ({
      incarnation: 0,
      number: sequenceNumber,
      originals: [body.toString()],
    }));
    expect(chain.events).toEqual(wanted);
    expect(chain.passedOver).toEqual([]);
  }
}

/** What is honest is in the log; what was planted, by name alone. Anybody may file an action. */
function expectLogged({ store, planter, log }: PlantedStory): void {
  const entries = namesIn(log);
  const names = new Set(entries.map((entry) => entry.split(' ')[1]));
  const wanted = [...store.objects.keys()].filter(
    (name) => /^(segments\/[01]|reports|actions)\/.*(zst|json)$/.test(name) && !planter.planted.has(name),
  );
  expect(wanted.filter((name) => !names.has(name))).toEqual([]);
  const planted = entries.filter((entry) => planter.planted.has(entry.split(' ')[1] as string));
  expect(planted.filter((entry) => !/^(foreign|action actions\/)/.test(entry))).toEqual([]);
}

/** The log's keys signed certificates and keys of this ledger, and trees that end where a batch of the log does. */
function expectSigned({ signed, log }: PlantedStory): void {
  for (const text of signed) {
    const [name, second, third] = text.split('\n');
    if (name === `${LEDGER}/sealer`) {
      expect(second).toMatch(/^auditseal (certificate|key)$/);
      continue;
    }
    const entries = log.entries.slice(0, Number(second));
    expect([name, entries.length]).toEqual([LEDGER, Number(second)]);
    expect(entries.at(-1)?.toString()).toMatch(/^\{"type":"heads",/);
    expect(third).toBe(Buffer.from(referenceRoot(entries), 'hex').toString('base64'));
  }
}

/** The verdict names all that was planted, and calls nothing else wrong. */
async function expectNamed(story: PlantedStory): Promise<void> {
  const { planter, log } = story;
  const report = await checkLedger(
    story,
    { verifiers: KEYS.map(({ verifierKey }) => verifierKey), auditors: AUDITORS },
    3_000_000,
  );
  const named = new Set([...report.findings, ...report.unreadable].map(({ object }) => object));
  const entries = new Set(namesIn(log));
  // An object without bytes may mark a folder: the report says so, and calls it no finding.
  const marks = report.notChecked
    .filter((said) => said.includes('without bytes'))
    .flatMap((said) => said.split(/[ ,]+/));
  const isMark = (name: string, bytes: Buffer): boolean => bytes.length === 0 && marks.includes(name);
  const unnamed = [...planter.planted]
    .filter(([name, bytes]) => !named.has(name) && !entries.has(`action ${name}`) && !isMark(name, bytes))
    .map(([name]) => name);
  expect({ unnamed, omitted: report.findingsOmitted }).toEqual({ unnamed: [], omitted: 0 });
  const others = report.findings.filter(({ object, severity }) => severity === 'error' && !planter.planted.has(object));
  expect(others).toEqual([]);
}

test('whatever is planted without a key, all that is honest is sealed and in the log, and all that is planted is named', async () => {
  let plants = 0;
  for (const seed of picks(STORIES, SAMPLE, USUAL)) {
    const story = new PlantedStory(new Random(seed));
    try {
      await story.tell(PLANTS);
      await story.finish();
      expectSealed(story);
      expectLogged(story);
      expectSigned(story);
      await expectNamed(story);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
    plants += story.planter.planted.size;
  }
  expect(plants).toBeGreaterThanOrEqual(PLANTS * picks(STORIES, SAMPLE, USUAL).length);
}, 3_600_000);
