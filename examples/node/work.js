// Works on the jobs of push.js, of any of the languages, until Ctrl-C.
import faktory from 'faktory-worker'
import { digestFile, publishReport } from './jobs.js'
import { connect } from './server.js'

await (await connect()).close()

faktory.register('DigestFile', digestFile)
faktory.register('PublishReport', publishReport)

const worker = await faktory.work({ queues: ['example'], concurrency: 4, labels: ['example'] })
worker.on('fail', ({ job, error }) => console.log(`${job.jobtype} failed: ${error.message}`))
console.log('Working; stop with Ctrl-C')
