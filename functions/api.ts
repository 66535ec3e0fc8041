import { app } from '@azure/functions';
import { conditionsOf } from '../src/adapters/httpConditions.ts';
import { theApp } from '../src/app.ts';

const auditseal = theApp();

// For everybody: the log holds hashes, counts and times of segments, and no record.
app.http('log', {
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  route: 'log/{*path}',
  handler: (request) => auditseal.serveLog({ path: request.params['path'] ?? '', ...conditionsOf(request) }),
});

// Evidence holds the record itself, so it takes a function key.
app.http('evidence', {
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  route: 'evidence',
  handler: (request) =>
    auditseal.serveEvidence({
      partition: request.query.get('partition'),
      record: request.query.get('record'),
      ...conditionsOf(request),
    }),
});
