const HEX = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, '0'));
const TENANT = 'aaaaaaaa-bbbb-4ccc-8ddd-000000000001';
const CLAIMS = 'http://schemas.microsoft.com/identity/claims';
const NO_RULE = '"Policy":"","RuleCollectionGroup":"","RuleCollection":"","Rule":"","ActionReason":"Default Action"';
const START = Date.UTC(2026, 10, 9, 6);

const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.6723.117',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Edg/130.0.2849.80',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605',
  'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Windows-AzureAD-Authentication-Provider/1.0',
  'python-requests/2.32.3',
];
const SDKS = [
  'azsdk-js-azure-storage-blob/12.33.0 core-rest-pipeline/1.22.2 Node/24.11.0 OS/(x64-Linux-6.6.104)',
  'azsdk-net-Storage.Blobs/12.24.0 (.NET 8.0.11; Linux 5.15.173.1-1.cm2 #1 SMP)',
  'azsdk-python-storage-blob/12.24.1 Python/3.12.7 (Linux-6.8.0-1018-azure-x86_64-with-glibc2.39)',
  'azsdk-java-azure-storage-blob/12.29.0 (17.0.13; Linux; 6.6.57.1)',
  'AZURECLI/2.67.0 (DEB) azsdk-python-core/1.31.0 Python/3.12.7',
];
const VAULT_OPERATIONS = [
  'SecretGet',
  'SecretGet',
  'SecretGet',
  'KeySign',
  'KeyUnwrap',
  'KeyGet',
  'SecretList',
  'CertificateGet',
];
const ACTIVITIES = [
  'Microsoft.Compute/virtualMachines/write',
  'Microsoft.Network/networkSecurityGroups/securityRules/write',
  'Microsoft.Storage/storageAccounts/listKeys/action',
  'Microsoft.Authorization/roleAssignments/write',
  'Microsoft.Resources/deployments/validate/action',
  'Microsoft.KeyVault/vaults/delete',
  'Microsoft.Web/sites/config/write',
];
const KUBE_RESOURCES = [
  'pods',
  'leases',
  'configmaps',
  'secrets',
  'endpointslices',
  'deployments',
  'events',
  'serviceaccounts',
];
const KUBE_VERBS = ['get', 'get', 'list', 'watch', 'update', 'patch', 'create', 'delete'];
const KUBE_AGENTS = [
  'kube-scheduler/v1.33.3 (linux/amd64) kubernetes/80779bd/leader-election',
  'kube-controller-manager/v1.33.3 (linux/amd64) kubernetes/80779bd/leader-election',
  'kubelet/v1.33.3 (linux/amd64) kubernetes/80779bd',
  'kubectl/v1.33.1 (darwin/arm64) kubernetes/8adc0f0',
  'Go-http-client/2.0',
];
const STATEMENTS = [
  'SELECT TOP (@limit) e.[Id], e.[Name], e.[Grade]\\r\\nFROM [dbo].[Employee] AS e\\r\\nWHERE e.[Id] = ',
  "UPDATE [dbo].[Orders] SET [State] = N'shipped', [ShippedAt] = SYSUTCDATETIME()\\r\\nWHERE [OrderId] = ",
  'INSERT INTO [audit].[Access] ([Who], [What], [At]) VALUES (@who, N\'read \\"payroll\\"\', SYSUTCDATETIME()); -- ',
  'DELETE FROM [dbo].[Session] WHERE [ExpiresAt] < SYSUTCDATETIME() AND [Shard] = ',
  'EXEC [dbo].[usp_MonthEnd] @year = 2026, @month = 11, @employee = ',
];
const PORTS = [443, 443, 443, 80, 53, 123, 1433, 5671, 22, 3389];
const REGIONS = ['westeurope', 'northeurope', 'eastus2'];

