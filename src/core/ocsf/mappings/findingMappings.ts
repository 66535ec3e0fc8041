import { LEARN } from '../../fields/rule.ts';
import { fold } from '../../fields/fold.ts';
import type { Mapped, Mapping, Status } from '../mapping.ts';
import { given, resourcesOf } from '../parts.ts';
import type { RecordView } from '../record.ts';

const SEVERITIES: ReadonlyMap<string, number> = new Map(
  Object.entries({ informational: 1, low: 2, medium: 3, high: 4 }),
);

/** Microsoft's words for where an alert stands that OCSF has too. */
const STATUSES: ReadonlyMap<string, Status> = new Map(
  Object.entries({
    new: { id: 1, name: 'New' },
    inprogress: { id: 2, name: 'In Progress' },
    resolved: { id: 4, name: 'Resolved' },
  }),
);

interface Alert {
  readonly uid: string | undefined;
  readonly title: string | undefined;
  readonly severity: string | undefined;
  readonly status?: string | undefined;
}

/** alert makes a finding: OCSF asks for its id. What a later record says of it is another event. */
function alert({ values }: RecordView, { uid, title, severity, status }: Alert): Mapped | undefined {
  if (uid === undefined) return undefined;
  const found = STATUSES.get(fold(status ?? ''));
  const level = SEVERITIES.get(fold(severity ?? ''));
  return {
    activity: 1,
    attributes: {
      finding_info: given({ uid, title }),
      is_alert: true,
      ...given({ resources: resourcesOf(values.resource, undefined) }),
    },
    status: found ?? { id: 0, name: 'Unknown' },
    ...(level !== undefined && { severity: level }),
  };
}

const MICROSOFT = 'Microsoft';
const CREATED = 'create';

/** FINDING_MAPPINGS is about alerts. */
export const FINDING_MAPPINGS: readonly Mapping[] = [
  {
    origin: 'activity log, alerts of Defender for Cloud',
    source: `${LEARN}/azure-monitor/platform/activity-log-schema`,
    product: { name: 'Microsoft Defender for Cloud', vendor_name: MICROSOFT },
    categories: ['security'],
    to: 'finding',
    activities: CREATED,
    map: (record) =>
      alert(record, {
        uid: record.first('properties.operationId', 'correlationId'),
        title: record.text('properties.eventName'),
        severity: record.text('properties.eventProperties.Severity'),
      }),
  },
  {
    origin: 'alerts of Sentinel and Defender, as rows of Log Analytics',
    source: `${LEARN}/azure-monitor/reference/tables/securityalert`,
    product: { name: 'Microsoft Sentinel', vendor_name: MICROSOFT },
    categories: ['securityalert'],
    to: 'finding',
    activities: CREATED,
    map: (record) =>
      alert(record, {
        uid: record.text('SystemAlertId'),
        title: record.first('AlertName', 'DisplayName'),
        severity: record.first('AlertSeverity', 'Severity'),
        status: record.text('Status'),
      }),
  },
  {
    origin: 'alerts of Defender XDR, streamed',
    source: 'learn.microsoft.com/defender-xdr/streaming-api-event-hub',
    product: { name: 'Microsoft Defender XDR', vendor_name: MICROSOFT },
    categories: ['advancedhunting-alertinfo'],
    to: 'finding',
    activities: CREATED,
    map: (record) =>
      alert(record, {
        uid: record.text('properties.AlertId'),
        title: record.text('properties.Title'),
        severity: record.text('properties.Severity'),
      }),
  },
];
