import type { State } from '@jobmill/core'
import type { MutateFilter } from '@jobmill/protocol'

export type Comparison = '<' | '<=' | '=' | '>=' | '>'

/** What one part of a filter asks. Times are epoch ms, durations ms, sizes bytes. */
export type Test =
  /** The jid is it, or jobtype, queue or error type contains it. */
  | { readonly field: 'word'; readonly text: string }
  /** Any of these patterns, in which `*` stands for any text. */
  | {
      readonly field: 'jid' | 'queue' | 'jobtype' | 'worker' | 'error'
      readonly patterns: readonly string[]
    }
  | { readonly field: 'state'; readonly states: readonly State[] }
  | { readonly field: 'priority'; readonly values: readonly number[] }
  | {
      readonly field: 'tries' | 'size' | 'wait'
      readonly is: Comparison
      readonly value: number
    }
  /** `relative`: ms from now, ahead for `at`, back for the others. */
  | {
      readonly field: 'at' | 'failed' | 'created'
      readonly is: Comparison
      readonly value: number
      readonly relative: boolean
    }
  | { readonly field: 'args' | 'message'; readonly text: string }
  /** A value inside args or custom. */
  | {
      readonly field: 'value'
      readonly root: 'args' | 'custom'
      readonly path: readonly string[]
      readonly pattern: string
    }
  /** MUTATE's: a Redis glob over the whole job as Faktory writes it. No text leads here. */
  | { readonly field: 'whole'; readonly glob: string }

export type Part = Test & { readonly negated: boolean }

/** Which jobs of a place are meant: those that all parts fit. No part: all. */
export interface JobFilter {
  readonly parts: readonly Part[]
  /** Names and paths inside args and custom whose values must not be found. */
  readonly hidden?: readonly string[]
}

export const ALL_JOBS: JobFilter = { parts: [] }

/** The jobs of these jids, in any place. */
export const filterOfJids = (jids: readonly string[]): JobFilter => ({
  parts: [{ field: 'jid', patterns: jids.map(asPattern), negated: false }],
})

/** The jobs that one worker holds, whatever it calls itself. */
export const heldBy = (wid: string): Part => ({
  field: 'worker',
  patterns: [asPattern(wid)],
  negated: false,
})

/** What a MUTATE means. */
export function filterOfMutate({ jids, jobtype, pattern }: MutateFilter): JobFilter {
  if (jids !== undefined) return filterOfJids(jids)
  const parts: Part[] = []
  if (jobtype !== undefined) {
    parts.push({ field: 'jobtype', patterns: [asPattern(jobtype)], negated: false })
  }
  if (pattern !== undefined) parts.push({ field: 'whole', glob: pattern, negated: false })
  return { parts }
}

/** A pattern that fits this text alone. */
export const asPattern = (text: string): string => text.replace(/[\\*]/g, '\\$&')

/** The jids that a filter names, if it names any: they are looked up instead of looked for. */
export function jidsOf({ parts }: JobFilter): readonly string[] | undefined {
  for (const part of parts) {
    if (part.field === 'jid' && !part.negated && !part.patterns.some(isOpen)) {
      return part.patterns.map(asText)
    }
  }
  return undefined
}

const isOpen = (pattern: string): boolean => /(?:^|[^\\])(?:\\\\)*\*/.test(pattern)
const asText = (pattern: string): string => pattern.replace(/\\([\\*])/g, '$1')
