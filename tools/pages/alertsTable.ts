/**
 * Writes the tables of alerts into docs/alerts.md: `node tools/pages/alertsTable.ts`. They are what the three sizes deploy, so first
 * comes `node tools/infraSnapshots.ts`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTable } from './formatTable.ts';
import { ROOT, writeBlock } from './markedBlock.ts';

export const ALERTS_PAGE = 'docs/alerts.md';

/** One that comes first is what the page goes by; of the others it says only what differs. */
const SIZES = ['production', 'small', 'development'] as const;

export const ALERT_KINDS = ['scheduledQueryRules', 'metricAlerts', 'activityLogAlerts'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

interface Criterion {
  readonly query?: string;
  readonly metricMeasureColumn?: string | null;
  readonly metricName?: string;
  readonly operator: string;
  readonly threshold: number;
}

/** DeployedAlert is an alert as a snapshot has it. */
interface DeployedAlert {
  readonly type: string;
  readonly name: string;
  readonly properties: {
    readonly displayName?: string;
    readonly description: string;
    readonly severity?: number;
    readonly evaluationFrequency?: string;
    readonly windowSize?: string;
    readonly criteria?: { readonly allOf: readonly Criterion[] };
    readonly condition?: {
      readonly allOf: readonly { readonly containsAny?: readonly string[]; readonly anyOf?: readonly unknown[] }[];
    };
  };
}

/** readAlerts gives the alerts of one kind that a size deploys, in their order. */
export async function readAlerts(kind: AlertKind, size: string = SIZES[0]): Promise<readonly DeployedAlert[]> {
  const text = await readFile(join(ROOT, `test/infra/snapshots/${size}.json`), 'utf8');
  const { predictedResources } = JSON.parse(text) as { readonly predictedResources: readonly DeployedAlert[] };
  return predictedResources.filter(({ type }) => type === `Microsoft.Insights/${kind}`);
}

const WORDS: Readonly<Record<string, string>> = { M: 'min', H: 'h', D: 'd' };

/** formatDuration prints an ISO 8601 duration of one unit for people: PT15M as `15 min`. */
const formatDuration = (text = ''): string =>
  text.replace(/^PT?(\d+)([MHD])$/, (_all, digits: string, unit: string) => `${digits} ${WORDS[unit] ?? unit}`);

/** columnsOf gives the names of the columns that a query ends with. It throws where it finds none. */
export function columnsOf(query: string): readonly string[] {
  const last = query
    .split('\n')
    .findLast((line) => /^(\| (project|summarize)|print) /.test(line))
    ?.replace(/^(\| )?\w+ /, '')
    .replace(/ by /, ', ');
  // Commas within brackets and texts divide nothing.
  const parts = last?.match(/(?:"[^"]*"|\((?:[^()"]|"[^"]*"|\([^()]*\))*\)|[^,("])+/g) ?? [];
  const names = parts.map((part) => part.trim().replace(/ = .*$|^bin\((\w+), .*$/, '$1'));
  if (names.length === 0 || names.some((name) => !/^\w+$/.test(name)))
    throw new Error(`the columns of a query were not understood: ${last ?? query}`);
  return names;
}

const titleOf = ({ properties }: DeployedAlert): string =>
  properties.displayName ?? properties.description.replace(/\. What to do: .*$/, '');

/** linkTo leads to the section that the description names. */
function linkTo({ name, properties }: DeployedAlert): string {
  const [, anchor] = /#([\w-]+)$/.exec(properties.description) ?? [];
  if (anchor === undefined) throw new Error(`the description of ${name} does not end with a section of the runbook`);
  return `[${anchor}](runbook.md#${anchor})`;
}

const COMPARED: Readonly<Record<string, string>> = { GreaterThan: 'more than', LessThan: 'fewer than' };

function firesAt({ metricMeasureColumn, metricName, operator, threshold }: Criterion): string {
  const what = metricName ?? metricMeasureColumn ?? undefined;
  if (what === undefined && operator === 'GreaterThan' && threshold === 0) return 'any row';
  return `\`${what ?? 'rows'}\`: ${COMPARED[operator] ?? operator} ${threshold.toLocaleString('en')}`;
}

async function queriedTable(): Promise<string> {
  const others = await Promise.all(
    SIZES.slice(1).map(async (size) => ({ size, alerts: await readAlerts('scheduledQueryRules', size) })),
  );
  const rows = (await readAlerts('scheduledQueryRules')).map((alert) => {
    const { severity, evaluationFrequency, windowSize, criteria } = alert.properties;
    const differing = others.flatMap(({ size, alerts }) => {
      const other = alerts.find(({ name }) => name === alert.name)?.properties.windowSize;
      return other === windowSize ? [] : [`${formatDuration(other)} in ${size}`];
    });
    const [criterion] = criteria?.allOf ?? [];
    return [
      `\`${alert.name}\``,
      titleOf(alert),
      String(severity),
      formatDuration(evaluationFrequency),
      [formatDuration(windowSize), ...differing].join('; '),
      criterion === undefined ? '' : firesAt(criterion),
      columnsOf(criterion?.query ?? '')
        .map((name) => `\`${name}\``)
        .join(', '),
      linkTo(alert),
    ];
  });
  const head = ['alert', 'title', 'severity', 'runs every', 'looks back', 'fires at', 'columns', 'runbook'];
  return formatTable(head, rows);
}

async function metricTable(): Promise<string> {
  const rows = (await readAlerts('metricAlerts')).map((alert) => {
    const { severity, evaluationFrequency, windowSize, criteria } = alert.properties;
    return [
      `\`${alert.name}\``,
      titleOf(alert),
      String(severity),
      formatDuration(evaluationFrequency),
      formatDuration(windowSize),
      (criteria?.allOf ?? []).map(firesAt).join(', '),
      linkTo(alert),
    ];
  });
  return formatTable(['alert', 'title', 'severity', 'runs every', 'looks back', 'fires at', 'runbook'], rows);
}

async function activityTable(): Promise<string> {
  const text = await readFile(join(ROOT, 'infra/watchedActions.json'), 'utf8');
  const watched = JSON.parse(text) as Readonly<Record<string, { readonly exceptDeployers: boolean }>>;
  const rows = (await readAlerts('activityLogAlerts')).map((alert) => {
    const { allOf = [] } = alert.properties.condition ?? {};
    const operations = allOf.flatMap(({ anyOf = [] }) => anyOf).length;
    const attempts = allOf.some(({ containsAny = [] }) => containsAny.includes('Failed'));
    const star = watched[alert.name.replace('alert-', '')]?.exceptDeployers === true ? ' *' : '';
    return [
      `\`${alert.name}\`${star}`,
      titleOf(alert),
      `${operations}${attempts ? ', attempts too' : ''}`,
      linkTo(alert),
    ];
  });
  return formatTable(['alert', 'title', 'operations', 'runbook'], rows);
}

/** formatAlerts prints a table for each kind of alert. */
export const formatAlerts = async (): Promise<string> =>
  [
    '### Asked of the logs',
    await queriedTable(),
    '### Metrics of the hub',
    await metricTable(),
    '### The activity log of Azure',
    await activityTable(),
  ].join('\n\n');

if (import.meta.main) await writeBlock(ALERTS_PAGE, 'alerts', await formatAlerts());
