/** A schema as OpenAPI 3.1 writes it. */
interface Schema {
  readonly [name: string]: unknown
}

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const string = { type: 'string' } as const
const integer = { type: 'integer' } as const
const number = { type: 'number' } as const
const boolean = { type: 'boolean' } as const
const time = { type: 'string', format: 'date-time' } as const
const list = (items: Schema): Schema => ({ type: 'array', items })
const object = (properties: Record<string, Schema>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
})

const json = (schema: Schema): Schema => ({ 'application/json': { schema } })
const answer = (description: string, schema: Schema): Schema => ({
  description,
  content: json(schema),
})
const done = { '204': { description: 'Done.' } } as const
const problem = {
  description: 'What went wrong (RFC 9457).',
  content: { 'application/problem+json': { schema: ref('Problem') } },
} as const

const inPath = (name: string, description: string): Schema => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: string,
})
const inQuery = (name: string, description: string, schema: Schema = string): Schema => ({
  name,
  in: 'query',
  description,
  schema,
})

const operation = (
  operationId: string,
  summary: string,
  responses: Schema,
  more: Schema = {},
): Schema => ({ operationId, summary, responses: { ...responses, default: problem }, ...more })
const body = (schema: Schema): Schema => ({
  requestBody: { required: true, content: json(schema) },
})

const maybeNumber = { type: ['number', 'null'] } as const
const RANGE = inQuery('range', 'How far back.', {
  type: 'string',
  enum: ['1h', '6h', '24h', '7d', '30d', '90d'],
  default: '1h',
})
const BY = inQuery('by', 'Of one queue or jobtype; absent: of all.', {
  type: 'string',
  enum: ['queue', 'jobtype'],
})
const ERROR = {
  id: string,
  jobtype: string,
  queue: string,
  errtype: string,
  message: string,
  count: integer,
  retries: integer,
  dead: integer,
  first_at: time,
  last_at: time,
  q: string,
} as const

const JOB = object(
  {
    jid: string,
    jobtype: string,
    state: { type: 'string', enum: ['waiting', 'running', 'scheduled', 'retries', 'dead'] },
    queue: string,
    priority: { type: 'integer', minimum: 1, maximum: 9 },
    enqueued_at: time,
    reserved_until: time,
    due_at: time,
    died_at: time,
    worker: string,
    created_at: string,
    retry: integer,
    reserve_for: integer,
    args: { type: 'array' },
    custom: { type: 'object' },
    failure: ref('Failure'),
    size: integer,
    why: ref('Why'),
    others: list(ref('Job')),
    complete: boolean,
    runs: list(ref('Run')),
  },
  [
    'enqueued_at',
    'reserved_until',
    'due_at',
    'died_at',
    'worker',
    'created_at',
    'custom',
    'failure',
    'why',
    'others',
    'complete',
    'runs',
  ],
)

