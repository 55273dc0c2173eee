import { auditAll } from '../invariants/invariants.ts';
import { readLedger } from '../invariants/ledger.ts';
import { secondMs } from '../kernel/instant.ts';
import { auditPurchases } from '../store/audit.ts';
import { openPatiently } from '../store/database.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run invariants -- --database URL [--psp URL]`: holds a database against what must always be true, and against the
 * ledger of the stand-in PSP. Ends with `{"checked":…,"violations":[…]}`; 1 when there are any.
 */
const { values } = readArguments({
  options: {
    database: { type: 'string' },
    psp: { type: 'string' },
    /** How long an outcome may stay unknown before it counts as lost. */
    'settling-s': { type: 'string', default: '120' },
  },
});
if (values.database === undefined) {
  console.error('usage: npm run invariants -- --database URL [--psp URL] [--settling-s 120]');
  process.exit(2);
}

const database = openPatiently(values.database);
try {
  const ledger = values.psp === undefined ? null : await readLedger(values.psp);
  const when = { now: Date.now(), settlingMs: Number(values['settling-s']) * secondMs };
  const audit = await auditAll(auditPurchases(database), ledger, when);
  console.log(JSON.stringify(audit));
  if (audit.violations.length > 0) process.exitCode = 1;
} finally {
  await database.close();
}
