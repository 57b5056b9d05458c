// `npm run check`: the gate. Each step must pass; the first that fails ends it.
import { spawnSync } from 'node:child_process'
import { root, run } from './setup.mjs'

const STEPS = [
  ['format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']],
  [
    'lint',
    [
      'node_modules/oxlint/bin/oxlint',
      '--type-aware',
      '--quiet',
      'packages',
      'test',
      'scripts',
      'bench',
    ],
  ],
  ['build', ['node_modules/typescript/bin/tsc', '-b']],
  ['types of tests', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json']],
  ['unused code', ['node_modules/knip/bin/knip.js', '--no-config-hints']],
  ...['protocol', 'core', 'server'].flatMap((name) => [
    [`package ${name}`, ['node_modules/publint/src/cli.js', '--strict', `packages/${name}`]],
    [
      `package ${name}`,
      [
        'node_modules/@arethetypeswrong/cli/dist/index.js',
        '--profile=esm-only',
        '--quiet',
        '--pack',
        `packages/${name}`,
      ],
    ],
  ]),
]
for (const [name, args] of STEPS) {
  if (run('node', args) !== 0) {
    console.error(`check: ${name} failed`)
    process.exit(1)
  }
}

const cruise = spawnSync(
  'node',
  ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', '--output-type', 'err', 'packages'],
  { cwd: root, encoding: 'utf8' },
)
process.stdout.write(cruise.stdout + cruise.stderr)
// A cruiser that understands nothing finds nothing wrong.
const seen = Number(/\((\d+) modules/.exec(cruise.stdout)?.[1] ?? 0)
if (cruise.status !== 0 || seen < 30) {
  console.error(`check: the imports failed (${seen} modules seen)`)
  process.exit(1)
}
console.log('check: all is well')
