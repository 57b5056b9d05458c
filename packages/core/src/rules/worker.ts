import { LIMITS, refuse, type Refusal } from '@jobmill/protocol'
import { WorkerState, type Change, type Rule, type WorkerRecord } from '../types.ts'

/** How a consumer announced itself in its HELLO. Source: docs/protocol.md, "Handshake". */
export interface HelloInput {
  readonly wid: string
  readonly hostname: string
  readonly pid: number
  readonly labels: readonly string[]
  /** Resident memory, kB; 0 when not told. */
  readonly rssKb: number
  /** Where it connected from, for people: address and port. */
  readonly address: string
}

const RANK: Record<WorkerState, number> = {
  [WorkerState.Running]: 0,
  [WorkerState.Quiet]: 1,
  [WorkerState.Terminate]: 2,
}

/** The later of two states on the way running → quiet → terminate; anything else changes nothing. */
export function advance(state: WorkerState, asked: string): WorkerState {
  for (const next of Object.values(WorkerState)) {
    if (next === asked && RANK[next] > RANK[state]) return next
  }
  return state
}

function announced(hello: HelloInput, connections: number, now: number): WorkerRecord {
  return {
    hostname: hello.hostname,
    pid: hello.pid,
    labels: hello.labels,
    address: hello.address,
    state: WorkerState.Running,
    startedAtMs: now,
    beatAtMs: now,
    beats: false,
    rssKb: hello.rssKb,
    connections,
    goneAtMs: 0,
  }
}

/**
 * A connection named a wid. The newest HELLO's particulars count (docs/protocol.md T23); quiet and
 * terminate are remembered for a process that lost its connections (same wid, hostname and pid).
 */
export const hello: Rule<HelloInput, undefined> = {
  name: 'hello',
  answers: 'now',
  workersOnly: true,
  needs: ({ wid }) => ({ records: [{ kind: 'worker', key: wid }] }),
  decide(facts, input) {
    const known = facts.record('worker', input.wid)
    const fresh = announced(input, (known?.connections ?? 0) + 1, facts.now)
    const same = known?.hostname === input.hostname && known.pid === input.pid
    const value =
      known === undefined || (known.connections === 0 && !same)
        ? fresh
        : {
            ...known,
            hostname: input.hostname,
            pid: input.pid,
            labels: input.labels,
            address: input.address,
            connections: fresh.connections,
            beatAtMs: known.connections === 0 ? facts.now : known.beatAtMs,
            goneAtMs: 0,
          }
    return { reply: undefined, changes: [{ do: 'put', kind: 'worker', key: input.wid, value }] }
  },
}

/** A connection that had named a wid is closed. With the last one the worker is forgotten. */
export const bye: Rule<{ readonly wid: string }, undefined> = {
  name: 'bye',
  answers: 'now',
  workersOnly: true,
  needs: ({ wid }) => ({ records: [{ kind: 'worker', key: wid }] }),
  decide(facts, { wid }) {
    const known = facts.record('worker', wid)
    if (known === undefined || known.connections === 0) return { reply: undefined, changes: [] }
    const connections = known.connections - 1
    if (connections === 0 && known.state === WorkerState.Running) {
      return { reply: undefined, changes: [{ do: 'del', kind: 'worker', key: wid }] }
    }
    const goneAtMs = connections === 0 ? facts.now : 0
    const value = { ...known, connections, goneAtMs }
    return { reply: undefined, changes: [{ do: 'put', kind: 'worker', key: wid, value }] }
  },
}

export interface BeatInput {
  readonly wid: string
  /** 'quiet' and 'terminate' advance the state; all else changes nothing. */
  readonly currentState: string
  readonly rssKb: number
  /** The asking connection's own HELLO, if it named this wid: brings a reaped worker back. */
  readonly own: HelloInput | undefined
  /** Open connections of this wid, for a worker that comes back. */
  readonly connections: number
}

/**
 * A heartbeat. @returns the worker's state after it, or the refusal of a wid that no open
 * connection named. Source: docs/protocol.md, "BEAT", T25.
 */
