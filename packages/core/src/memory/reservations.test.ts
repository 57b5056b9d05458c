import { expect, test } from 'vitest'
import { State, type Job } from '../types.ts'
import { Reservations } from './reservations.ts'

const job = (seq: number, jid: string, wid: string, at: number): Job => ({
  seq,
  jid,
  wid,
  at,
  queue: 'default',
  priority: 5,
  state: State.Reserved,
  payload: '{}',
  extra: null,
})

test('two jobs of one jid are told apart by worker, else the newest is meant', () => {
  const set = new Reservations()
  const [first, second, third] = [job(1, 'a', 'w1', 1), job(2, 'a', 'w2', 2), job(3, 'a', 'w1', 3)]
  for (const each of [first, second, third]) set.add(each)
  expect(set.find('a', 'w2')).toBe(second)
  expect(set.find('a', 'w1')).toBe(third)
  expect(set.find('a', 'nobody')).toBe(third)
  set.remove(third)
  expect(set.find('a', 'w1')).toBe(first)
  set.remove(first)
  expect(set.find('a', 'w1')).toBe(second)
  set.remove(second)
  expect(set.find('a', 'w1')).toBeUndefined()
  expect(set.size).toBe(0)
  expect(set.firstAt()).toBeUndefined()
})

test('gives what has lapsed in order of time, to the millisecond', () => {
  const set = new Reservations()
  for (const [seq, at] of [
    [1, 2500],
    [2, 1999],
    [3, 2001],
    [4, 1999],
  ] as const) {
    set.add(job(seq, `j${seq}`, 'w', at))
  }
  expect(set.firstAt()).toBe(1999)
  expect(set.lapsed(1998, 10)).toEqual([])
  expect(set.lapsed(2001, 10).map((each) => each.seq)).toEqual([2, 4, 3])
  expect(set.lapsed(Infinity, 2).map((each) => each.seq)).toEqual([2, 4])
  expect(set.get(2500, 1)?.jid).toBe('j1')
  expect(set.get(2501, 1)).toBeUndefined()
})

test('counts what each worker holds', () => {
  const set = new Reservations()
  const held = job(1, 'a', 'w', 1)
  set.add(held)
  set.add(job(2, 'b', 'w', 1))
  expect(set.held('w')).toBe(2)
  set.remove(held)
  expect(set.held('w')).toBe(1)
  expect(set.held('other')).toBe(0)
})
