// Waiting with a bound.
import { cpus } from 'node:os'

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export const nowMs = () => performance.now()

/**
 * Calls `look` every `everyMs` until it gives something else than undefined and false.
 * @returns that, or undefined after `limitMs`
 */
export async function until(look, limitMs, everyMs = 20) {
  const end = nowMs() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (nowMs() >= end) return undefined
    await sleep(everyMs)
  }
}

function machineTimes() {
  let busy = 0
  let all = 0
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq
    busy += used
    all += used + times.idle
  }
  return { busy, all }
}

/** Share of the machine in use over the next 300 ms, in percent. */
async function busyPercent() {
  const from = machineTimes()
  await sleep(300)
  const to = machineTimes()
  return (100 * (to.busy - from.busy)) / Math.max(1, to.all - from.all)
}

/** Waits until less than `percent` of the machine is in use, `limitMs` at most. 100: not at all. */
export async function untilCalm(percent, limitMs = 20_000) {
  const end = nowMs() + limitMs
  while (percent < 100 && nowMs() < end) if ((await busyPercent()) < percent) return
}
