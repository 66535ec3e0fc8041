import { COMPONENTS, billOf, totalOf } from './bill.ts';
import type { Component, Line } from './bill.ts';
import { SIZES, readDeployed } from './deployed.ts';
import type { Deployed, Size } from './deployed.ts';
import { PRICE_LIST, priceOf, sourceOf } from './priceList.ts';
import type { Source } from './priceList.ts';
import { ASSUMPTIONS, DAYS, MEASURED, WORKLOADS, assumed, usageOf } from './usage.ts';
import { MANY, SPREAD_DAYS, usesOf } from './uses.ts';
import type { Uses } from './uses.ts';

const YEAR = 365;
const FIVE_MINUTES_A_DAY = 288;
const LARGEST_FULL_HOURS = 8784;
const QUICK = { leastEvents: 50, waitSeconds: 5 };
const PATIENT = { leastEvents: 250, waitSeconds: 60 };
/** The two accounts of the hosts, the ledger, the hub and the vault; names of blob storage, hub and vault; the way out. */
const PRIVATE = { endpoints: 5, zones: 3, natGateways: 1 };

/** Change is what an operator can do otherwise. */
interface Change {
  readonly title: string;
  readonly deployed?: (deployed: Deployed) => Partial<Deployed>;
}

const lessChecks: Change['deployed'] = () => ({ verifyFullHours: LARGEST_FULL_HOURS });
const fewerCheckpoints: Change['deployed'] = () => ({ integrateRunsADay: FIVE_MINUTES_A_DAY });
const noTiers: Change['deployed'] = ({ storage }) => ({
  storage: { ...storage, coolAfterDays: Infinity, coldAfterDays: Infinity },
});

const waits = ({ leastEvents, waitSeconds }: Deployed['delivery']): string =>
  `deliveries after ${waitSeconds} s or ${leastEvents} events`;

