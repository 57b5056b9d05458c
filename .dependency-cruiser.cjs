// The arrows of ARCHITECTURE.md: imports point downwards only.
const server = '^packages/server/src'
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'protocol-imports-nothing',
      severity: 'error',
      from: { path: '^packages/protocol/src', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^packages/protocol/src' },
    },
    {
      name: 'core-imports-protocol-only',
      severity: 'error',
      from: { path: '^packages/core/src', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^(packages/(core|protocol)/src|@jobmill/protocol$)' },
    },
    {
      name: 'store-imports-no-user-of-it',
      severity: 'error',
      from: { path: `${server}/store` },
      to: { path: `${server}/(net|web|tasks|activity|cli|config|server)` },
    },
    {
      name: 'activity-imports-none-of-its-tellers',
      severity: 'error',
      from: { path: `${server}/activity/` },
      to: { path: `${server}/(net|web|tasks|store/embedded|cli|config|server)` },
    },
    {
      name: 'seam-knows-no-engine',
      severity: 'error',
      from: { path: `${server}/store/store.ts` },
      to: { path: `${server}/store/(embedded|postgres)` },
    },
    {
      name: 'edges-know-no-engine-and-not-each-other',
      severity: 'error',
      from: { path: `${server}/(net|web|tasks)/` },
      to: {
        path: `${server}/(net|web|tasks|store/embedded|store/postgres|cli|config|server)`,
        pathNot: `${server}/$1/`,
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.test.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    enhancedResolveOptions: { conditionNames: ['@jobmill/source', 'import', 'default'] },
  },
}
