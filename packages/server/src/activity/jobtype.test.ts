import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobtypeOf } from './jobtype.ts'

test.each([
  ['{"jid":"a","jobtype":"Charge","args":[]}', 'Charge'],
  ['{ "jobtype" : "Charge" , "args":[]}', 'Charge'],
  ['{"args":[{"jobtype":"inner"}],"jobtype":"Outer"}', 'Outer'],
  ['{"custom":{"jobtype":"inner"},"jobtype":"Outer","args":[]}', 'Outer'],
  ['{"jid":"\\"jobtype\\":\\"No\\"","jobtype":"Yes","args":[]}', 'Yes'],
  ['{"queue":"jobtype","jobtype":"Yes","args":[]}', 'Yes'],
  ['{"jobtype":"tab\\there","args":[]}', 'tab\there'],
  ['{"\\u006aobtype":"Escaped","args":[]}', 'Escaped'],
  ['{"args":[]}', ''],
  ['{"jobtype":5}', ''],
  ['not json', ''],
])('of %s', (payload, jobtype) => expect(jobtypeOf(payload)).toBe(jobtype))

test('is what JSON.parse finds', () => {
  fc.assert(
    fc.property(fc.string(), fc.json(), fc.string(), (jobtype, args, jid) => {
      const payload = `{"jid":${JSON.stringify(jid)},"args":[${args}],"jobtype":${JSON.stringify(jobtype)}}`
      expect(jobtypeOf(payload)).toBe(jobtype)
      const early = `{"jobtype":${JSON.stringify(jobtype)},"args":[${args}]}`
      expect(jobtypeOf(early)).toBe(jobtype)
    }),
  )
})