/** createSource makes what records are drawn from: a seeded generator, rising time, fixed resources and people. */
function createSource(seed: number) {
  let state = seed >>> 0;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number): number => next() % limit;
  const pick = <T>(list: readonly T[]): T => list[next() % list.length]!;
  const hex = (groups: number): string => {
    let text = '';
    for (let group = 0; group < groups; group++) text += HEX[next() & 0xffff]!;
    return text;
  };
  const guid = (): string => {
    const version = HEX[(next() & 0xfff) | 0x4000];
    const variant = HEX[(next() & 0x3fff) | 0x8000];
    return `${hex(2)}-${hex(1)}-${version}-${variant}-${hex(3)}`;
  };
  let ticks = 0;
  let second = -1;
  let upToSecond = '';
  const time = (): string => {
    ticks += next() % 200_000;
    const current = Math.floor(ticks / 10_000_000);
    if (current !== second) {
      second = current;
      upToSecond = new Date(START + current * 1000).toISOString().slice(0, 19);
    }
    return `${upToSecond}.${String(10_000_000 + (ticks % 10_000_000)).slice(1)}Z`;
  };
  const address = (): string => `${pick(['192.0.2', '198.51.100', '203.0.113'])}.${below(256)}`;
  const people = Array.from({ length: 150 }, (_, index) => ({
    id: guid(),
    name: `${index % 4 === 0 ? 'svc-batch' : 'employee'}-${1000 + index}@contoso.example`,
    appId: guid(),
    address: address(),
    tokenHash: hex(16).toUpperCase(),
  }));
  const subscriptions = [guid(), guid(), guid()];
  const places = Array.from({ length: 40 }, (_, index) => {
    const subscription = pick(subscriptions);
    const group = `rg-${pick(['payroll', 'shop', 'web', 'hub', 'data'])}-${index % 8}`;
    const name = `contoso${pick(['prod', 'test', 'dev'])}${100 + index}`;
    const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers`;
    return { subscription, group, name, region: pick(REGIONS), id };
  });
  return { below, pick, hex, guid, time, address, people, places };
}

type WriteRecord = (source: ReturnType<typeof createSource>) => string;

const firewall: WriteRecord = ({ time, places, below, pick, address }) => {
  const place = pick(places);
  const isAllowed = below(4) > 0;
  const rule = isAllowed
    ? `"Action":"Allow","Policy":"afwp-${place.name}","RuleCollectionGroup":"DefaultNetworkRuleCollectionGroup",` +
      `"RuleCollection":"allow-web","Rule":"rule-${below(60)}","ActionReason":""`
    : `"Action":"Deny",${NO_RULE}`;
  return (
    `{"time":"${time()}",` +
    `"resourceId":"${`${place.id}/MICROSOFT.NETWORK/AZUREFIREWALLS/AFW-${place.name}`.toUpperCase()}",` +
    `"properties":{"Protocol":"TCP","SourceIp":"192.0.2.${below(256)}","SourcePort":${1024 + below(64_000)},` +
    `"DestinationIp":"${address()}","DestinationPort":${pick(PORTS)},${rule}},"category":"AZFWNetworkRule"}`
  );
};

const storage: WriteRecord = ({ time, places, people, below, pick, guid, hex }) => {
  const [place, person, at] = [pick(places), pick(people), time()];
  const [category, operation, status] = pick([
    ['StorageRead', 'GetBlob', 200],
    ['StorageRead', 'GetBlobProperties', 200],
    ['StorageWrite', 'PutBlob', 201],
    ['StorageDelete', 'DeleteBlob', 202],
  ] as const);
  const path = `exports/${at.slice(0, 10).replaceAll('-', '/')}/part-${below(100_000)}-${hex(4)}.parquet`;
  return (
    `{"time":"${at}",` +
    `"resourceId":"${place.id}/Microsoft.Storage/storageAccounts/${place.name}/blobServices/default",` +
    `"category":"${category}","operationName":"${operation}","operationVersion":"2025-11-05","schemaVersion":"1.0",` +
    `"statusCode":${status},"statusText":"Success","durationMs":${2 + below(400)},` +
    `"callerIpAddress":"${person.address}:${1024 + below(64_000)}","correlationId":"${guid()}",` +
    `"identity":{"type":"OAuth","tokenHash":"${person.tokenHash}","requester":{"appId":"${person.appId}",` +
    `"audience":"https://storage.azure.com/","objectId":"${person.id}","tenantId":"${TENANT}",` +
    `"tokenIssuer":"https://sts.windows.net/${TENANT}/"}},"location":"${place.region}",` +
    `"properties":{"accountName":"${place.name}","userAgentHeader":"${pick(SDKS)}","clientRequestId":"${guid()}",` +
    `"etag":"\\"0x8DE${hex(3).toUpperCase()}\\"","serviceType":"blob","objectKey":"/${place.name}/${path}",` +
    `"metricResponseType":"Success","serverLatencyMs":${1 + below(200)},"requestHeaderSize":${500 + below(400)},` +
    `"responseHeaderSize":${200 + below(300)},"responseBodySize":${below(4_194_304)},"tlsVersion":"TLS 1.3"},` +
    `"uri":"https://${place.name}.blob.core.windows.net:443/${path}","protocol":"HTTPS",` +
    '"resourceType":"Microsoft.Storage/storageAccounts/blobServices"}'
  );
};

const keyVault: WriteRecord = ({ time, places, people, below, pick, guid, hex }) => {
  const [place, person, operation] = [pick(places), pick(people), pick(VAULT_OPERATIONS)];
  const isDenied = below(25) === 0;
  const kind = operation.startsWith('Key') ? 'keys' : 'secrets';
  const object = `https://${place.name}.vault.azure.net/${kind}/entry-${below(300)}/${hex(8)}`;
  return (
    `{"time":"${time()}","category":"AuditEvent","operationName":"${operation}","resultType":"Success",` +
    `"correlationId":"${guid()}","callerIpAddress":"${person.address}",` +
    `"identity":{"claim":{"${CLAIMS}/objectidentifier":"${person.id}","appid":"${person.appId}",` +
    `"xms_az_nwperimid":[]}},"properties":{"id":"${object}","clientInfo":"${pick(SDKS)}",` +
    `"requestUri":"${object}?api-version=7.6","httpStatusCode":${isDenied ? 403 : 200},` +
    `"isRbacAuthorized":${!isDenied},"tlsVersion":"TLS1_3"},` +
    `"resourceId":"${`${place.id}/MICROSOFT.KEYVAULT/VAULTS/${place.name}`.toUpperCase()}",` +
    `"operationVersion":"7.6","resultSignature":"${isDenied ? 'Forbidden' : 'OK'}",` +
    `"durationMs":"${5 + below(120)}"}`
  );
};

const kubeAudit: WriteRecord = ({ time, places, people, below, pick, guid, hex }) => {
  const [place, at, resource, agent] = [pick(places), time(), pick(KUBE_RESOURCES), pick(KUBE_AGENTS)];
  const namespace = pick(['kube-system', 'shop', 'payroll', 'monitoring']);
  const name = `${resource}-${hex(2)}-${hex(1)}`;
  const user = agent.startsWith('kubectl') ? pick(people).name : `system:serviceaccount:${namespace}:runner`;
  const micros = (): string => `${at.slice(0, 20)}${100_000 + below(900_000)}Z`;
  const log =
    `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"${guid()}",` +
    '"stage":"ResponseComplete",' +
    `"requestURI":"/api/v1/namespaces/${namespace}/${resource}/${name}?timeout=${1 + below(30)}s",` +
    `"verb":"${pick(KUBE_VERBS)}",` +
    `"user":{"username":"${user}","groups":["system:serviceaccounts","system:authenticated"]},` +
    `"sourceIPs":["192.0.2.${below(256)}"],"userAgent":"${agent}","objectRef":{"resource":"${resource}",` +
    `"namespace":"${namespace}","name":"${name}","uid":"${guid()}","apiVersion":"v1",` +
    `"resourceVersion":"${33_000_000 + below(9_000_000)}"},"responseStatus":{"metadata":{},` +
    `"code":${below(20) === 0 ? 403 : 200}},"requestReceivedTimestamp":"${micros()}","stageTimestamp":"${micros()}",` +
    '"annotations":{"authorization.k8s.io/decision":"allow",' +
    `"authorization.k8s.io/reason":"RBAC: allowed by RoleBinding \\"runner/${namespace}\\" of Role \\"runner\\" ` +
    `to ServiceAccount \\"runner/${namespace}\\""}}\n`;
  // AKS writes every solidus inside the log as \/
  const escaped = JSON.stringify(log).replaceAll('/', '\\/');
  return (
    '{ "category": "kube-audit", "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",' +
    ` "properties": {"pod":"kube-apiserver-${place.name}-x2v7k",` +
    `"containerID":"${place.subscription.replaceAll('-', '')}${place.subscription.replaceAll('-', '')}",` +
    `"log":${escaped},"stream":"stdout"},` +
    ` "resourceId": "${`${place.id}/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/${place.name}`.toUpperCase()}",` +
    ` "serviceBuild": "na", "time": "${at.slice(0, -1)}${10 + below(90)}Z"}`
  );
};

const sqlAudit: WriteRecord = ({ time, places, people, below, pick, guid }) => {
  const [place, person, at] = [pick(places), pick(people), time()];
  return (
    `{"LogicalServerName":"${place.name}","SubscriptionId":"${place.subscription}",` +
    `"ResourceGroup":"${place.group}","time":"${at}",` +
    `"resourceId":"${`${place.id}/MICROSOFT.SQL/SERVERS/${place.name}`.toUpperCase()}/DATABASES/PAYROLL",` +
    '"category":"SQLSecurityAuditEvents","operationName":"AuditEvent","properties":{"audit_schema_version":1,' +
    `"event_time":"${at.slice(0, 23)}Z","sequence_number":1,"action_id":"BCM ","action_name":"BATCH COMPLETED",` +
    `"succeeded":"true","is_column_permission":"false","session_id":${50 + below(400)},"server_principal_id":0,` +
    `"database_principal_id":5,"object_id":0,"transaction_id":${48_000_000 + below(9_000_000)},"class_type":"DB",` +
    `"class_type_description":"DATABASE","duration_milliseconds":${below(5000)},"response_rows":${below(1000)},` +
    `"affected_rows":${below(1000)},"client_tls_version":772,"client_ip":"${person.address}",` +
    `"permission_bitmask":"00000000000000000000000000000000","sequence_group_id":"${guid()}",` +
    `"session_server_principal_name":"${person.name}","server_principal_name":"${person.name}",` +
    `"database_principal_name":"dbo","server_instance_name":"${place.name}","database_name":"payroll",` +
    `"schema_name":"","object_name":"payroll","statement":"${pick(STATEMENTS)}${below(1_000_000)};",` +
    '"additional_information":"","application_name":"Core Microsoft SqlClient Data Provider",' +
    `"connection_id":"${guid()}","data_sensitivity_information":"","host_name":"LAPTOP-${below(900)}",` +
    `"is_server_level_audit":"true","event_id":"${guid()}"}}`
  );
};

const signIn: WriteRecord = ({ time, people, below, pick, guid, hex }) => {
  const [person, at, id, correlation] = [pick(people), time(), guid(), guid()];
  const isFailure = below(10) === 0;
  const iso = `${at.slice(0, 20)}${100_000 + below(900_000)}+00:00`;
  return (
    `{ "time": "${at}", "resourceId": "/tenants/${TENANT}/providers/Microsoft.aadiam",` +
    ' "operationName": "Sign-in activity", "operationVersion": "1.0",' +
    ` "category": "${pick(['SignInLogs', 'NonInteractiveUserSignInLogs'])}", "tenantId": "${TENANT}",` +
    ` "resultType": "${isFailure ? 50126 : 0}", "resultSignature": "${isFailure ? 'FAILURE' : 'SUCCESS'}",` +
    ` "durationMs": 0, "callerIpAddress": "${person.address}", "correlationId": "${correlation}",` +
    ` "identity": "${person.name}", "Level": 4, "location": "NL", "properties": {"id":"${id}",` +
    `"createdDateTime":"${iso}","userDisplayName":"${person.name}","userPrincipalName":"${person.name}",` +
    `"userId":"${person.id}","appId":"${person.appId}","appDisplayName":"Office 365 Exchange Online",` +
    `"ipAddress":"${person.address}","status":{"errorCode":${isFailure ? 50126 : 0}},"clientAppUsed":"Browser",` +
    `"userAgent":"${pick(USER_AGENTS)}","deviceDetail":{"deviceId":"${guid()}",` +
    `"displayName":"LAPTOP-${below(900)}","operatingSystem":"Windows10","browser":"Edge 130.0",` +
    '"trustType":"Azure AD joined","isCompliant":true,"isManaged":true},"location":{"city":"Exampleville",' +
    `"state":"Noord-Holland","countryOrRegion":"NL","geoCoordinates":{"latitude":52.${below(100_000_000)},` +
    `"longitude":4.${below(100_000_000)}}},"correlationId":"${correlation}","conditionalAccessStatus":"success",` +
    '"appliedConditionalAccessPolicies":[{"id":"11111111-2222-4333-8444-000000000053",' +
    '"displayName":"Require MFA for administrators","enforcedGrantControls":["Mfa"],"enforcedSessionControls":[],' +
    `"result":"success","conditionsSatisfied":3,"conditionsNotSatisfied":0}],"originalRequestId":"${id}",` +
    '"isInteractive":true,"tokenIssuerType":"AzureAD","authenticationProcessingDetails":[{"key":"Is CAE Token",' +
    `"value":"False"}],"clientCredentialType":"none","processingTimeInMilliseconds":${40 + below(900)},` +
    '"riskDetail":"none","riskLevelAggregated":"none","riskLevelDuringSignIn":"none","riskState":"none",' +
    `"resourceDisplayName":"Microsoft Graph","resourceId":"${person.appId}","resourceTenantId":"${TENANT}",` +
    `"homeTenantId":"${TENANT}","authenticationDetails":[{"authenticationStepDateTime":"${iso}",` +
    `"authenticationMethod":"Previously satisfied","succeeded":${!isFailure},` +
    '"authenticationStepRequirement":"Primary authentication"}],' +
    '"authenticationRequirement":"multiFactorAuthentication","userType":"Member","flaggedForReview":false,' +
    '"isTenantRestricted":false,"autonomousSystemNumber":64500,"crossTenantAccessType":"none",' +
    `"uniqueTokenIdentifier":"${hex(8)}","incomingTokenType":"none","authenticationProtocol":"none",` +
    '"signInTokenProtectionStatus":"none","originalTransferMethod":"none","isThroughGlobalSecureAccess":false,' +
    `"sessionId":"${guid()}"}}`
  );
};

const activity: WriteRecord = ({ time, places, people, below, pick, guid, hex }) => {
  const [place, person, action, at] = [pick(places), pick(people), pick(ACTIVITIES), time()];
  const target = `${place.id}/${action.slice(0, action.lastIndexOf('/'))}/${place.name}`;
  const [result, signature] = pick([
    ['Start', 'Started.'],
    ['Success', 'Succeeded.'],
    ['Failure', 'Failed.Conflict'],
  ] as const);
  const issued = 1_793_260_000 + below(3600);
  return (
    `{"RoleLocation":"West Europe","Stamp":"MetadataStore","ReleaseVersion":"6.2026.45.3","time":"${at}",` +
    `"resourceId":"${target.toUpperCase()}","operationName":"${action.toUpperCase()}","category":"Administrative",` +
    `"resultType":"${result}","resultSignature":"${signature}","durationMs":"${below(90_000)}",` +
    `"callerIpAddress":"${person.address}","correlationId":"${guid()}",` +
    `"identity":{"authorization":{"scope":"${target}","action":"${action}","evidence":{"role":"Contributor",` +
    `"roleAssignmentScope":"/subscriptions/${place.subscription}","roleAssignmentId":"${hex(8)}",` +
    `"principalId":"${person.id.replaceAll('-', '')}","principalType":"User"}},` +
    `"claims":{"aud":"https://management.core.windows.net/","iss":"https://sts.windows.net/${TENANT}/",` +
    `"iat":"${issued}","nbf":"${issued}","exp":"${issued + 4800}","acr":"1","aio":"${hex(12)}","amr":"[\\"pwd\\",` +
    `\\"mfa\\"]","appid":"${person.appId}","appidacr":"0","ipaddr":"${person.address}","name":"${person.name}",` +
    `"${CLAIMS}/objectidentifier":"${person.id}","${CLAIMS}/scope":"user_impersonation",` +
    `"${CLAIMS}/tenantid":"${TENANT}","http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"${person.name}",` +
    `"uti":"${hex(8)}","ver":"1.0"}},"level":"Information","properties":{"eventCategory":"Administrative",` +
    `"entity":"${target}","message":"${action}","hierarchy":"${TENANT}/${place.subscription}",` +
    `"serviceRequestId":"${guid()}","requestbody":"{\\"location\\":\\"${place.region}\\",` +
    `\\"properties\\":{\\"priority\\":${below(4000)},\\"access\\":\\"Allow\\"},` +
    `\\"tags\\":{\\"cost-center\\":\\"${below(900)}\\"}}"},"tenantId":"${TENANT}"}`
  );
};

// How many of 100 records are of each kind: many short firewall lines, few long sign-ins and activities.
const MIX = new Map<WriteRecord, number>([
  [firewall, 30],
  [storage, 24],
  [kubeAudit, 16],
  [keyVault, 16],
  [sqlAudit, 6],
  [signIn, 4],
  [activity, 4],
]);
const WRITERS = [...MIX].flatMap(([write, share]) => Array.from({ length: share }, () => write));

/**
 * generateBodies yields event bodies of about `recordsPerBody` records of about 1.2 KB each until `totalBytes` are
 * reached; the same seed gives the same bytes. A body mixes all kinds, so every stretch of the data looks alike.
 *
 * How compressible: zstd -1 makes 1 MB 8.9 to 9.0 times smaller, gzip -6 6.6 times. Compared with 198 records out of
 * log bodies that public projects keep as test data, average 1.5 KB, by the same call: as they are (0.3 MB, few of a
 * kind) 7.1, where 200 records from here give 7.4; repeated up to 1 MB with fresh GUIDs, times, numbers and
 * addresses 8.6 to 9.5, and up to 11.1 when only some services are taken (gzip -6: 4.6 to 6.4). Repeating keeps all
 * other text, which flatters those figures. MIX was set to meet the record size and these ratios; it is no census of
 * anyone's logs.
 */
export function* generateBodies(options: {
  seed: number;
  totalBytes: number;
  recordsPerBody?: number;
}): Generator<Buffer> {
  const { seed, totalBytes, recordsPerBody = 100 } = options;
  const source = createSource(seed);
  for (let bytes = 0; bytes < totalBytes;) {
    const records = Array.from({ length: recordsPerBody }, () => source.pick(WRITERS)(source));
    const body = Buffer.from(`{"records":[${records.join(',')}]}`, 'latin1');
    bytes += body.length;
    yield body;
  }
}
