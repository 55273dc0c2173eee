import { join } from 'node:path';
import { add, emptyTally, type Flip, type Recorded } from '../domain/risk/backtest.ts';
import { rejudge, type Candidate } from '../risk/backtest.ts';
import type { Sources } from '../risk/generation.ts';
import { loadModel } from '../risk/model/model.ts';
import { toText } from '../risk/policy/mistake.ts';
import { readOne, type Outcome } from './policy-check.ts';

/** What a policy would have decided on recorded assessments, against what was decided. */
export async function backtest(
  sources: Sources,
  policy: string,
  recordings: AsyncIterable<Recorded>,
  show: number,
): Promise<Outcome> {
  const candidate = await candidateFrom(sources, policy);
  if ('lines' in candidate) return candidate;
  return tally(recordings, candidate, show, (recorded) => rejudge(candidate, recorded));
}

/** Where two policies decide differently on the same recorded assessments. */
export async function diff(
  sources: Sources,
  [before, after]: readonly [string, string],
  recordings: AsyncIterable<Recorded>,
  show: number,
): Promise<Outcome> {
  const old = await candidateFrom(sources, before);
  if ('lines' in old) return old;
  const young = await candidateFrom(sources, after);
  if ('lines' in young) return young;
  return tally(recordings, young, show, async (recorded) => {
    const { after: decision } = await rejudge(old, recorded);
    return rejudge(young, { ...recorded, decision });
  });
}

async function candidateFrom(sources: Sources, file: string): Promise<Candidate | Outcome> {
  const read = await readOne(sources, file);
  if ('mistakes' in read) return { lines: read.mistakes.map(toText), holds: false };
  const { model } = read.policy;
  return { policy: read.policy, model: model === null ? null : await loadModel(join(sources.models, model)) };
}

async function tally(
  recordings: AsyncIterable<Recorded>,
  { policy }: Candidate,
  show: number,
  judgeAgain: (recorded: Recorded) => Promise<Flip>,
): Promise<Outcome> {
  const startedAt = performance.now();
  const totals = emptyTally();
  const lines: string[] = [];
  let number = 0;
  for await (const recorded of recordings) {
    number += 1;
    if (recorded.event !== policy.event) continue;
    const flip = await judgeAgain(recorded);
    add(totals, flip);
    if (flip.before !== flip.after && lines.length < show) lines.push(toLine(flip));
    if (process.stderr.isTTY && number % 5_000 === 0) process.stderr.write(`\r${number} assessments`);
  }
  for (const [change, row] of Object.entries(totals.by))
    lines.push(
      `${change}: ${row.flips} assessments, ${row.money_minor} minor units, ${row.good} known good, ${row.fraud} known fraud`,
    );
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(2));
  return {
    lines,
    summary: {
      assessments: totals.assessments,
      seconds,
      flips: totals.flips,
      money_minor: totals.money_minor,
      by: totals.by,
    },
    holds: true,
  };
}

function toLine({ id, before, after, money, currency, rules }: Flip): string {
  return `${id} ${before}→${after} ${currency === null ? '' : `${money} ${currency} `}${rules.join(', ') || 'no rule'}`;
}
