import { LEARN } from '../../fields/rule.ts';
import { httpActivity } from '../activities.ts';
import { OTHER } from '../classes.ts';
import type { Mapped, Mapping } from '../mapping.ts';
import { endpointOf, given, hostOf, requestOf, responseOf, urlOf } from '../parts.ts';
import type { Attributes } from '../parts.ts';
import type { RecordView } from '../record.ts';

interface Request {
  readonly method: string | undefined;
  readonly url: Attributes | undefined;
  readonly agent: string | undefined;
  readonly code: string | undefined;
  readonly from: Attributes | undefined;
}

const BY_METHOD = 'by the method';

/** request makes a request of HTTP: OCSF asks for one end at least, and for the request or the answer. */
function request({ method, url, agent, code, from }: Request): Mapped | undefined {
  const [asked, answered] = [requestOf(method, url, agent), responseOf(code)];
  if (from === undefined || (asked === undefined && answered === undefined)) return undefined;
  return {
    activity: httpActivity(method),
    attributes: { src_endpoint: from, ...given({ http_request: asked, http_response: answered }) },
  };
}

const webMapping = (
  name: string,
  { source, categories }: Pick<Mapping, 'source'> & { readonly categories: readonly string[] },
  read: (record: RecordView) => Request,
): Mapping => ({
  origin: name,
  source,
  product: { name: `Azure ${name}`, vendor_name: 'Microsoft' },
  categories,
  to: 'http',
  activities: BY_METHOD,
  map: (record) => request(read(record)),
});

const FIREWALL = {
  source: `${LEARN}/firewall/monitor-firewall-reference`,
  product: { name: 'Azure Firewall', vendor_name: 'Microsoft' },
} as const;

/** NETWORK_MAPPINGS is about requests and connections. */
export const NETWORK_MAPPINGS: readonly Mapping[] = [
  webMapping(
    'Application Gateway',
    {
      source: `${LEARN}/application-gateway/monitor-application-gateway-reference`,
      categories: ['applicationgatewayaccesslog'],
    },
    (record) => ({
      method: record.text('properties.httpMethod'),
      url: urlOf(
        record.first('properties.originalRequestUriWithArgs', 'properties.requestUri'),
        record.text('properties.host'),
      ),
      agent: record.text('properties.userAgent'),
      code: record.text('properties.httpStatus'),
      from: endpointOf(record.text('properties.clientIP'), record.text('properties.clientPort')),
    }),
  ),
  webMapping(
    'Front Door',
    { source: `${LEARN}/frontdoor/monitor-front-door-reference`, categories: ['frontdooraccesslog'] },
    (record) => ({
      method: record.text('properties.httpMethod'),
      url: urlOf(record.text('properties.requestUri')),
      agent: record.text('properties.userAgent'),
      code: record.text('properties.httpStatusCode'),
      from: endpointOf(record.text('properties.clientIp'), record.text('properties.clientPort')),
    }),
  ),
  webMapping(
    'App Service',
    { source: `${LEARN}/app-service/monitor-app-service-reference`, categories: ['appservicehttplogs'] },
    (record) => ({
      method: record.text('properties.csMethod'),
      url: urlOf(record.text('properties.csUriStem'), record.text('properties.csHost')),
      agent: record.text('properties.userAgent'),
      code: record.text('properties.scStatus'),
      from: endpointOf(record.text('properties.cIp')),
    }),
  ),
  webMapping(
    'API Management',
    { source: `${LEARN}/api-management/monitor-api-management-reference`, categories: ['gatewaylogs'] },
    (record) => ({
      method: record.text('properties.method'),
      url: urlOf(record.text('properties.url')),
      agent: undefined,
      code: record.text('properties.responseCode'),
      from: endpointOf(record.text('callerIpAddress')),
    }),
  ),
  {
    ...FIREWALL,
    origin: 'Azure Firewall, rules',
    categories: ['azfwnetworkrule', 'azfwapplicationrule'],
    to: 'network',
    activities: 'other, with what the firewall did as its name',
    map: (record) => {
      const from = endpointOf(record.text('properties.SourceIp'), record.text('properties.SourcePort'));
      const port = record.text('properties.DestinationPort');
      const to =
        endpointOf(record.text('properties.DestinationIp'), port) ?? hostOf(record.text('properties.Fqdn'), port);
      if (from === undefined || to === undefined) return undefined;
      return { activity: OTHER, attributes: { src_endpoint: from, dst_endpoint: to } };
    },
  },
  {
    ...FIREWALL,
    origin: 'Azure Firewall, names',
    categories: ['azfwdnsquery'],
    to: 'dns',
    activities: 'traffic: a question and its answer are one record',
    map: (record) => {
      const from = endpointOf(record.text('properties.SourceIp'), record.text('properties.SourcePort'));
      const hostname = record.text('properties.QueryName');
      if (from === undefined || hostname === undefined) return undefined;
      const query = given({
        hostname,
        type: record.text('properties.QueryType'),
        class: record.text('properties.QueryClass'),
      });
      return { activity: 6, attributes: { src_endpoint: from, query } };
    },
  },
];
