/** A kind of bad day. Faults are numbered from 1 within their family, in the order of their sentences. */
export type Family = {
  readonly name: string;
  /** A whole run fails when a fault of this family has no test; the others are counted only. */
  readonly complete: boolean;
  readonly faults: readonly string[];
};

/**
 * What is done to the service on purpose. A test names the faults that it injects at the end of its title or of its
 * suite's, `[F2.6]` for the sixth of family 2, and `npm test` counts those that passed.
 */
export const families: readonly Family[] = [
  {
    name: 'Death of the process',
    complete: true,
    faults: [
      'before the PSP is called',
      'after the PSP has acted, before its answer is read',
      'after the answer, before it is committed',
      'after the commit, before the reply',
      'before an event is published',
      'between publishing an event and marking it',
      'at every named point between recorded and replied',
      'at every write of the process, one after the other',
    ],
  },
  {
    name: 'A PSP that misbehaves',
    complete: true,
    faults: [
      'charges and says nothing',
      'charges and says 500',
      'hangs up in the middle of its answer',
      'sends half a document',
      'sends a web page',
      'says 429 with Retry-After',
      'answers for another amount',
      'answers for another currency',
      'answers for another id',
      'redirects',
      'drips its answer for longer than anybody waits',
      'what does not match is quarantined and never called paid',
    ],
  },
  {
    name: 'Idempotency keys',
    complete: true,
    faults: [
      'one key, 64 times at once',
      'one key, another body',
      'one key, another merchant',
      'one key, another resource',
      'a key of more than 255 characters',
      'an empty key',
      'a key in quotes',
      'a key with a line break',
      'a key after its reply was forgotten',
      'a key whose first request died',
      'two keys, one order',
    ],
  },
  {
    name: 'Webhooks of PSPs',
    complete: true,
    faults: [
      'duplicates',
      'every order of seven',
      'before the answer of the call',
      'forged',
      'one byte flipped',
      'six minutes old',
      'six minutes ahead',
      'signed with the secret that is being replaced',
      'a batch with one bad item',
      'ten megabytes',
    ],
  },
  {
    name: 'PostgreSQL',
    complete: true,
    faults: [
      'stopped at once and started again, under load',
      'frozen for ten seconds',
      'out of connections',
      'deadlock',
      'statement timeout',
      'a commit whose end nobody heard',
      'disk full',
      'fsync fails',
    ],
  },
  {
    name: 'Redis',
    complete: true,
    faults: ['killed', 'flushed', 'paused', 'out of memory', 'a replica behind its primary'],
  },
  {
    name: 'Event bus',
    complete: true,
    faults: ['down for a minute', 'duplicates', 'an event that nobody can take', 'a backlog of 100,000'],
  },
  {
    name: 'Hostile connections',
    complete: true,
    faults: [
      'slow headers',
      'slow body',
      'slow reader',
      '10,000 idle sockets',
      'two lengths in one request',
      'a bare line feed',
      'a body of 100 MB',
      '90 kB of opening brackets',
      'a compressed bomb',
      '10,000 keys in one object',
    ],
  },
  {
    name: 'Hostile values',
    complete: true,
    faults: [
      'numbers',
      'currencies',
      'Unicode',
      'prototype keys',
      'repeated parameters',
      'a forged X-Forwarded-For',
    ],
  },
  {
    name: 'Attacks',
    complete: true,
    faults: [
      'many small attempts from one address',
      'many cards of one BIN',
      'a thousand addresses at a low rate',
      'a farm of sign-ups',
      'credential stuffing',
    ],
  },
  {
    name: '3-D Secure',
    complete: true,
    faults: [
      'abandoned',
      'returned twice',
      'returned for another payment',
      'canceled, then confirmed by a webhook',
      'the amount changed after it',
    ],
  },
  {
    name: 'Movements that meet',
    complete: true,
    faults: [
      'capture after the authorisation expired',
      'capture and void at once',
      'refund and capture at once',
      'two refunds at once',
      'dispute during a refund',
    ],
  },
  {
    name: 'Models and policies',
    complete: true,
    faults: [
      'a corrupt file',
      'a model of another shape',
      'a model that answers NaN',
      'ten times slower',
      'a syntax error',
      'an expensive expression',
      'reload during traffic',
    ],
  },
  {
    name: 'Outgoing webhooks',
    complete: true,
    faults: [
      'a private address in every spelling',
      'a name that changes its address',
      'a redirect',
      'an endless body',
      'days of 5xx',
      '410',
    ],
  },
  {
    name: 'Operation',
    complete: true,
    faults: [
      'SIGTERM under load',
      'two versions at once',
      'migration during traffic',
      'a blocked event loop',
    ],
  },
];
