import type { Client } from './driver.ts'

export const NODE: Client = {
  name: 'Node, npm `faktory-worker`',
  version: '4.7.1',
  kit: 'node',
  toolchain: 'node',
  bulk: true,
  priority: true,
  exactNumbers: 'nowhere',
  beatSeconds: 1,
  hearsWithinSeconds: 1,
  reconnects: true,
  inUrl: encodeURIComponent,
  terminatedExit: 0,
}

export const GO: Client = {
  name: 'Go, `faktory_worker_go` with Faktory’s `client`',
  version: '1.7.0, client 1.8.0',
  kit: 'go',
  toolchain: 'go',
  bulk: true,
  priority: false,
  exactNumbers: 'text',
  // Fixed by the client.
  beatSeconds: 15,
  hearsWithinSeconds: 15,
  reconnects: true,
  inUrl: encodeURIComponent,
  terminatedExit: 0,
}

const PYTHON: Client = {
  name: 'Python, PyPI `faktory`',
  version: '1.0.0',
  kit: 'python',
  toolchain: 'python3',
  bulk: false,
  priority: true,
  exactNumbers: 'handler',
  beatSeconds: 1,
  // Its first heartbeat comes one interval late.
  hearsWithinSeconds: 2,
  reconnects: false,
  // It does not decode what stands in the URL.
  inUrl: (password) => password,
  // It exits with 1 however it ends.
  terminatedExit: 1,
}

const PYFAKTORY: Client = {
  name: 'Python, PyPI `pyfaktory`',
  version: '0.2.11',
  kit: 'pyfaktory',
  toolchain: 'python3',
  bulk: true,
  priority: false,
  exactNumbers: 'handler',
  beatSeconds: 1,
  // Its heartbeats wait for a FETCH on the same connection.
  hearsWithinSeconds: 3,
  reconnects: false,
  inUrl: (password) => password,
  // It exits with 1 however it ends.
  terminatedExit: 1,
}

const RUST: Client = {
  name: 'Rust, crate `faktory`',
  version: '0.13.1',
  kit: 'rust',
  toolchain: 'cargo',
  bulk: true,
  priority: true,
  exactNumbers: 'handler',
  // Fixed by the client.
  beatSeconds: 5,
  hearsWithinSeconds: 5,
  reconnects: false,
  inUrl: (password) => password,
  terminatedExit: 0,
}

/**
 * The clients that the suite runs: the packages themselves, unmodified. Those with the longest
 * heartbeats come first, because they take longest.
 */
export const LIVE: readonly Client[] = [GO, RUST, NODE, PYTHON, PYFAKTORY]
