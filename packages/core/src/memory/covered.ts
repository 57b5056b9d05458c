import { State, type EntryKey, type Facts, type Kind, type Needs, type Records } from '../types.ts'

/**
 * Facts that throw when a decision reads what its needs did not name. In an engine that loads by
 * needs such a fact would read as absent: tests look through these, so that it fails instead.
 */
export class CoveredFacts implements Facts {
  readonly #facts: Facts
  readonly #needs: Needs

  constructor(facts: Facts, needs: Needs) {
    this.#facts = facts
    this.#needs = needs
  }

  get now(): number {
    return this.#facts.now
  }

  get random(): number {
    return this.#facts.random
  }

  get lastSeq(): number {
    return this.#must(this.#needs.lastSeq === true, 'lastSeq').lastSeq
  }

  head(queue: string) {
    return this.#must(this.#takes(queue), `head of ${queue}`).head(queue)
  }

  loading(queue: string): boolean {
    return this.#must(this.#takes(queue), `loading of ${queue}`).loading(queue)
  }

  reserved(jid: string, wid: string) {
    const { settles, reserved = [] } = this.#needs
    const named = settles === undefined ? reserved : [settles, ...reserved]
    const covered = named.some((one) => one.jid === jid && one.wid === wid)
    return this.#must(covered, `reserved ${jid}`).reserved(jid, wid)
  }

  due(...[set, until, limit]: Parameters<Facts['due']>) {
    const { due } = this.#needs
    const covered = due?.set === set && limit <= due.limit && until <= due.until
    return this.#must(covered, `due of set ${set}`).due(set, until, limit)
  }

  lapsed(until: number, limit: number) {
    const { lapsed } = this.#needs
    const covered = lapsed !== undefined && limit <= lapsed.limit && until <= lapsed.until
    return this.#must(covered, 'lapsed').lapsed(until, limit)
  }

  nextAt(...[set]: Parameters<Facts['nextAt']>) {
    const { due, lapsed } = this.#needs
    const covered = set === State.Reserved ? lapsed !== undefined : due?.set === set
    return this.#must(covered, `nextAt of set ${set}`).nextAt(set)
  }

  entry(...[set, at, seq]: Parameters<Facts['entry']>) {
    const { entries } = this.#needs
    const isNamed = (key: EntryKey): boolean => key.at === at && key.seq === seq
    const covered = entries?.set === set && entries.keys.some(isNamed)
    return this.#must(covered, `entry ${seq} of set ${set}`).entry(set, at, seq)
  }

  waiting(...[queue, priority, seq]: Parameters<Facts['waiting']>) {
    const { waiting = [] } = this.#needs
    const covered = waiting.some(
      (key) => key.queue === queue && key.priority === priority && key.seq === seq,
    )
    return this.#must(covered, `job ${seq} of ${queue}`).waiting(queue, priority, seq)
  }

  removed(limit: number) {
    // One more than it drops tells it whether any are left.
    const covered = this.#needs.removed !== undefined && limit <= this.#needs.removed + 1
    return this.#must(covered, 'removed').removed(limit)
  }

  held(wid: string): number {
    return this.#must(this.#needs.held === wid, `held by ${wid}`).held(wid)
  }

  record<K extends Kind>(kind: K, key: string): Records[K] | undefined {
    const { records = [], allRecords = [] } = this.#needs
    const named = records.some((one) => one.kind === kind && one.key === key)
    const covered = named || allRecords.includes(kind)
    return this.#must(covered, `${kind} ${key}`).record(kind, key)
  }

  records<K extends Kind>(kind: K): Iterable<[string, Records[K]]> {
    const covered = this.#needs.allRecords?.includes(kind) === true
    return this.#must(covered, `all of ${kind}`).records(kind)
  }

  #takes(queue: string): boolean {
    return this.#needs.take?.queues.includes(queue) === true
  }

  #must(covered: boolean, what: string): Facts {
    if (!covered) throw new Error(`a rule reads what its needs do not name: ${what}`)
    return this.#facts
  }
}
