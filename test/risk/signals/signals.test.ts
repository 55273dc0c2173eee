import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { emailParts } from '../../../src/risk/signals/email.ts';
import { factsOf } from '../../../src/risk/signals/facts.ts';
import { keysWith } from '../../../src/risk/signals/keys.ts';
import { networkOf } from '../../../src/risk/signals/network.ts';
import { rangesFrom } from '../../../src/risk/signals/ranges.ts';
import { referenceData } from '../../../src/risk/signals/reference.ts';

const at = Date.UTC(2026, 2, 1, 12);
const reference = referenceData();

test.each([
  ['Ann.Lee+shop@Gmail.com', 'annlee@gmail.com'],
  ['annlee@googlemail.com', 'annlee@gmail.com'],
  ['ann.lee+shop@mail.example', 'ann.lee@mail.example'],
  ['+tag@mail.example', '+tag@mail.example'],
])('%s is delivered to %s', (email, mailbox) => {
  expect(emailParts(email)?.mailbox).toBe(mailbox);
});

test.each(['', '@', 'a@', '@b', 'nobody'])('%j is no address', (email) => {
  expect(emailParts(email)).toBeNull();
});

test.each([
  ['198.51.100.7', '198.51.100'],
  ['::ffff:198.51.100.7', '198.51.100'],
  ['2001:db8:1:2::3', '2001:db8:1'],
  ['2001:0db8:0001::', '2001:db8:1'],
  ['::1', '0:0:0'],
  ['no address', undefined],
])('%s is in the network %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

describe('address ranges', () => {
  const isIn = rangesFrom('10.0.0.0/8\n10.1.0.0/16\n192.0.2.4\n# a comment\n255.255.255.255/32\n');
  test.each([
    ['9.255.255.255', false],
    ['10.0.0.0', true],
    ['10.200.0.1', true],
    ['11.0.0.0', false],
    ['192.0.2.4', true],
    ['192.0.2.5', false],
    ['255.255.255.255', true],
    ['::1', undefined],
  ])('say of %s: %s', (ip, expected) => {
    expect(isIn(ip)).toBe(expected);
  });

  test('that cannot be read are refused', () => {
    expect(() => rangesFrom('10.0.0.0/33')).toThrow('not an IPv4 range');
  });
});

describe('keys', () => {
  const signals = { email: 'Ann@mail.example', account: { id: 'ann' } };

  test('hold nothing of what they name and differ by merchant, kind and secret', () => {
    const keys = keysWith('one secret')('mer_1', signals);
    expect(JSON.stringify(keys).toLowerCase()).not.toContain('ann');
    expect(keysWith('one secret')('mer_1', { ...signals, email: 'ann@MAIL.example' })).toEqual(keys);
    expect(keysWith('one secret')('mer_2', signals).email).not.toBe(keys.email);
    expect(keysWith('another secret')('mer_1', signals).email).not.toBe(keys.email);
    expect(keys.mailbox).not.toBe(keys.email);
  });

  test('name only what the signals name', () => {
    expect(Object.keys(keysWith('one secret')('mer_1', {}))).toEqual(['shop']);
  });
});

describe('reference data', () => {
  test('is there, with its versions', () => {
    expect(reference.missing).toEqual([]);
    expect(Object.keys(reference.versions)).toHaveLength(6);
  });

  test('that is not installed is named, and its facts are unknown', () => {
    const installed = createRequire(import.meta.url);
    const resolve = Object.assign(
      (name: string): string => {
        if (name.startsWith('disposable-email-domains')) throw new Error('not installed');
        return installed.resolve(name);
      },
      { paths: (name: string) => installed.resolve.paths(name) },
    );
    const lesser = referenceData({ resolve });
    expect(lesser.missing).toEqual(['disposable-email-domains']);
    expect(lesser.versions['disposable-email-domains']).toBe('missing');
    const facts = factsOf({ email: 'ann@0-mail.com' }, at, lesser);
    expect(facts).not.toHaveProperty(['email.disposable']);
    expect(facts['email.free']).toBe(0);
  });

  test('knows throw-away domains, free domains, countries, bots and time zones', () => {
    expect(reference.isDisposable('0-mail.com')).toBe(true);
    expect(reference.isDisposable('mail.example')).toBe(false);
    expect(reference.isFree('yahoo.com')).toBe(true);
    expect(reference.countryOf('8.8.8.8')).toBe('US');
    expect(reference.isBot('Mozilla/5.0 (compatible; Googlebot/2.1)')).toBe(true);
    expect(reference.countriesOfZone('Europe/Berlin')).toContain('DE');
    expect(reference.isDatacenter('1.12.0.1')).toBe(true);
  });
});

test('an absent signal leaves its facts out', () => {
  expect(factsOf({}, at, reference)).toEqual({});
});

test('what a browser says of itself is compared with its headers', () => {
  const userAgent =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
  const differs = (clientHints: string): number | undefined =>
    factsOf({ device: { userAgent, clientHints } }, at, reference)['device.hints_differ'];
  expect(differs('"Google Chrome";v="140", "Not A Brand";v="99"')).toBe(0);
  expect(differs('"Google Chrome";v="90"')).toBe(1);
});
