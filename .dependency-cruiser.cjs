/** Who may import whom. Anything that a rule does not allow is forbidden; CONTRIBUTING.md has the table. */
const only = (from, comment, allowed) => ({
  name: `${from}-imports`,
  comment,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { pathNot: [`^${from}/`, ...allowed] },
});
const packages = (names) => `node_modules/(${names.join('|')})(/|$)`;
const NODE =
  '^node:|^(assert|async_hooks|buffer|child_process|crypto|dns|events|fs|http|https|module|net|os|path|perf_hooks|process|readline|stream|timers|url|util|v8|zlib)(/|$)';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('domain', 'domain is pure', [packages(['typebox'])]),
    only('workflows', 'workflows are deterministic', [
      '^domain/',
      '^activities/contract\\.ts$',
      '^activities/volume-contract\\.ts$',
      '^activities/repository-contract\\.ts$',
      '^activities/plugin-run-contract\\.ts$',
      '^activities/(restore-)?hook-contract\\.ts$',
      '^activities/plugin-contract\\.ts$',
      '^activities/(schedule|diagnosis|notification)-contract\\.ts$',
      packages(['@temporalio/workflow', '@temporalio/common']),
    ]),
    {
      name: 'workflows-activities-types',
      comment: 'of activities, workflows see types',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-and-domain-reach-no-node',
      comment: 'a leak through a third file',
      severity: 'error',
      from: { path: '^(workflows|domain)/' },
      to: {
        path: `${NODE}|^(storage|api|worker|cli)/|^activities/(?!contract|[a-z-]+-contract)`,
        reachable: true,
      },
    },
    only('storage', 'storage knows stores and the format', [
      '^domain/',
      NODE,
      packages(['@aws-sdk', '@smithy', 'hpagent', 'p-limit']),
    ]),
    only('activities', 'activities touch the world', [
      '^(domain|storage)/',
      NODE,
      packages([
        '@kubernetes',
        '@temporalio/activity',
        '@temporalio/common',
        'typebox',
        'undici',
        'p-limit',
        'yaml',
      ]),
    ]),
    only('api', 'the API starts, looks and lists', [
      '^(domain|storage)/',
      '^activities/(kubernetes/client|locations/location-registry|own-secrets)\\.ts$',
      '^activities/(kubernetes/live-namespaces|notifications/endpoint-registry)\\.ts$',
      '^workflows/contract\\.ts$',
      NODE,
      packages([
        ...['fastify', '@fastify', 'typebox', '@temporalio/(client|common|envconfig|proto)'],
        ...['cron-parser', 'jose', 'lru-cache', 'p-limit', 'prom-client'],
      ]),
    ]),
    only('cli', 'the command line uses the API', [
      '^domain/',
      '^activities/(kubernetes/client|volumes/(try-)?master-key)\\.ts$',
      NODE,
      packages(['@kubernetes', 'commander', 'picocolors', 'undici', 'yaml']),
    ]),
    {
      name: 'api-activities',
      comment:
        'the API has a cluster for what it keeps there and for the names of namespaces alone',
      severity: 'error',
      from: { path: '^api/', pathNot: '^api/server\\.ts$' },
      to: { path: '^activities/' },
    },
    {
      name: 'cli-activities',
      comment: 'the master key must not pass through the API',
      severity: 'error',
      from: { path: '^cli/', pathNot: '^cli/cluster-key\\.ts$' },
      to: { path: '^activities/' },
    },
    only('worker', 'the worker puts activities together', [
      '^(domain|storage|activities)/',
      '^workflows/contract\\.ts$',
      NODE,
      packages(['@temporalio']),
    ]),
    only('examples', 'an example is all that its author has', [
      NODE,
      packages(['@temporalio/(common|worker)']),
    ]),
    {
      name: 'nothing-imports-tests-bench-or-examples',
      severity: 'error',
      from: { path: '^(domain|workflows|activities|storage|api|worker|cli)/' },
      to: { path: '^(test|bench|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
