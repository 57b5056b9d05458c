import { State } from '../../packages/core/src/index.ts'

/** A job as the model knows it: where it is, its turn there, and when it falls due. */
export interface ListedJob {
  readonly jid: string
  readonly queue: string
  readonly priority: number
  readonly retry: number
  failures: number
  place: State
  turn: number
  at: number
}

/** What memory is to be, as one list: slow, small and obviously right. `random` counts as 0. */
export class JobList {
  jobs: ListedJob[] = []
  readonly paused = new Set<string>()
  #turn = 0

  placed(place: State): ListedJob[] {
    return this.jobs.filter((job) => job.place === place).sort((a, b) => a.turn - b.turn)
  }

  due(place: State, until: number): ListedJob[] {
    const due = this.placed(place).filter((job) => job.at <= until)
    return due.sort((a, b) => a.at - b.at || a.turn - b.turn)
  }

  add(job: Omit<ListedJob, 'turn' | 'failures'>): void {
    this.jobs.push({ ...job, failures: 0, turn: (this.#turn += 1) })
  }

  move(job: ListedJob, place: State, at: number): void {
    job.place = place
    job.at = at
    if (place === State.Queued) job.turn = this.#turn += 1
  }

  drop(jobs: readonly ListedJob[]): void {
    this.jobs = this.jobs.filter((job) => !jobs.includes(job))
  }

  head(queue: string): ListedJob | undefined {
    const waiting = this.placed(State.Queued).filter((job) => job.queue === queue)
    return waiting.sort((a, b) => b.priority - a.priority || a.turn - b.turn)[0]
  }

  fetch(queues: readonly string[]): ListedJob | undefined {
    const open = queues.filter((queue) => !this.paused.has(queue))
    return open.map((queue) => this.head(queue)).find((job) => job !== undefined)
  }

  failed(job: ListedJob, nowMs: number): void {
    const count = job.failures
    job.failures += 1
    if (job.retry === 0) this.drop([job])
    else if (count >= job.retry) this.move(job, State.Dead, nowMs)
    else this.move(job, State.Retry, nowMs + (count ** 4 + 15) * 1000)
  }
}
