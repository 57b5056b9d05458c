// Loaded into a server before its own code (`--import`): SIGUSR2 collects all garbage of its main
// thread, so that a bench can tell what is held from what V8 has not come to collect yet.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  // Not by `--expose-gc`: a server that passes its options on to a thread would fail with it.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  process.on('SIGUSR2', () => {
    // Twice: what the first finds unreachable may free its memory outside the heap in the second.
    collect()
    collect()
  })
}
