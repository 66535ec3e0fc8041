import { LEARN } from '../../fields/rule.ts';
import { fold } from '../../fields/fold.ts';
import { accountActivity, entityActivity } from '../activities.ts';
import { OTHER } from '../classes.ts';
import type { Mapped, Mapping, Status } from '../mapping.ts';
import { USER_TYPES, actorOf, endpointOf, given, hostOf, userOf } from '../parts.ts';
import type { Attributes } from '../parts.ts';
import type { RecordView } from '../record.ts';

const ENTRA = { name: 'Microsoft Entra ID', vendor_name: 'Microsoft' } as const;
const SUCCESS: Status = { id: 1, name: 'Success' };
const FAILURE: Status = { id: 2, name: 'Failure' };

/** signIn makes a logon: OCSF asks for whose, and at what. */
function signIn(record: RecordView, { user, service, activity = 1, status }: SignIn): Mapped | undefined {
  if (user === undefined || service === undefined) return undefined;
  return {
    activity,
    attributes: { user, service, ...given({ src_endpoint: endpointOf(record.values.ip) }) },
    ...(status !== undefined && { status }),
  };
}

interface SignIn {
  readonly user: Attributes | undefined;
  readonly service: Attributes | undefined;
  readonly activity?: number;
  readonly status?: Status | undefined;
}

/** What was signed in to. */
const resourceIn = (record: RecordView): Attributes | undefined =>
  given({ name: record.text('properties.resourceDisplayName'), uid: record.text('properties.resourceId') });

/** Entra ID gives error 0 for a sign-in that went well, and other numbers for what didn't, or asks for more first. */
function signInStatus(record: RecordView): Status | undefined {
  const code = record.text('properties.status.errorCode') ?? record.text('resultType');
  return code === undefined || !/^\d+$/.test(code) ? undefined : code === '0' ? SUCCESS : FAILURE;
}

/** targetIn is the first thing that a change was made to. */
const targetIn = (
  record: RecordView,
): { name: string | undefined; uid: string | undefined; type: string | undefined } => {
  const at = (member: string): string | undefined => record.text(`properties.targetResources.${member}`);
  return { name: at('userPrincipalName') ?? at('displayName'), uid: at('id'), type: at('type') };
};

/** By the number of the event: learn.microsoft.com/windows/security/threat-protection/auditing/basic-audit-logon-events */
const WINDOWS: ReadonlyMap<string, { readonly activity: number; readonly status: Status }> = new Map(
  Object.entries({
    4624: { activity: 1, status: SUCCESS },
    4625: { activity: 1, status: FAILURE },
    4634: { activity: 2, status: SUCCESS },
    4647: { activity: 2, status: SUCCESS },
  }),
);

/** IDENTITY_MAPPINGS is about who signed in, and whose account was changed. */
export const IDENTITY_MAPPINGS: readonly Mapping[] = [
  {
    origin: 'Entra ID, sign-ins of users',
    source: `${LEARN}/azure-monitor/reference/tables/signinlogs`,
    product: ENTRA,
    categories: ['signinlogs', 'noninteractiveusersigninlogs', 'adfssigninlogs'],
    to: 'authentication',
    activities: 'logon',
    map: (record) =>
      signIn(record, {
        user: userOf(record.text('properties.userPrincipalName'), record.text('properties.userId'), USER_TYPES.user),
        service: resourceIn(record),
        status: signInStatus(record),
      }),
  },
  {
    origin: 'Entra ID, sign-ins of services',
    source: `${LEARN}/azure-monitor/reference/tables/aadserviceprincipalsigninlogs`,
    product: ENTRA,
    categories: ['serviceprincipalsigninlogs', 'managedidentitysigninlogs'],
    to: 'authentication',
    activities: 'logon',
    map: (record) =>
      signIn(record, {
        user: userOf(
          record.text('properties.servicePrincipalName'),
          record.text('properties.servicePrincipalId'),
          USER_TYPES.service,
        ),
        service: resourceIn(record),
        status: signInStatus(record),
      }),
  },
  {
    origin: 'Entra ID, changes of users',
    source: 'learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities',
    product: ENTRA,
    categories: ['auditlogs'],
    to: 'account',
    activities:
      'by the name of the activity, where the first target is a user: add, delete, enable, disable, change or reset a password; of other names the next row counts',
    map: (record) => {
      const { operation, actor, ip } = record.values;
      const activity = accountActivity(operation ?? '');
      const { name, uid, type } = targetIn(record);
      const user = userOf(name, uid, USER_TYPES.user);
      if (activity === OTHER || user === undefined || fold(type ?? '') !== 'user') return undefined;
      return {
        activity,
        attributes: { user, ...given({ actor: actorOf(userOf(actor)), src_endpoint: endpointOf(ip) }) },
      };
    },
  },
  {
    origin: 'Entra ID, other changes',
    source: 'learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities',
    product: ENTRA,
    categories: ['auditlogs'],
    to: 'entity',
    activities: 'by the type of operation: add, update, delete; else other',
    map: (record) => {
      const { actor, ip } = record.values;
      const { name, uid, type } = targetIn(record);
      if (name === undefined && uid === undefined) return undefined;
      return {
        activity: entityActivity(record.text('properties.operationType')),
        attributes: {
          entity: given({ name, uid, type }),
          ...given({ actor: actorOf(userOf(actor)), src_endpoint: endpointOf(ip) }),
        },
      };
    },
  },
  {
    origin: 'Windows, logons',
    source: `${LEARN}/azure-monitor/reference/tables/securityevent`,
    product: { name: 'Windows', vendor_name: 'Microsoft' },
    categories: ['securityevent'],
    to: 'authentication',
    activities: 'by the number of the event: 4624 and 4625 are logons, 4634 and 4647 logoffs; others are base events',
    map: (record) => {
      const found = WINDOWS.get(record.text('EventID') ?? '');
      const user = userOf(record.text('TargetUserName'), record.text('TargetUserSid'));
      const host = hostOf(record.text('Computer'));
      if (found === undefined || user === undefined || host === undefined) return undefined;
      const from = endpointOf(record.text('IpAddress'), record.text('IpPort'));
      return { ...found, attributes: { user, dst_endpoint: host, ...given({ src_endpoint: from }) } };
    },
  },
  {
    origin: 'Container Registry, logins',
    source: `${LEARN}/container-registry/monitor-container-registry-reference`,
    product: { name: 'Azure Container Registry', vendor_name: 'Microsoft' },
    categories: ['containerregistryloginevents'],
    to: 'authentication',
    activities: 'logon, where the operation is Login; others are base events',
    map: (record) =>
      fold(record.values.operation ?? '') === 'login'
        ? signIn(record, {
            user: userOf(record.text('identity')),
            service: given({ name: record.text('properties.loginServer') }),
          })
        : undefined,
  },
  {
    origin: 'App Service, logins of publishers',
    source: `${LEARN}/app-service/monitor-app-service-reference`,
    product: { name: 'Azure App Service', vendor_name: 'Microsoft' },
    categories: ['appserviceauditlogs'],
    to: 'authentication',
    activities: 'logon',
    map: (record) =>
      signIn(record, {
        user: userOf(record.text('properties.userDisplayName'), record.text('properties.user')),
        service: given({ uid: record.values.resource }),
      }),
  },
];
