/** The layers of docs/ARCHITECTURE.md: doors → flows → adapters → domain → kernel; imports point downward only. */
const only = (name, packages, from) => ({
  name,
  severity: 'error',
  from: { path: '^src', pathNot: from },
  to: { path: `node_modules/(${packages})/` },
});
const layer = (name, path, may) => ({
  name,
  severity: 'error',
  from: { path },
  to: { path: '^src', pathNot: [path, ...may] },
});

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    layer('kernel-imports-nothing', '^src/kernel/', []),
    layer('domain-imports-kernel', '^src/domain/', ['^src/kernel/']),
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^src/(domain|kernel)/' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    layer('observe-imports-kernel', '^src/observe/', ['^src/kernel/']),
    layer('flows-know-contracts-only', '^src/flows/', [
      '^src/(kernel|domain|observe)/',
      '^src/psp/psp\\.ts$',
      '^src/risk/risk\\.ts$',
      '^src/store/store\\.ts$',
      '^src/events/sink\\.ts$',
    ]),
    layer('psp-stands-alone', '^src/psp/', ['^src/(kernel|domain|observe)/']),
    layer('risk-stands-alone', '^src/risk/', ['^src/(kernel|domain|observe)/']),
    layer('store-stands-alone', '^src/store/', ['^src/(kernel|domain|observe)/']),
    layer('events-stand-alone', '^src/events/', ['^src/(kernel|domain|observe)/']),
    {
      name: 'stripe-apart-from-adyen',
      severity: 'error',
      from: { path: '^src/psp/stripe/' },
      to: { path: '^src/psp/adyen/' },
    },
    {
      name: 'adyen-apart-from-stripe',
      severity: 'error',
      from: { path: '^src/psp/adyen/' },
      to: { path: '^src/psp/stripe/' },
    },
    layer('http-is-a-door', '^src/http/', ['^src/(kernel|domain|observe|flows)/']),
    layer('workers-are-a-door', '^src/workers/', ['^src/(kernel|domain|observe|flows)/']),
    {
      name: 'nothing-imports-the-sandbox',
      severity: 'error',
      from: { path: '^src', pathNot: '^src/(sandbox|cli)/' },
      to: { path: '^src/sandbox/' },
    },
    layer('sandbox-stands-alone', '^src/sandbox/', ['^src/kernel/']),
    only('stripe-only-in-its-adapter', 'stripe', '^src/psp/stripe/'),
    only('adyen-only-in-its-adapter', '@adyen', '^src/psp/adyen/'),
    only('pg-only-in-store', 'pg', '^src/store/'),
    only('onnx-only-in-model', 'onnxruntime-node', '^src/risk/model/'),
    only(
      'redis-only-where-it-belongs',
      'ioredis|rate-limiter-flexible',
      '^src/(risk/velocity|http/rate-limit|events/redis-streams)',
    ),
    only('express-only-in-http', 'express|helmet', '^src/(http|sandbox)/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