const CHANGES: readonly Change[] = [
  { title: 'as deployed' },
  { title: 'a checkpoint every 5 minutes (`AUDITSEAL_INTEGRATE_SCHEDULE`)', deployed: fewerCheckpoints },
  { title: `full rechecks every ${LARGEST_FULL_HOURS} hours (\`VERIFY_FULL_HOURS\`)`, deployed: lessChecks },
  { title: waits(QUICK), deployed: () => ({ delivery: QUICK }) },
  { title: waits(PATIENT), deployed: () => ({ delivery: PATIENT }) },
  { title: 'segments that stay in the hot tier', deployed: noTiers },
  { title: 'a log of reads of the ledger account', deployed: () => ({ logsReads: true }) },
  { title: 'no log of reads of the ledger account', deployed: () => ({ logsReads: false }) },
  { title: 'the public network', deployed: () => ({ endpoints: 0, zones: 0, natGateways: 0 }) },
  { title: 'the private network', deployed: () => PRIVATE },
  {
    title: 'the private network without a NAT gateway (`AUDITSEAL_EGRESS`)',
    deployed: () => ({ ...PRIVATE, natGateways: 0 }),
  },
  {
    title: 'all but the network: fewer checkpoints, rechecks and deliveries, no tiers, no log of reads',
    deployed: (deployed) => ({
      ...fewerCheckpoints(deployed),
      ...lessChecks(deployed),
      ...noTiers(deployed),
      delivery: PATIENT,
      logsReads: false,
    }),
  },
];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const number = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value >= 1000 ? 0 : value >= 10 ? 1 : 3 });
const money = (value: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const code = (text: string): string => `\`${text}\``;

/** calculate prices one size when its ledger holds so many days, or as many as are kept. */
function calculate(size: Size, days: number, { deployed: change }: Omit<Change, 'title'> = {}) {
  const workload = WORKLOADS[size];
  const as = readDeployed(size);
  const deployed = { ...as, ...change?.(as) };
  const usage = usageOf(deployed, workload, Math.min(days, workload.keptDays));
  const lines = billOf(deployed, usage);
  return { deployed, usage, lines, total: totalOf(lines), uses: usesOf(deployed, workload, usage, lines) };
}

/** usesTable shows what a year costs by what is done, for each size. */
function usesTable(head: readonly string[], sizes: readonly { readonly uses: Uses }[]): string {
  const row = (title: string, of: (uses: Uses) => string): string[] => [title, ...sizes.map(({ uses }) => of(uses))];
  const cost = (title: string, of: (uses: Uses) => number): string[] => row(title, (uses) => money(of(uses)));
  const total = ({ year }: Uses): number => Object.values(year).reduce((sum, one) => sum + one, 0);
  return table(head, [
    cost('take in: export and event hub', ({ year }) => year.takeIn),
    cost('seal and sign', ({ year }) => year.seal),
    cost('store', ({ year }) => year.store),
    cost('check what is new, and state how it stands, each hour', ({ year }) => year.check),
    cost('recheck in full, as often as it is deployed', ({ year }) => year.recheck),
    cost('the rest', ({ year }) => year.rest),
    row('**total**', (uses) => `**${money(total(uses))}**`),
    cost('one full recheck of what is held', ({ recheck }) => recheck.cost),
    row('its hours on one instance', ({ recheck }) => number(recheck.hours)),
    row('its hours on eight, where it is cut into slices', ({ recheck: { hours, slices } }) =>
      slices > 0 ? number(hours / Math.min(8, slices)) : '–',
    ),
    cost(`rolling, once in ${SPREAD_DAYS} days (\`RECHECK_DAYS\`): a year`, ({ rolling }) => rolling),
    cost('`verify` or `verify --quick` elsewhere: what it reads', ({ reading }) => reading),
    row('requests of a search for one value in all that is held', ({ search }) => number(search.all.requests)),
    cost(`${number(MANY)} such searches`, ({ search }) => search.all.cost),
    row('requests of a search in one day', ({ search }) => number(search.day.requests)),
    cost(`${number(MANY)} such searches`, ({ search }) => search.day.cost),
    cost(`${number(MANY)} proofs of a record`, ({ prove }) => prove),
  ]);
}

const ofComponent = (lines: readonly Line[], component: Component): number =>
  totalOf(lines.filter((line) => line.component === component));

const BASES = ['sample', 'copied', 'assumed'] as const satisfies readonly Source['basis'][];

/** shareOf gives how many per cent of a total have prices of one basis. */
function shareOf(lines: readonly Line[], basis: Source['basis'], total: number): number {
  const basisOf = ({ price, factor }: Line): string => (factor === 1 ? sourceOf(priceOf(price)).basis : 'assumed');
  return Math.round((100 * totalOf(lines.filter((line) => basisOf(line) === basis))) / total);
}

/** forwardedGb gives the GB (10^9 bytes) that a month of records takes in a table, with so many bytes more for each. */
const forwardedGb = (size: Size, more: number): number =>
  (WORKLOADS[size].recordsADay * DAYS * (WORKLOADS[size].recordBytes + more)) / 1e9;

const ingestionPrice = (): number => priceOf('logIngestion').price / priceOf('logIngestion').per;

/** costsBlock writes the tables of docs/costs.md. */
export function costsBlock(): string {
  const year = SIZES.map((size) => ({ size, ...calculate(size, YEAR) }));
  const components = Object.keys(COMPONENTS) as Component[];
  const perSize = (of: (one: (typeof year)[number]) => string): string[] => year.map(of);
  const head = ['', ...SIZES];
  return [
    '## Workloads',
    table(head, [
      ['records a day', ...perSize(({ size }) => number(WORKLOADS[size].recordsADay))],
      ['bytes a record', ...perSize(({ size }) => number(WORKLOADS[size].recordBytes))],
      ['records an event', ...perSize(({ size }) => number(WORKLOADS[size].recordsAnEvent))],
      ['partitions', ...perSize(({ deployed }) => number(deployed.hub.partitions))],
      ['seconds that a delivery waits', ...perSize(({ deployed }) => number(deployed.delivery.waitSeconds))],
      ['events that end its waiting', ...perSize(({ deployed }) => number(deployed.delivery.leastEvents))],
      ['checkpoints a day', ...perSize(({ deployed }) => number(deployed.integrateRunsADay))],
      ['rechecks of what is new a day', ...perSize(({ deployed }) => number(deployed.verifyRunsADay))],
      ['hours between full rechecks', ...perSize(({ deployed }) => number(deployed.verifyFullHours))],
      ['days that segments are kept', ...perSize(({ size }) => number(WORKLOADS[size].keptDays))],
      [
        'resources whose diagnostic settings are asked for',
        ...perSize(({ size }) => number(WORKLOADS[size].loggingResources)),
      ],
      ['network', ...perSize(({ deployed }) => (deployed.endpoints > 0 ? 'private' : 'public'))],
      ['so: segments a day', ...perSize(({ usage }) => number((usage.segments * 24) / 730))],
      ['bytes of bodies in a segment', ...perSize(({ usage }) => number(usage.rawASegment))],
      ['bytes stored for it', ...perSize(({ usage }) => number(usage.storedASegment))],
      ['segments after a year', ...perSize(({ usage }) => number(usage.held.segments))],
      ['reads of a status after a year', ...perSize(({ usage }) => number(usage.statedReads))],
      ['hours of a full recheck after a year', ...perSize(({ usage }) => number(usage.runSeconds.full / 3600))],
      ['slices of a full recheck after a year', ...perSize(({ usage }) => number(usage.slices))],
      ['hours after which the host ends it', ...perSize(({ deployed }) => number(deployed.verifyHours))],
    ]),
    `Each delivery is a segment. Each operation on the log's keys and the auditor's, for a checkpoint, a report or a certificate, is one more event, because the vault logs it into the hub. A ledger of development is taken down and made anew every ${WORKLOADS.development.keptDays} days: nothing deletes by itself.`,
    '## A month, in USD',
    'In the month in which the ledger has a year behind it, or all that is kept if that is less:',
    table(head, [
      ...components.map((component) => [component, ...perSize(({ lines }) => money(ofComponent(lines, component)))]),
      ['**total**', ...perSize(({ total }) => `**${money(total)}**`)],
    ]),
    table(
      ['total after', ...SIZES],
      [
        ['one month', ...SIZES.map((size) => money(calculate(size, 30).total))],
        ['a year', ...perSize(({ total }) => money(total))],
        ['all that is kept', ...SIZES.map((size) => money(calculate(size, Infinity).total))],
      ],
    ),
    'Which prices the totals rest on; a line with a factor counts as assumed. Quantities also rest on what is [assumed](#assumed).',
    table(
      head,
      BASES.map((basis) => [basis, ...perSize(({ lines, total }) => `${shareOf(lines, basis, total)} %`)]),
    ),
    '## What a year costs, by what is done',
    'The same twelve months, at the rate of that one, by what they pay for. What two of them share, such as the storage of the hosts and the vault, is counted with sealing; _the rest_ is alerts, Log Analytics, the private network and instances that stand by, less what is free. Each row below the total is one thing, done once or as often as it says, with the prices of requests and of time in functions alone.',
    usesTable(head, year),
    '## What dominates',
    ...year.map(({ size, lines, total }) => {
      const largest = components
        .map((component) => ({ component, cost: ofComponent(lines, component) }))
        .toSorted((a, b) => b.cost - a.cost)
        .slice(0, 3)
        .map(({ component, cost }) => `${component} ${Math.round((100 * cost) / total)} %`);
      return `- **${size}**: ${largest.join(', ')}`;
    }),
    '## What changes it',
    'The total after a year, with one thing otherwise:',
    table(
      head,
      CHANGES.map((change) => [change.title, ...SIZES.map((size) => money(calculate(size, YEAR, change).total))]),
    ),
    '## Log Analytics as well',
    'What a month of records costs in a table of the plan Analytics, at `logIngestion` and without what is free: as a second destination of diagnostic settings, which sends the record, or by [`forward`](operations.md#log-analytics-and-sentinel), which adds its place, its hash and its fields. Where both are used, both are paid. Not counted is what `forward` asks for besides: a read of each segment, a run each minute and, where it moved on, one signature of the vault. Keeping it longer than is free comes on top. Basic and Auxiliary cost less to take in and bill queries; no publication that could be read gives their prices, so none stand here.',
    table(head, [
      ['GB a month of records', ...SIZES.map((size) => number(forwardedGb(size, 0)))],
      ['neither', ...SIZES.map(() => money(0))],
      ['second destination', ...SIZES.map((size) => money(forwardedGb(size, 0) * ingestionPrice()))],
      ['`forward`', ...SIZES.map((size) => money(forwardedGb(size, assumed('forwardedBytes')) * ingestionPrice()))],
    ]),
    '## Every line',
    'Quantity times factor times price gives the cost. A factor stands for redundancy that the price list has no price for.',
    ...year.flatMap(({ size, lines }) => [
      `### ${size}`,
      table(
        ['component', 'for', 'price', 'quantity', 'factor', 'USD'],
        lines.map(({ component, what, price, quantity, factor, cost }) => [
          component,
          what,
          code(price),
          `${number(quantity)} ${priceOf(price).unit}`,
          String(factor),
          money(cost),
        ]),
      ),
    ]),
    '## Prices',
    table(
      ['price', 'USD', 'for', 'region', 'basis', 'source'],
      Object.entries(PRICE_LIST.prices).map(([name, price]) => {
        const { basis, url, date } = sourceOf(price);
        const from = url === null ? date : `[${date}](${url})`;
        const unit = price.per === 1 ? price.unit : `${number(price.per)} ${price.unit}`;
        return [
          code(name),
          String(price.price),
          price.note === undefined ? unit : `${unit}: ${price.note}`,
          price.region,
          basis,
          from,
        ];
      }),
    ),
    'No price of their own:',
    table(
      ['resource', 'why'],
      Object.entries(PRICE_LIST.free).map(([type, why]) => [code(type), why]),
    ),
    '## Measured',
    measuredTables(),
    '## Assumed',
    table(
      ['', 'value', 'meaning'],
      Object.entries(ASSUMPTIONS).map(([name, { value, says }]) => [code(name), number(value), says]),
    ),
  ]
    .join('\n\n')
    .replaceAll(/(^- .*)\n\n(?=- )/gm, '$1\n');
}

const PARTS = [
  ['fixed', ''],
  ['perPartition', ', for each partition'],
  ['perSegment', ', for each new segment'],
  ['perCheckpoint', ', for each new checkpoint'],
] as const;
const STATUS_PARTS = [
  ['fixed', ''],
  ['perPartition', ', for each partition'],
  ['perSegment', ', for each entry of a segment that it reads'],
  ['perCheckpoint', ', for each entry of a batch that it reads'],
] as const;

function measuredTables(): string {
  const { command, recordBytes, seal, integrate, integrateNothing, verify, status, sizes } = MEASURED;
  const kinds = ['write', 'read', 'list', 'sign', 'bytes'] as const;
  const rows = (
    [
      ['`integrate`', integrate],
      ['`integrate` that finds nothing', integrateNothing],
      ['`verify`', verify],
      ['a status', status, STATUS_PARTS],
    ] as const
  ).flatMap(([title, linear, named = PARTS]) =>
    named
      .filter(([part]) => kinds.some((kind) => linear[part][kind] !== 0))
      .map(([part, says]) => [title + says, ...kinds.map((kind) => number(linear[part][kind]))]),
  );
  return [
    `By \`${command}\`, with the real parts over stores in memory that count; generated records of ${number(recordBytes)} bytes on average, two in an event. \`bytes\` are those that stay beside the segments. A run of \`integrate\` always finds something here: the signature of the run before.`,
    table(
      ['', 'writes', 'reads', 'lists', 'signatures', 'bytes'],
      [['a segment', ...kinds.map((kind) => number(seal[kind]))], ...rows],
    ),
    table(
      ['bytes of bodies in a segment', 'bytes stored', 'times smaller'],
      sizes.map(({ raw, stored }) => [number(raw), number(stored), number(raw / stored)]),
    ),
  ].join('\n\n');
}
