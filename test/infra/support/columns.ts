/**
 * COLUMNS is the columns that Azure Monitor gives its tables, of those that queries read, and their types:
 * https://learn.microsoft.com/azure/azure-monitor/reference/tables-index
 */
export const COLUMNS: Readonly<Record<string, Readonly<Record<string, 'datetime' | 'string' | 'real'>>>> = {
  AppTraces: { TimeGenerated: 'datetime', Message: 'string', AppRoleName: 'string' },
  AzureActivity: {
    TimeGenerated: 'datetime',
    OperationNameValue: 'string',
    ActivityStatusValue: 'string',
    Claims: 'string',
    ResourceGroup: 'string',
    CallerIpAddress: 'string',
  },
  AzureDiagnostics: {
    TimeGenerated: 'datetime',
    ResourceProvider: 'string',
    OperationName: 'string',
    ResultSignature: 'string',
    CallerIPAddress: 'string',
  },
  AzureMetrics: { TimeGenerated: 'datetime', ResourceProvider: 'string', MetricName: 'string', Total: 'real' },
  StorageBlobLogs: {
    TimeGenerated: 'datetime',
    AccountName: 'string',
    Category: 'string',
    OperationName: 'string',
    StatusText: 'string',
    ObjectKey: 'string',
    ConditionsUsed: 'string',
    CallerIpAddress: 'string',
    RequesterObjectId: 'string',
  },
  Usage: { TimeGenerated: 'datetime', Quantity: 'real' },
};
