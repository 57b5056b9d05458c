/** A job as the model knows it. */
interface ModelJob {
  readonly jid: string
  readonly queue: string
  readonly priority: number
  readonly retry: number
  failures: number
  /** When it lapses or falls due. */
  at: number
}

type SetName = 'scheduled' | 'retries' | 'dead'

const DEAD_MS = 180 * 86_400_000

/** What a job server is, in arrays: slow, small and obviously right. */
export class Model {
  readonly queues = new Map<string, ModelJob[]>()
  readonly paused = new Set<string>()
  reserved: ModelJob[] = []
  sets: Record<SetName, ModelJob[]> = { scheduled: [], retries: [], dead: [] }
  processed = 0
  failed = 0

  push(jid: string, queue: string, priority: number, retry: number, at: number, now: number): void {
    const job = { jid, queue, priority, retry, failures: 0, at }
    if (at > now) this.#wait('scheduled', job, at)
    else this.#enqueue(job)
  }

  fetch(queues: readonly string[], now: number): string | undefined {
    for (const queue of queues) {
      const waiting = this.queues.get(queue) ?? []
      if (this.paused.has(queue) || waiting.length === 0) continue
      const best = Math.max(...waiting.map((job) => job.priority))
      const index = waiting.findIndex((job) => job.priority === best)
      const [job] = waiting.splice(index, 1)
      if (job === undefined) return undefined
      job.at = now + 1_800_000
      this.reserved.push(job)
      return job.jid
    }
    return undefined
  }

  ack(jid: string): boolean {
    if (this.#unreserve(jid) === undefined) return false
    this.processed += 1
    return true
  }

  fail(jid: string, now: number): boolean {
    const job = this.#unreserve(jid)
    if (job === undefined) return false
    this.#failure(job, now)
    return true
  }

  tasks(now: number): void {
    for (const name of ['scheduled', 'retries'] as const) {
      for (const job of this.#due(name, now)) this.#enqueue(job)
    }
    const lapsed = this.reserved.filter((job) => job.at <= now).sort((a, b) => a.at - b.at)
    for (const job of lapsed) {
      this.#unreserve(job.jid)
      this.#failure(job, now)
    }
    this.#due('dead', now - DEAD_MS)
  }

  mutate(cmd: 'discard' | 'kill' | 'requeue', name: SetName, now: number): void {
    const jobs = this.sets[name]
    this.sets[name] = []
    if (cmd === 'kill') for (const job of jobs) this.#wait('dead', job, now)
    // The engine goes in the order of rows, which the model does not have: see the test.
    if (cmd === 'requeue') for (const job of jobs) this.#enqueue(job)
  }

  remove(queue: string): void {
    this.queues.delete(queue)
    this.paused.delete(queue)
  }

  flush(): void {
    this.queues.clear()
    this.paused.clear()
    this.reserved = []
    this.sets = { scheduled: [], retries: [], dead: [] }
    this.processed = 0
    this.failed = 0
  }

  #enqueue(job: ModelJob): void {
    const waiting = this.queues.get(job.queue)
    if (waiting === undefined) this.queues.set(job.queue, [job])
    else waiting.push(job)
  }

  #wait(name: SetName, job: ModelJob, at: number): void {
    job.at = at
    this.sets[name].push(job)
  }

  #unreserve(jid: string): ModelJob | undefined {
    const index = this.reserved.findIndex((job) => job.jid === jid)
    return index < 0 ? undefined : this.reserved.splice(index, 1)[0]
  }

  #failure(job: ModelJob, now: number): void {
    this.processed += 1
    this.failed += 1
    if (job.retry === 0) return
    const count = job.failures
    job.failures += 1
    if (count < job.retry) this.#wait('retries', job, now + (count ** 4 + 15) * 1000)
    else this.#wait('dead', job, now)
  }

  #due(name: SetName, until: number): ModelJob[] {
    const due = this.sets[name].filter((job) => job.at <= until).sort((a, b) => a.at - b.at)
    this.sets[name] = this.sets[name].filter((job) => job.at > until)
    return due
  }
}
