import { causeOf } from '../../tools/install.mjs';

test.each([
  ['ENOTFOUND', /DNS/],
  ['EAI_AGAIN', /DNS/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /certificate is not accepted.*cafile/],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /certificate is not accepted/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /certificate is not accepted/],
  ['ENOSPC', /disk is full.*make room/],
  ['EACCES', /no right to write.*folder of your own/],
  ['EROFS', /no right to write/],
  ['E407', /proxy wants to know who asks/],
  ['NO_NPM', /there is no npm.*install Node\.js with npm/],
  ['EWHATEVER', /^EWHATEVER.*see what npm says below/],
])('%s is told in words', (code, words) => {
  expect(causeOf(code, '').join(': ')).toMatch(words);
});
