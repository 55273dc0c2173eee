import { describe, expect, test } from '@jest/globals';
import { loadShed, nextRoom, type RequestClass, type Shed } from '../../src/http/edge/shed.ts';

function fill(shed: Shed, requestClass: RequestClass, count: number): number {
  return Array.from({ length: count }, () => shed.admit(requestClass)).filter(({ ok }) => ok).length;
}

describe('load shedding', () => {
  test('each class has its share, and half belongs to critical calls', () => {
    const shed = loadShed({ inFlightMax: 100 });
    expect(fill(shed, 'list', 200)).toBe(25);
    expect(fill(shed, 'create', 200)).toBe(15);
    expect(fill(shed, 'confirm', 200)).toBe(10);
    expect(fill(shed, 'critical', 200)).toBe(50);
    expect(shed.inFlight()).toBe(100);
  });

  test('a late event loop narrows the room, down to what a shop needs, and a calm one gives it back', () => {
    let room = 512;
    for (let step = 0; step < 2; step += 1) room = nextRoom(room, 80, 512);
    expect(room).toBeLessThan(256);
    for (let step = 0; step < 100; step += 1) room = nextRoom(room, 80, 512);
    expect(room).toBe(160);
    for (let step = 0; step < 22; step += 1) room = nextRoom(room, 3, 512);
    expect(room).toBe(512);
  });

  test('room comes back when a request is done, once', () => {
    const shed = loadShed({ inFlightMax: 2 });
    const admission = shed.admit('critical');
    expect(shed.admit('list').ok).toBe(false);
    if (admission.ok) {
      admission.done();
      admission.done();
    }
    expect(shed.inFlight()).toBe(0);
    expect(shed.admit('list').ok).toBe(true);
  });

  test('a refusal says when to come back, and is reported', () => {
    const shedClasses: RequestClass[] = [];
    const shed = loadShed({
      inFlightMax: 0,
      onShed: (each) => void shedClasses.push(each),
    });
    expect(shed.admit('list')).toMatchObject({ ok: false, code: 'overloaded', retryAfterS: 5 });
    expect(shedClasses).toEqual(['list']);
  });

  test('while the loop is blocked again and again listings are turned away and critical calls are not', async () => {
    const shed = loadShed({ inFlightMax: 1_000 });
    const block = (): void => {
      const until = performance.now() + 200;
      while (performance.now() < until);
    };
    for (let at = 0; at < 12; at += 1) {
      block();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    expect(fill(shed, 'list', 1_000)).toBeLessThan(400);
    expect(shed.admit('critical').ok).toBe(true);
    shed.close();
  });

  test('at three times the capacity 99 % of critical calls succeed, and less important ones fail first', () => {
    // A simulation in ticks: a request holds its place for 20 ticks, so the 64 places of 128 that are not kept for
    // critical calls serve 3.2 a tick; 9.6 a tick arrive.
    const shed = loadShed({ inFlightMax: 128 });
    const mix: RequestClass[] = [
      'critical',
      'confirm',
      'confirm',
      'create',
      'create',
      'create',
      'list',
      'list',
      'list',
      'list',
    ];
    const offered = { critical: 0, confirm: 0, create: 0, list: 0 };
    const served = { critical: 0, confirm: 0, create: 0, list: 0 };
    const ends: (() => void)[][] = [];
    let arriving = 0;
    let seed = 7;
    for (let tick = 0; tick < 20_000; tick += 1) {
      for (const done of ends[tick] ?? []) done();
      ends[tick] = [];
      for (arriving += 9.6; arriving >= 1; arriving -= 1) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        const requestClass = mix[Math.floor((seed / 2_147_483_648) * mix.length)]!;
        offered[requestClass] += 1;
        const admission = shed.admit(requestClass);
        if (!admission.ok) continue;
        served[requestClass] += 1;
        (ends[tick + 20] ??= []).push(admission.done);
      }
    }
    const rate = (each: RequestClass): number => served[each] / offered[each];
    expect(rate('critical')).toBeGreaterThanOrEqual(0.99);
    expect(rate('critical')).toBeGreaterThan(rate('confirm'));
    expect(rate('confirm')).toBeGreaterThan(rate('create'));
    expect(rate('create')).toBeGreaterThanOrEqual(rate('list'));
    // The machine stays busy: shedding is not refusing everybody.
    expect(served.critical + served.confirm + served.create + served.list).toBeGreaterThan(
      0.75 * 3.2 * 20_000,
    );
  });
});
