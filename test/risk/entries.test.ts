import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hourMs, toRfc3339 } from '../../src/kernel/instant.ts';
import { keysWith } from '../../src/risk/signals/keys.ts';
import { type Ask, type TestService, eventually, newId, startTestService } from '../harness/service.ts';
import { keyWithoutScopes } from '../http/routes/operations.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService();
});
afterAll(() => shop.close());

const blockedEmails = '/v1/lists/blocked-emails/entries';
const later = () => toRfc3339(Date.now() + hourMs);
const add = (value: string, more: object = {}, ask: Ask = {}) =>
  shop.call('POST', blockedEmails, { body: { value, reason: 'chargebacks', ...more }, ...ask });
const assess = (signals: object, ask: Ask = {}) =>
  shop.call('POST', '/v1/assessments', { body: { event: 'account_creation', signals }, ...ask });
const decisionOn = async (email: string, ask: Ask = {}): Promise<unknown> =>
  (await assess({ customer: { email } }, ask)).body['decision'];
const entriesIn = async (path = blockedEmails): Promise<Record<string, unknown>[]> =>
  (await shop.call('GET', path)).body['entries'] as Record<string, unknown>[];

describe('a value on a list', () => {
  test('counts at once, however it is spelt, and no longer once it is taken off', async () => {
    expect(await decisionOn('one@shop.example')).toBe('allow');
    const added = await add(' One+tag@Shop.example');
    expect(added).toMatchObject({
      status: 201,
      body: { list: 'blocked-emails', status: 'active', reason: 'chargebacks', expires_at: null },
    });
    expect(await decisionOn('one@shop.example')).toBe('block');
    const removed = await shop.call('DELETE', `${blockedEmails}/${String(added.body['id'])}`);
    expect(removed).toMatchObject({ status: 200, body: { status: 'removed' } });
    expect(await decisionOn('one@shop.example')).toBe('allow');
    expect((await shop.call('DELETE', `${blockedEmails}/${String(added.body['id'])}`)).status).toBe(404);
  });

  test('that another process put there counts here within seconds, and so does its removal', async () => {
    const key = keysWith(shop.env['TILLGATE_SECRET'] ?? '')(shop.merchantId, { email: 'far@shop.example' });
    const by = newId('key');
    const entry = { id: newId('ent'), what: 'list', name: 'blocked-emails', key: key.mailbox ?? '' } as const;
    const told = { reason: 'seen elsewhere', addedBy: by, addedAt: Date.now() };
    await shop.store.entries.add({
      ...entry,
      ...told,
      merchantId: shop.merchantId,
      expiresAt: null,
      removed: null,
    });
    await eventually(async () => (await decisionOn('far@shop.example')) === 'block');
    await shop.store.entries.remove(shop.merchantId, entry.id, entry, { by, at: Date.now() });
    await eventually(async () => (await decisionOn('far@shop.example')) === 'allow');
  });

  test('still counts after a restart, from the first request on', async () => {
    await add('kept@shop.example');
    await shop.restart();
    expect(await decisionOn('kept@shop.example')).toBe('block');
  });

  test('stops counting when it expires, and is shown as expired', async () => {
    await add('brief@shop.example', { expires_at: toRfc3339(Date.now() + 700) });
    expect(await decisionOn('brief@shop.example')).toBe('block');
    await eventually(async () => (await decisionOn('brief@shop.example')) === 'allow');
    expect((await entriesIn())[0]).toMatchObject({ status: 'expired' });
  });

  test('that is put there ten times at once is there once, and the other nine stay on record', async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => add('ten@shop.example')));
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(201));
    const key = replies[0]?.body['key'] as string;
    const entries = (await entriesIn()).filter((entry) => entry['key'] === key);
    expect(entries.map(({ status }) => status).toSorted()).toEqual([
      'active',
      ...Array<string>(9).fill('removed'),
    ]);
    expect(await decisionOn('ten@shop.example')).toBe('block');
  });

  test('is stored as its pseudonym, with who put it there', async () => {
    const { body } = await add('secret.person@shop.example');
    expect(`${String(body['added_by'])} ${String(body['key'])}`).toMatch(/^key_\w{26} [\w-]{12}$/);
    const [row] = await shop.query(
      `select to_jsonb(e)::text as text from entries as e where id = '${String(body['id'])}'`,
    );
    expect(row?.['text']).not.toContain('secret.person');
  });

  test('is found by the value alone', async () => {
    const { body } = await add('found@shop.example');
    const find = (value: string) => shop.call('POST', `${blockedEmails}/find`, { body: { value } });
    expect(await find('found@shop.example')).toMatchObject({ status: 200, body: { id: String(body['id']) } });
    expect((await find('lost@shop.example')).status).toBe(404);
  });

  test('is another merchant’s own affair', async () => {
    await add('mine@shop.example');
    const other = { key: shop.otherKeys.secretKey };
    expect(await decisionOn('mine@shop.example', other)).toBe('allow');
    expect((await shop.call('GET', blockedEmails, other)).body['entries']).toEqual([]);
    const { body } = await add('theirs@shop.example', {}, other);
    expect(await decisionOn('theirs@shop.example')).toBe('allow');
    expect((await shop.call('DELETE', `${blockedEmails}/${String(body['id'])}`)).status).toBe(404);
  });

  test('comes from an assessment that saw it, device and network too', async () => {
    const signals = { device: { id: 'ring-device', ip: '203.0.113.9' } };
    const seen = await assess(signals);
    const body = { assessment: String(seen.body['id']), reason: 'a ring' };
    for (const list of ['blocked-devices', 'blocked-networks'])
      expect((await shop.call('POST', `/v1/lists/${list}/entries`, { body })).status).toBe(201);
    expect((await assess({ device: { id: 'ring-device' } })).body['decision']).toBe('block');
    expect((await assess({ device: { ip: '203.0.113.200' } })).body['decision']).toBe('block');
    expect((await assess({ device: { ip: '203.0.114.9' } })).body['decision']).not.toBe('block');
  });

  test.each([
    ['no e-mail address', { value: 'somebody' }, 422, 'entry_refused', '/value'],
    ['an assessment that saw none', { assessment: newId('asm') }, 422, 'entry_refused', '/assessment'],
    ['nothing', {}, 422, 'input_invalid', '/assessment'],
    ['two things', { value: 'a@b.example', assessment: newId('asm') }, 422, 'input_invalid', '/assessment'],
    ['no reason', { value: 'a@b.example', reason: '' }, 422, 'input_invalid', '/reason'],
    [
      'an expiry that has passed',
      { value: 'a@b.example', expires_at: '2020-01-01T00:00:00Z' },
      422,
      'entry_refused',
      '/expires_at',
    ],
  ])('is refused when it is %s', async (_, body, status, code, pointer) => {
    const reply = await shop.call('POST', blockedEmails, { body: { reason: 'test', ...body } });
    expect(reply).toMatchObject({ status, body: { code, errors: [{ pointer }] } });
  });

  test('is for keys that may: a list nobody declared does not exist, and a key without the scope is refused', async () => {
    expect((await shop.call('GET', '/v1/lists/no-such-list/entries')).status).toBe(404);
    const key = await keyWithoutScopes(shop);
    expect((await shop.call('GET', '/v1/lists', { key })).status).toBe(403);
    expect((await add('a@b.example', {}, { key })).status).toBe(403);
  });

  test('is counted on its list', async () => {
    const { body } = await shop.call('GET', '/v1/lists');
    const lists = body['lists'] as { name: string; kind: string; of: string; entries: number }[];
    expect(lists.find(({ name }) => name === 'blocked-devices')).toMatchObject({
      kind: 'block',
      of: 'device.id',
      entries: 1,
    });
    expect(lists.find(({ name }) => name === 'trusted-customers')).toMatchObject({
      kind: 'allow',
      entries: 0,
    });
  });
});

