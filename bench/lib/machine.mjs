// What the figures were taken on, in one line: no name of the machine, no paths.
import { statfsSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from 'node:os'

const TMPFS = 0x01021994

/** @param folder where data folders are made */
export function machine(folder = tmpdir()) {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim(),
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release().split('-')[0],
    node: process.version,
    load: Number(loadavg()[0].toFixed(2)),
    inMemory: statfsSync(folder).type === TMPFS,
    at: new Date().toISOString(),
  }
}

export function describeMachine(m) {
  const line =
    `${m.at.slice(0, 10)} · ${m.cores} cores, ${m.processor} · ${m.memoryGb} GB · Linux ${m.kernel} · ` +
    `Node ${m.node} · load before ${m.load}`
  const warning = 'The data folder is in memory (tmpfs): fsync costs nothing there. Use --folder.'
  return m.inMemory ? `${line}\n\n**${warning}**` : line
}
