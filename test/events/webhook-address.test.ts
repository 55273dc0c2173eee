import { describe, expect, test } from '@jest/globals';
import { isPublicAddress, whyNotCallable } from '../../src/events/webhooks/address.ts';
import { webhookCalls } from '../../src/events/webhooks/calls.ts';
import { installationSecret } from './far-ends.ts';
import { newId } from './outbox.ts';

const strict = { loopback: false };

describe('an address', () => {
  test.each([
    '127.0.0.1',
    '127.1.2.3',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '192.0.2.1',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:169.254.169.254',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '2001:db8::1',
    'ff02::1',
    'fe80::1%eth0',
    'localhost',
  ])('%s is not public [F14.1]', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    'http://example.com/',
    'https://example.com:6379/',
    'https://user:pass@example.com/',
    'https://localhost/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest/',
    'https://１２７.0.0.1/',
    'https://intranet/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://10.0.0.1.:443/',
    'nonsense',
    'https://0/',
  ])('%s cannot be called [F14.1]', (url) => {
    expect(whyNotCallable(url, strict)).toEqual(expect.any(String));
  });

  test.each(['https://example.com/hook', 'https://example.com:8443/', 'https://8.8.8.8/'])(
    '%s can be',
    (url) => {
      expect(whyNotCallable(url, strict)).toBeNull();
    },
  );

  test.each([
    ['a private address', [['10.0.0.1'], ['10.0.0.1']]],
    ['a public and a private one', [['8.8.8.8', '127.0.0.1']]],
    ['a public one when asked first and ourselves when asked again', [['127.0.0.1'], ['8.8.8.8']]],
  ])('that a name leads to is looked at where the connection is made: %s [F14.2]', async (_what, answers) => {
    const asked: string[] = [];
    const calls = webhookCalls({
      installationSecret,
      allowed: strict,
      timeoutMs: 2_000,
      resolve: (hostname, _options, callback) => {
        const addresses = answers[asked.push(hostname) - 1] ?? [];
        callback(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        );
      },
    });
    const url = 'https://rebound.example.com/';
    expect(whyNotCallable(url, strict)).toBeNull();
    const answer = await calls.post({ url, id: newId('evt'), at: Date.now(), body: '{}', secrets: [] });
    expect(answer).toEqual({ status: null, because: 'the name does not lead to a public address' });
    // What was looked at is what would have been connected to: nobody asks a second time.
    expect(asked).toEqual(['rebound.example.com']);
    await calls.close();
  });
});
