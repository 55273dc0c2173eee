import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { needDebian } from '../../scripts/services/debian.ts';
import { makeMetrics } from '../../src/observe/metrics.ts';

const folder = 'deploy/prometheus';
const text = readFileSync(`${folder}/alerts.yaml`, 'utf8');
type Rule = { readonly alert?: string; readonly expr: string };
const rules = (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const runbook = readFileSync('docs/OPERATIONS.md', 'utf8');

/** Of a histogram, Prometheus has three series. */
const baseOf = (series: string): string => series.replace(/_(bucket|count|sum)$/, '');

describe('the alerts', () => {
  it('and the queries of the documentation ask only for what the service measures', async () => {
    const metrics = makeMetrics();
    const page = await metrics.page();
    metrics.close();
    const measured = new Set([...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const asked = [...(text + runbook).matchAll(/(?<![:\w])tillgate_\w+/g)].map(([name]) => baseOf(name));
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !measured.has(name))).toEqual([]);
  });

  it('each say in the documentation what to do', () => {
    const alerts = rules.flatMap(({ alert }) => alert ?? []);
    const told = [...runbook.split('## Alerts')[1]!.matchAll(/^\| ([A-Z]\w+) +\|/gm)].map(([, name]) => name);
    expect(alerts.length).toBeGreaterThan(10);
    expect(told).toEqual(alerts);
  });
});

const promtool = (...args: string[]) =>
  spawnSync('promtool', args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
const absent = needDebian('prometheus', () => promtool('--version').status === 0);
(absent === undefined ? describe : describe.skip)(
  absent === undefined ? 'Prometheus' : `Prometheus (no promtool: ${absent})`,
  () => {
    it('rings for what hurts and stays quiet about what passes', () => {
      const { status, stdout, stderr } = promtool('test', 'rules', 'alerts.test.yaml');
      expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
    });
  },
);