describe('a snooze', () => {
  const honeypot = { customer: { reference: 'ann' }, behaviour: { honeypot_filled: true } };
  const snooze = (more: object) =>
    shop.call('POST', '/v1/snoozes', {
      body: { rule: 'honeypot', reason: 'her password manager fills it', expires_at: later(), ...more },
    });

  test('silences a rule for one customer, and the assessment says so', async () => {
    const { body } = await snooze({ customer: 'ann' });
    const { id, decision } = (await assess(honeypot)).body;
    expect(decision).not.toBe('block');
    expect((await shop.call('GET', `/v1/assessments/${String(id)}`)).body).toMatchObject({
      rules_snoozed: ['honeypot'],
      // The scorecard still sees the honeypot, and asks for proof.
      rules_fired: ['small-signs-add-up'],
    });
    expect((await assess({ ...honeypot, customer: { reference: 'bob' } })).body['decision']).toBe('block');
    expect((await shop.call('GET', '/v1/snoozes')).body['snoozes']).toMatchObject([
      { rule: 'honeypot', status: 'active' },
    ]);
    expect((await shop.call('DELETE', `/v1/snoozes/${String(body['id'])}`)).status).toBe(200);
    expect((await assess(honeypot)).body['decision']).toBe('block');
  });

  test('is for the customer whom an assessment saw', async () => {
    const { body } = await assess({ ...honeypot, customer: { reference: 'cleo' } });
    expect((await snooze({ assessment: String(body['id']) })).status).toBe(201);
    expect((await assess({ ...honeypot, customer: { reference: 'cleo' } })).body['decision']).not.toBe(
      'block',
    );
  });

  test.each([
    ['a rule that no policy has', { rule: 'honeypott', customer: 'ann' }, '/rule'],
    ['no customer', { assessment: newId('asm') }, '/assessment'],
    ['an end that has passed', { customer: 'ann', expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
  ])('of %s is refused', async (_, more, pointer) => {
    expect(await snooze(more)).toMatchObject({
      status: 422,
      body: { code: 'entry_refused', errors: [{ pointer }] },
    });
  });
});
