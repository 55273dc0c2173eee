/** What train.py reports. */
export type Training = {
  readonly rows: number;
  readonly frauds: number;
  readonly trees: number;
  readonly auc: number;
  readonly ap: number;
  readonly held_out_rows: number;
  readonly held_out_frauds: number;
  readonly importance: readonly string[];
};

export function modelCard(about: {
  readonly name: string;
  readonly dataHash: string;
  readonly toDay: number;
  readonly maturityDays: number;
  readonly labelDelaysDays: readonly number[];
  readonly training: Training;
}): string {
  const { name, dataHash, toDay, maturityDays, labelDelaysDays, training } = about;
  const mature = toDay - maturityDays;
  return `# ${name}

Written by \`npm run train\`; what is measured later is added at its end.

| | |
|---|---|
| judges | checkouts |
| answers | log-odds of fraud from ${training.trees} boosted trees of two learners, calibrated to a probability (Platt) |
| data | orders of days 0–${toDay}, SHA-256 \`${dataHash}\` |
| trained on | ${training.rows} orders of days 0–${mature}, ${training.frauds} of them fraud: those whose labels were ${maturityDays} days old at the end of day ${toDay} |
| own validation | days ${mature - 9}–${mature} (${training.held_out_rows} orders, ${training.held_out_frauds} frauds), trained on the days before: AUC ${training.auc.toFixed(3)}, average precision ${training.ap.toFixed(3)} |
| reads most | ${training.importance.slice(0, 8).join(', ')} |

Measure it on days it has not seen: \`npm run model:evaluate -- --orders FILE --from-day ${toDay + 1}\`.

## How it was trained
Split by time only. No order counts itself, and a label reaches the features ${maturityDays} days after its order, as a chargeback
does. In the first ${maturityDays} days of a past no label is known, so a model trained on them alone never learns what label history
means; the same orders are therefore replayed with labels known after ${labelDelaysDays.join(', ')} days, each replay with an equal share of the
weight. It is served, measured and calibrated with ${maturityDays} days.

## Limits
- The data is one American shop of 2009 that sells a few products at fixed prices, free trials among them. It has no
  card, device, address or PSP outcome, so this model does not read them; the policies do.
- First-seen customers are hard, returning ones easy: read the two figures of the evaluation apart.
- It is where a shop starts. Train your own on your own labels when about 200 frauds have matured.
- It reads no age and no gender, and nothing of an e-mail address but its history and whether its domain is a free provider's.
`;
}
