/** SECRET is what must be read nowhere: the part of each of SPELLINGS that is secret. */
export const SECRET = 'Q7zS3cr3tB1tsOfAKey';

/** SPELLINGS are arguments and settings that hold a secret, as people paste them: by what they are. */
export const SPELLINGS: Readonly<Record<string, string>> = {
  'a signer key': `PRIVATE+KEY+logs.example.com/prod+22e6b51e+${SECRET}`,
  'a signer key in lower case': `private+key+logs.example.com/prod+22e6b51e+${SECRET}`,
  'a signer key, percent-encoded': `PRIVATE%2BKEY%2Blogs.example.com%2Fprod%2B22e6b51e%2B${SECRET}`,
  'a key in PEM': `-----BEGIN EC PRIVATE KEY-----${SECRET}-----END EC PRIVATE KEY-----`,
  'a SAS without a scheme': `account.blob.core.windows.net/c?sv=2025-01-05&sig=${SECRET}%3D`,
  'a SAS of another scheme': `sftp://account.blob.core.windows.net/c?SIG=${SECRET}`,
  'a SAS behind a space': ` https://account.blob.core.windows.net/c?sig=${SECRET}`,
  'a SAS alone': `?sv=2025-01-05&Sig=${SECRET}`,
  'a SAS, percent-encoded': `account.blob.core.windows.net%2Fc%3Fsv%3D1%26sig%3D${SECRET}`,
  'a SAS, percent-encoded in a letter': `account.blob.core.windows.net/c?%73ig=${SECRET}`,
  'a SAS, percent-encoded twice': `account.blob.core.windows.net%252Fc%253Fsig%253d${SECRET}`,
  'a URL with a SAS in its path': `https://account.blob.core.windows.net/sig=${SECRET}`,
  'a URL with a signer key in its path': `https://account.blob.core.windows.net/PRIVATE+KEY+x+${SECRET}`,
  "a function's key": `func.azurewebsites.net/api/evidence?Code=${SECRET}`,
  'a connection string of storage': `AccountName=account;ACCOUNTKEY=${SECRET}==`,
  'a connection string of storage, percent-encoded': `AccountName%3Daccount%3BAccountKey%3D${SECRET}`,
  'a connection string of a hub': `Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=${SECRET}`,
};
