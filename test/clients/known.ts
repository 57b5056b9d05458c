import type { Client } from './driver.ts'

/** The clients that the suite runs. */
export const NODE: Client = {
  name: 'npm faktory-worker 4.7.1',
  language: 'node',
  bulk: true,
  priority: true,
  beatSeconds: 1,
  hearsWithinSeconds: 1,
  reconnects: true,
  inUrl: encodeURIComponent,
  terminatedExit: 0,
}

export const PYTHON: Client = {
  name: 'PyPI faktory 1.0.0',
  language: 'python',
  bulk: false,
  priority: true,
  beatSeconds: 1,
  // Its first heartbeat comes one interval late.
  hearsWithinSeconds: 2,
  reconnects: false,
  // It does not decode what stands in the URL.
  inUrl: (password) => password,
  // It exits with 1 however it ends.
  terminatedExit: 1,
}

export const GO: Client = {
  name: 'Go faktory_worker_go 1.7.0, faktory/client 1.8.0',
  language: 'go',
  bulk: true,
  priority: false,
  // Fixed by the client.
  beatSeconds: 15,
  hearsWithinSeconds: 15,
  reconnects: true,
  inUrl: encodeURIComponent,
  terminatedExit: 0,
}
