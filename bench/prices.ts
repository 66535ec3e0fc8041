/**
 * What a blob service charges for operations, in US dollars: block blobs, hot tier, locally redundant. These are the sample
 * prices that Microsoft's page "Estimate the cost of using Azure Blob Storage" of 26 July 2024 calculates with. They stand
 * in for list prices, which differ by region, tier and redundancy: azure.microsoft.com/pricing/details/storage/blobs/.
 */
export const PRICES = {
  /** of one write; listing costs the same */
  write: 0.055 / 10_000,
  /** of one read, or question whether a name exists */
  read: 0.0044 / 10_000,
} as const;