export const beat: Rule<BeatInput, WorkerState | Refusal> = {
  name: 'beat',
  answers: 'now',
  workersOnly: true,
  needs: ({ wid }) => ({ records: [{ kind: 'worker', key: wid }] }),
  decide(facts, input) {
    const found = facts.record('worker', input.wid)
    const known = found !== undefined && found.connections > 0 ? found : undefined
    if (known === undefined && input.own === undefined) {
      return { reply: refuse('UNKNOWN_WORKER', input.wid), changes: [] }
    }
    const record =
      known ?? announced(input.own ?? noHello(input.wid), Math.max(1, input.connections), facts.now)
    const state = advance(record.state, input.currentState)
    const value = { ...record, state, rssKb: input.rssKb, beatAtMs: facts.now, beats: true }
    return { reply: state, changes: [{ do: 'put', kind: 'worker', key: input.wid, value }] }
  },
}

const noHello = (wid: string): HelloInput => {
  return { wid, hostname: '', pid: 0, labels: [], rssKb: 0, address: '' }
}

/**
 * Forgets a worker that is silent for 60 s; its jobs stay reserved until they lapse. One that never
 * sent a BEAT is left alone while it holds a job (docs/protocol.md T24).
 * @returns whether its connections are to be closed
 */
export const reap: Rule<{ readonly wid: string; readonly heardAtMs: number }, boolean> = {
  name: 'reap',
  answers: 'now',
  workersOnly: true,
  needs: ({ wid }) => ({ records: [{ kind: 'worker', key: wid }], held: wid }),
  decide(facts, { wid, heardAtMs }) {
    const known = facts.record('worker', wid)
    if (known === undefined) return { reply: false, changes: [] }
    const gone = known.connections === 0
    const lastMs = gone ? known.goneAtMs : Math.max(heardAtMs, known.beatAtMs)
    const silent = facts.now - lastMs > LIMITS.beatGraceMs
    const excused = !gone && !known.beats && facts.held(wid) > 0
    if (!silent || excused) return { reply: false, changes: [] }
    return { reply: !gone, changes: [{ do: 'del', kind: 'worker', key: wid }] }
  },
}

/**
 * A worker was heard of by other commands than BEAT: where several servers share the data, the others
 * know of it by this.
 */
export const touch: Rule<{ readonly wid: string; readonly heardAtMs: number }, undefined> = {
  name: 'touch',
  answers: 'now',
  workersOnly: true,
  needs: ({ wid }) => ({ records: [{ kind: 'worker', key: wid }] }),
  decide(facts, { wid, heardAtMs }) {
    const known = facts.record('worker', wid)
    if (known === undefined || known.beatAtMs >= heardAtMs) return { reply: undefined, changes: [] }
    const value = { ...known, beatAtMs: heardAtMs }
    return { reply: undefined, changes: [{ do: 'put', kind: 'worker', key: wid, value }] }
  },
}

/** An operator asks workers to be quiet or to stop; each hears it with its next BEAT. @returns how many */
export const signal: Rule<
  { readonly wid: string | undefined; readonly state: 'quiet' | 'terminate' },
  number
> = {
  name: 'signal',
  answers: 'now',
  workersOnly: true,
  needs: ({ wid }) =>
    wid === undefined ? { allRecords: ['worker'] } : { records: [{ kind: 'worker', key: wid }] },
  decide(facts, { wid, state }) {
    const changes: Change[] = []
    const named =
      wid === undefined ? facts.records('worker') : one(wid, facts.record('worker', wid))
    for (const [key, known] of named) {
      if (known.connections === 0) continue
      const value = { ...known, state: advance(known.state, state) }
      changes.push({ do: 'put', kind: 'worker', key, value })
    }
    return { reply: changes.length, changes }
  },
}

const one = (wid: string, known: WorkerRecord | undefined): [string, WorkerRecord][] =>
  known === undefined ? [] : [[wid, known]]

/** The clock stepped: nobody has been silent for that. */
export const shiftWorkers: Rule<{ readonly byMs: number }, undefined> = {
  name: 'shiftWorkers',
  answers: 'now',
  workersOnly: true,
  needs: () => ({ allRecords: ['worker'] }),
  decide(facts, { byMs }) {
    const changes: Change[] = []
    for (const [key, known] of facts.records('worker')) {
      const goneAtMs = known.goneAtMs === 0 ? 0 : known.goneAtMs + byMs
      const value = { ...known, beatAtMs: known.beatAtMs + byMs, goneAtMs }
      changes.push({ do: 'put', kind: 'worker', key, value })
    }
    return { reply: undefined, changes }
  },
}
