import { defineConfig } from 'vitest/config'

// The source condition lets tests and types run on src/, so no stale dist/ of a sibling is ever
// tested. One exception: threads, which Node loads itself, come from dist/ (store/embedded).
const conditions = ['@jobmill/source', 'node']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'forks',
    coverage: { provider: 'v8', include: ['packages/*/src/**'] },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