/** The description of the JSON API, as it is served. Tests hold it against the routes and answers. */
export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Jobmill',
    version: '1',
    description: 'Everything that the pages show and do. Basic or bearer authentication.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/api/v1' }],
  security: [{ basic: [] }, { bearer: [] }, {}],
  paths: {
    '/openapi.json': {
      get: operation('description', 'This description', {
        '200': answer('The description.', { type: 'object' }),
      }),
    },
    '/overview': {
      get: operation(
        'overview',
        'Figures, and what needs attention',
        { '200': answer('The overview.', ref('Overview')) },
        { parameters: [RANGE] },
      ),
    },
    '/series': {
      get: operation(
        'series',
        'What happened, step by step: null where nobody counted',
        { '200': answer('The series.', ref('Series')) },
        {
          parameters: [
            inQuery('metric', 'Rates of jobs done and failed, or percentiles of times.', {
              type: 'string',
              enum: ['throughput', 'wait', 'run'],
              default: 'throughput',
            }),
            BY,
            inQuery('name', 'The queue or jobtype.'),
            RANGE,
          ],
        },
      ),
    },
    '/totals': {
      get: operation(
        'totals',
        'What happened to each queue or jobtype, the most run time first',
        {
          '200': answer(
            'The table.',
            object({ by: string, range: string, items: list(ref('Total')) }),
          ),
        },
        { parameters: [BY, RANGE] },
      ),
    },
    '/errors': {
      get: operation(
        'listErrors',
        'Kinds of errors, the most failures first',
        {
          '200': answer(
            'The kinds. Where `is_counted` is false, `retries` and `dead` are at least so many.',
            object({
              range: string,
              failures: integer,
              is_counted: boolean,
              items: list(object(ERROR)),
            }),
          ),
        },
        { parameters: [RANGE] },
      ),
    },
    '/errors/{group}': {
      parameters: [inPath('group', 'The id of the kind.')],
      get: operation(
        'getError',
        'One kind of errors',
        {
          '200': answer(
            'The kind, some of its messages, and its latest backtrace.',
            object({
              ...ERROR,
              samples: list(object({ jid: string, message: string, at: time })),
              backtrace: list(string),
            }),
          ),
        },
        { parameters: [RANGE] },
      ),
    },
    '/marks': {
      post: operation(
        'addMark',
        'Mark a moment in the charts, such as a deploy',
        { '201': answer('The mark.', object({ label: string, at: time })) },
        body(object({ label: { type: 'string', minLength: 1, maxLength: 100 }, at: time }, ['at'])),
      ),
    },
    '/health': {
      get: operation('health', 'Whether the server is well', {
        '200': answer('Its state.', ref('Health')),
      }),
    },
    '/backups': {
      get: operation('listBackups', 'Backups of the data', {
        '200': answer(
          'The backups, the latest last.',
          object({
            items: list(object({ name: string, taken_at: time, bytes: integer })),
            running: boolean,
            last_error: {
              anyOf: [object({ at: time, message: string }), { type: 'null' }],
            },
          }),
        ),
      }),
      post: operation('makeBackup', 'Make one now', { '202': { description: 'It has begun.' } }),
    },
    '/queues': {
      get: operation('listQueues', 'All queues', {
        '200': answer('The queues.', object({ items: list(ref('Queue')) })),
      }),
    },
    '/queues/{name}': {
      parameters: [inPath('name', 'The queue.')],
      get: operation('getQueue', 'One queue', { '200': answer('The queue.', ref('Queue')) }),
      delete: operation('removeQueue', 'Forget an empty queue', done),
    },
    ...Object.fromEntries(
      (
        [
          ['pause', 'Nothing is fetched from it'],
          ['resume', 'Fetching goes on'],
          ['clear', 'Delete all that waits in it'],
        ] as const
      ).map(([verb, summary]) => [
        `/queues/{name}/${verb}`,
        {
          parameters: [inPath('name', 'The queue.')],
          post: operation(`${verb}Queue`, summary, done),
        },
      ]),
    ),
    '/jobs': {
      get: operation(
        'listJobs',
        'Jobs of one state, a page at a time',
        { '200': answer('A page.', ref('JobPage')) },
        {
          parameters: [
            inQuery('state', 'Which jobs; waiting needs a queue.', {
              type: 'string',
              enum: ['waiting', 'running', 'scheduled', 'retries', 'dead'],
              default: 'retries',
            }),
            inQuery('queue', 'The queue of waiting jobs.'),
            inQuery('q', 'A filter, as in the pages.'),
            inQuery('after', 'The cursor `next` of the page before.'),
            inQuery('before', 'The cursor `previous` of the page after.'),
            inQuery('limit', 'Jobs a page.', { type: 'integer', minimum: 1, maximum: 100 }),
            inQuery('sort', 'desc: against the order of the list.', {
              type: 'string',
              enum: ['asc', 'desc'],
            }),
          ],
        },
      ),
      post: operation(
        'pushJobs',
        'Push one job or many',
        {
          '201': answer(
            'How many were taken, and why others were not.',
            object({
              pushed: integer,
              refused: { type: 'object', additionalProperties: string },
            }),
          ),
        },
        body({ anyOf: [{ type: 'object' }, list({ type: 'object' })] }),
      ),
    },
    '/jobs/{jid}': {
      parameters: [inPath('jid', 'The job; of several with one jid the newest.')],
      get: operation('getJob', 'One job, and why it is where it is', {
        '200': answer('The job.', ref('Job')),
      }),
      patch: operation(
        'changeJob',
        'Another priority, queue or time',
        done,
        body(
          object(
            { priority: { type: 'integer', minimum: 1, maximum: 9 }, queue: string, at: time },
            ['priority', 'queue', 'at'],
          ),
        ),
      ),
      delete: operation('deleteJob', 'Delete a job that does not run', done),
    },
    '/jobs/{jid}/why': {
      parameters: [inPath('jid', 'The job.')],
      get: operation('why', 'Why is this job not running?', {
        '200': answer('The reason.', ref('Why')),
      }),
    },
    ...Object.fromEntries(
      (
        [
          ['retry', 'Put it into its queue now'],
          ['kill', 'Move it to the dead'],
          ['recover', 'End the reservation of a lost worker'],
        ] as const
      ).map(([verb, summary]) => [
        `/jobs/{jid}/${verb}`,
        {
          parameters: [inPath('jid', 'The job.')],
          post: operation(`${verb}Job`, summary, done),
        },
      ]),
    ),
    '/actions': {
      get: operation('listActions', 'Actions on many jobs, of late', {
        '200': answer('The actions.', object({ items: list(ref('Action')) })),
      }),
      post: operation(
        'startAction',
        'Retry, kill, delete or recover all jobs that a filter means',
        {
          '200': answer('With dry_run: how many it would be.', object({ total: integer })),
          '202': answer('It has begun.', ref('Action')),
        },
        body(
          object(
            {
              do: { type: 'string', enum: ['retry', 'kill', 'delete', 'recover'] },
              set: {
                type: 'string',
                enum: ['waiting', 'running', 'scheduled', 'retries', 'dead'],
              },
              queue: string,
              q: string,
              jids: list(string),
              dry_run: boolean,
            },
            ['queue', 'q', 'jids', 'dry_run'],
          ),
        ),
      ),
    },
    '/actions/{id}': {
      parameters: [inPath('id', 'The action.')],
      get: operation('getAction', 'How far it is', { '200': answer('It.', ref('Action')) }),
    },
    '/actions/{id}/stop': {
      parameters: [inPath('id', 'The action.')],
      post: operation('stopAction', 'Stop it; what was done stays done', done),
    },
    '/workers': {
      get: operation('listWorkers', 'Workers with a connection', {
        '200': answer('The workers.', object({ items: list(ref('Worker')) })),
      }),
    },
    '/workers/{wid}': {
      parameters: [inPath('wid', 'The worker.')],
      get: operation('getWorker', 'One worker', { '200': answer('The worker.', ref('Worker')) }),
    },
    ...Object.fromEntries(
      (
        [
          ['quiet', 'It gets no more jobs'],
          ['stop', 'It is asked to stop'],
        ] as const
      ).map(([verb, summary]) => [
        `/workers/{wid}/${verb}`,
        {
          parameters: [inPath('wid', 'The worker, or all.')],
          post: operation(`${verb}Worker`, summary, done),
        },
      ]),
    ),
    '/workers/{wid}/recover': {
      parameters: [inPath('wid', 'The worker.')],
      post: operation('recoverWorker', 'End the reservations of a lost worker', {
        '200': answer('How many jobs it held.', object({ recovered: integer })),
      }),
    },
  },
  components: {
    securitySchemes: {
      basic: { type: 'http', scheme: 'basic' },
      bearer: { type: 'http', scheme: 'bearer' },
    },
    schemas: {
      Problem: object({
        type: string,
        title: string,
        status: integer,
        detail: string,
        code: string,
      }),
      Overview: object({
        processed: integer,
        failures: integer,
        waiting: integer,
        running: integer,
        scheduled: integer,
        retries: integer,
        dead: integer,
        workers: integer,
        oldest_s: number,
        range: string,
        pushed_in_range: integer,
        done_in_range: integer,
        failed_in_range: integer,
        in_per_s: number,
        done_per_s: number,
        wait_p95_s: maybeNumber,
        wait_p99_s: maybeNumber,
        errors: list(
          object({ id: string, jobtype: string, errtype: string, message: string, count: integer }),
        ),
        needs: list({ type: 'object', properties: { code: string }, required: ['code'] }),
      }),
      Health: object({
        version: string,
        store: { type: 'object', properties: { state: string }, required: ['state'] },
        server: { type: 'object' },
      }),
      Queue: object({
        name: string,
        paused: boolean,
        waiting: integer,
        oldest_s: number,
        in_per_s: number,
        out_per_s: number,
        wait_p50_s: maybeNumber,
        wait_p95_s: maybeNumber,
        wait_p99_s: maybeNumber,
        workers: integer,
        last_fetch_at: { type: ['string', 'null'] },
        by_priority: { type: 'object', additionalProperties: integer },
      }),
      Series: object({
        metric: string,
        range: string,
        unit: { type: 'string', enum: ['per_s', 's'] },
        from: time,
        step_s: integer,
        series: list(object({ name: string, values: list(maybeNumber) })),
        marks: list(object({ label: string, at: time })),
      }),
      Total: object({
        name: string,
        pushed: integer,
        fetched: integer,
        done: integer,
        failed: integer,
        run_s_total: number,
        wait_p50_s: maybeNumber,
        wait_p95_s: maybeNumber,
        wait_p99_s: maybeNumber,
        run_p50_s: maybeNumber,
        run_p95_s: maybeNumber,
        run_p99_s: maybeNumber,
      }),
      JobPage: object({
        items: list(ref('Job')),
        next: { type: ['string', 'null'] },
        previous: { type: ['string', 'null'] },
        total: integer,
        searched: integer,
      }),
      Job: JOB,
      Run: object({
        result: { type: 'string', enum: ['success', 'retry', 'dead', 'discarded'] },
        worker: string,
        fetched_at: time,
        ended_at: time,
        ran_s: number,
      }),
      Failure: object(
        {
          failed_at: string,
          errtype: string,
          message: string,
          backtrace: list(string),
          tries: integer,
        },
        ['errtype', 'message', 'backtrace'],
      ),
      Why: object(
        {
          code: {
            type: 'string',
            enum: [
              'paused',
              'no_worker',
              'behind',
              'scheduled',
              'retrying',
              'running',
              'dead',
              'unknown',
              'done',
              'discarded',
            ],
          },
          text: string,
          ahead: integer,
          tries: integer,
          tries_left: integer,
          orphaned: boolean,
        },
        ['ahead', 'tries', 'tries_left', 'orphaned'],
      ),
      Action: object(
        {
          id: string,
          do: string,
          set: string,
          queue: string,
          q: string,
          by: string,
          started_at: time,
          state: { type: 'string', enum: ['running', 'done', 'stopped', 'failed'] },
          total: integer,
          done: integer,
          moved_on: integer,
          failure: string,
        },
        ['queue', 'failure'],
      ),
      Worker: object({
        wid: string,
        hostname: string,
        pid: integer,
        labels: list(string),
        address: string,
        state: { type: 'string', enum: ['running', 'quiet', 'terminate'] },
        busy: integer,
        connections: integer,
        started_at: time,
        beat_at: { type: ['string', 'null'] },
        rss_kb: integer,
      }),
    },
  },
} as const
